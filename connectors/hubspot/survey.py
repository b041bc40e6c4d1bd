"""What an account of HubSpot has, for `callfunnel connect`; its owners and pipelines."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import datetime
from typing import Any

from connectors.api.adapter import ApiRequest
from connectors.api.survey import AccountSurvey, HistorySize, StageKind, Survey, VendorStage, VendorUser
from connectors.hubspot.crm import number, rows_of, user
from connectors.hubspot.deals import Pipelines

_CALLS = (
    "calls here are what people and integrations have noted: where the exchange itself is a source, its calls count,"
    " and a note of the same call does not"
)


def get(path: str, *query: tuple[str, str], optional: bool = False) -> ApiRequest:
    return ApiRequest(path, "crm", "GET", query, optional=optional)


def owners_of() -> Generator[ApiRequest, Any, list[dict[str, Any]]]:
    """Owners, also those that have left."""
    found: list[dict[str, Any]] = []
    for archived in ("false", "true"):
        answer, behind = None, ""
        while answer is None or behind:
            query = (("limit", "100"), ("archived", archived))
            answer = yield get("/crm/v3/owners", *query, *((("after", behind),) if behind else ()))
            found += rows_of(answer)
            behind = next_of(answer)
    return found


def next_of(answer: Any) -> str:
    """Where the next page begins; "" behind the last one."""
    paging = answer.get("paging") if isinstance(answer, dict) else None
    following = paging.get("next") if isinstance(paging, dict) else None
    return str(following.get("after") or "") if isinstance(following, dict) else ""


def pipelines_of() -> Generator[ApiRequest, Any, Pipelines]:
    """Stages with their pipelines, and owners by their users."""
    stages = yield from stages_of()
    owners = yield from owners_of()
    return Pipelines(
        {stage.key.partition("/")[2]: stage.key.partition("/")[0] for stage in stages},
        {stage.key.partition("/")[2]: stage.kind for stage in stages},
        {str(number(owner, "userId")): str(number(owner)) for owner in owners if number(owner, "userId")},
    )


def stages_of() -> Generator[ApiRequest, Any, list[VendorStage]]:
    """Of deals, in the order of the pipelines."""
    answer = yield get("/crm/v3/pipelines/deals")
    found = []
    for pipeline in sorted(rows_of(answer), key=_order):
        stages = pipeline.get("stages")
        for stage in sorted(stages if isinstance(stages, list) else [], key=_order):
            key = f"{pipeline.get('id')}/{stage.get('id')}"
            found.append(
                VendorStage(key, str(stage.get("label") or ""), str(pipeline.get("label") or ""), _kind(stage))
            )
    return found


def _order(row: Mapping[str, Any]) -> int:
    found = row.get("displayOrder")
    return found if isinstance(found, int) else 0


def _kind(stage: Mapping[str, Any]) -> StageKind:
    """Won is what is sure, lost what is closed otherwise."""
    metadata = stage.get("metadata")
    own = metadata if isinstance(metadata, Mapping) else {}
    probability = str(own.get("probability") or "")
    if probability in ("1.0", "1"):
        return StageKind.WON
    is_closed = str(own.get("isClosed") or "").casefold() == "true"
    return StageKind.LOST if is_closed or probability in ("0.0", "0") else StageKind.OPEN


def survey(begin: datetime) -> Survey:
    """Pipelines, owners, and how much there is of what is read."""
    stages = yield from stages_of()
    owners = yield from owners_of()
    sizes, missing = [], []
    for kind in ("companies", "contacts", "deals", "calls"):
        body = {"filterGroups": [], "limit": 1, "properties": []}
        answer = yield ApiRequest(f"/crm/v3/objects/{kind}/search", "search", body=body, optional=True)
        if answer is None:
            missing.append(f"{kind}: the private app lacks the scope to read them")
            continue
        total = answer.get("total") if isinstance(answer, dict) else 0
        rows = total if isinstance(total, int) else 0
        sizes.append(HistorySize(kind, rows, rows // 100 * (6 if kind == "deals" else 3) + 1))
    users: list[VendorUser] = [user(owner) for owner in owners if not owner.get("archived")]
    return AccountSurvey(
        stages=tuple(stages), users=tuple(users), sizes=tuple(sizes), missing=tuple(missing), warnings=(_CALLS,)
    )
