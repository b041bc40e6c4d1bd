"""What an account of Kommo or amoCRM has, for `callfunnel connect`."""

from __future__ import annotations

from datetime import datetime

from connectors.api.adapter import ApiRequest
from connectors.api.survey import AccountSurvey, StageKind, Survey, VendorStage, VendorUser
from connectors.kommo.crm import number, rows_of
from connectors.kommo.moves import KINDS

_CALLS = (
    "calls here are what an exchange's integration has noted, without missed ones of some: where the exchange itself is"
    " a source, its calls count, and a note of the same call does not"
)


_NO_USERS = "users: without an administrator's token there are no managers"


def get(path: str, *query: tuple[str, str], optional: bool = True) -> ApiRequest:
    return ApiRequest(f"/api/v4/{path}", "v4", "GET", query, optional=optional)


def survey(begin: datetime) -> Survey:
    """Lists have no counts here: how many leads stand in a stage, and how long history takes, is not known."""
    answer = yield get("account", optional=False)
    name = str((answer or {}).get("name") or "")
    answer = yield get("leads/pipelines", optional=False)
    stages = tuple(
        VendorStage(
            f"{number(pipeline)}/{number(status)}",
            str(status.get("name") or ""),
            str(pipeline.get("name") or ""),
            KINDS.get(number(status), StageKind.OPEN),
        )
        for pipeline in sorted(rows_of(answer, "pipelines"), key=lambda one: number(one, "sort"))
        for status in sorted(rows_of(pipeline, "statuses"), key=lambda one: number(one, "sort"))
    )
    answer = yield get("users", ("limit", "250"))
    missing = (
        () if answer is not None else ("users: the token's user must be an administrator, or there are no managers",)
    )
    users = tuple(
        VendorUser(str(number(user)), str(user.get("name") or ""), is_active=_is_active(user))
        for user in rows_of(answer, "users")
    )
    warnings = (_CALLS, *(() if name else ("the account does not say its name",)))
    return AccountSurvey(stages=stages, users=users, missing=missing, warnings=warnings)


def _is_active(user: dict[str, object]) -> bool:
    rights = user.get("rights")
    return not isinstance(rights, dict) or rights.get("is_active") is not False
