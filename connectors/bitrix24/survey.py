"""What a portal of Bitrix24 has, for `callfunnel connect`."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from datetime import datetime
from typing import Any

from connectors.api.adapter import ApiRequest
from connectors.api.survey import AccountSurvey, HistorySize, StageKind, Survey, VendorStage, VendorUser
from connectors.bitrix24.crm import Fields, number, rows_of

PAGE = 50
_DEAL = 2
_KINDS = {"S": StageKind.WON, "F": StageKind.LOST}
_NEEDED = {
    "crm": "companies, contacts, stages and proposals",
    "user": "managers and their inner numbers",
    "telephony": "calls",
}
_NOT_ADMIN = "the webhook's user is not an administrator: deals and calls that they may not see are missing"
_LISTS = {"companies": ("crm.company.list", 2), "contacts": ("crm.contact.list", 3), "quotes": ("crm.quote.list", 2)}
"""Stream -> its method, and how many requests one page of it costs."""
_STAGES_COST = 8


def ask(method: str, **body: object) -> ApiRequest:
    return ApiRequest(f"/{method}.json", method, body=body, optional=True)


def survey(begin: datetime) -> Survey:
    """A right that lacks costs its part, and is told; a wrong credential ends it (Terminal)."""
    answer = yield ask("scope")._replace(optional=False)
    scopes = {str(one) for one in answer.get("result", ())}
    profile = yield ask("profile")
    missing = tuple(
        f"{scope}: without it there are no {what}" for scope, what in _NEEDED.items() if scope not in scopes
    )
    is_admin = profile is not None and profile.get("result", {}).get("ADMIN") is True
    warnings = (
        ()
        if is_admin
        else ("the webhook's user is not an administrator: deals and calls that are hidden from them are missing",)
    )
    stages = yield from _stages()
    users = yield from _users()
    sizes = yield from _sizes(begin)
    quotes = next((size.rows for size in sizes if size.stream == "quotes"), 0)
    return AccountSurvey(stages=stages, users=users, sizes=sizes, missing=missing, warnings=warnings, quotes=quotes)


def _stages() -> Generator[ApiRequest, Any, tuple[VendorStage, ...]]:
    answer = yield ask("crm.category.list", entityTypeId=_DEAL)
    if answer is None:
        return ()
    found: list[VendorStage] = []
    for category in sorted(rows_of(answer, "categories"), key=lambda one: (not _is_first(one), number(one, "sort"))):
        pipeline = number(category, "id")
        entity = f"DEAL_STAGE_{pipeline}" if pipeline else "DEAL_STAGE"
        answer = yield ask("crm.status.list", order={"SORT": "ASC"}, filter={"ENTITY_ID": entity})
        rows = [] if answer is None else rows_of(answer)
        for row in sorted(rows, key=lambda one: number(one, "SORT")):
            stage = str(row.get("STATUS_ID") or "")
            deals = yield from _total("crm.deal.list", {"CATEGORY_ID": pipeline, "STAGE_ID": stage})
            title, name = str(row.get("NAME") or stage), str(category.get("name") or "")
            found.append(VendorStage(f"{pipeline}/{stage}", title, name, _kind(row), deals))
    return tuple(found)


def _is_first(category: Fields) -> bool:
    return category.get("isDefault") == "Y"


def _kind(row: Fields) -> StageKind:
    """By `SEMANTICS` (S, F), in older answers by `EXTRA.SEMANTICS` (success, failure, apology)."""
    if kind := _KINDS.get(str(row.get("SEMANTICS") or "")):
        return kind
    extra = row.get("EXTRA")
    word = extra.get("SEMANTICS") if isinstance(extra, Mapping) else ""
    return StageKind.WON if word == "success" else StageKind.LOST if word in ("failure", "apology") else StageKind.OPEN


def _users() -> Generator[ApiRequest, Any, tuple[VendorUser, ...]]:
    found: list[VendorUser] = []
    start: object = 0
    while isinstance(start, int):
        answer = yield ask("user.get", sort="ID", order="ASC", start=start)
        if answer is None:
            break
        for row in rows_of(answer):
            name = " ".join(filter(None, (str(row.get(part) or "").strip() for part in ("NAME", "LAST_NAME"))))
            found.append(
                VendorUser(
                    str(number(row)),
                    name,
                    str(row.get("UF_PHONE_INNER") or "").strip(),
                    str(row.get("PERSONAL_MOBILE") or "").strip(),
                    row.get("ACTIVE") not in (False, "N"),
                )
            )
        start = answer.get("next")
    return tuple(found)


def _sizes(begin: datetime) -> Generator[ApiRequest, Any, tuple[HistorySize, ...]]:
    """Rows of each stream: calls since the beginning of history, the rest whole."""
    answer = yield ask(
        "voximplant.statistic.get", FILTER={">=CALL_START_DATE": begin.isoformat(timespec="seconds")}, start=0
    )
    found = _size("calls", answer, 1)
    answer = yield ask("crm.stagehistory.list", entityTypeId=_DEAL, order={"ID": "ASC"}, start=0)
    found += _size("stages", answer, _STAGES_COST)
    for stream, (method, cost) in _LISTS.items():
        rows = yield from _total(method, {})
        found.append(HistorySize(stream, rows, -(-rows // PAGE) * cost))
    return tuple(found)


def _size(stream: str, answer: Any, cost: int) -> list[HistorySize]:
    rows = 0 if answer is None else int(answer.get("total") or 0)
    return [HistorySize(stream, rows, -(-rows // PAGE) * cost)]


def _total(method: str, filters: Mapping[str, object]) -> Generator[ApiRequest, Any, int]:
    answer = yield ask(method, filter=dict(filters), select=["ID"], start=0)
    return 0 if answer is None else int(answer.get("total") or 0)
