"""The "crmapi/v1" family (MegaFon VATS, Dom.ru, other brands of MegaPBX): history of calls, users. Pure.

`X-API-KEY` in a header. An empty window is `null`. Sources: public clients; the webhook and the file have the same
fields, and the same ids.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from connectors.api.adapter import (
    Account,
    AccountLimits,
    ApiConnector,
    ApiRequest,
    ApiResponse,
    FreshContext,
    PulledPage,
    PulledRow,
    PullStream,
    PullWindow,
    Reader,
    Verdict,
)
from connectors.api.answers import objects
from connectors.api.calls import pulled_call
from connectors.api.credential import address_and_key
from connectors.api.exchange import ExchangeAdapter, UsersReader, calls_by_time, survey_of
from connectors.api.survey import VendorUser
from connectors.api.verdicts import by_status
from connectors.megafon.history import MegafonHistory
from connectors.reading.rejects import Misread
from schemas.records import Reason

KIND = "megafon"
_TABLE = MegafonHistory()
_KEY = re.compile(r"\S{8,}")
_HOLDS = "the exchange's address and the API's key, with a space between: https://NAME.megapbx.ru KEY"
_AHEAD = timedelta(minutes=10)


def get(path: str, *query: tuple[str, str]) -> ApiRequest:
    return ApiRequest(f"/crmapi/v1/{path}", "crmapi", "GET", query)


class MegafonAdapter(ExchangeAdapter):
    """No limit is known: one request a second."""

    kind = KIND
    limits = AccountLimits(per_s=1.0, burst=3.0)

    def account(self, secret: str) -> Account:
        address, key = address_and_key(secret, "", _KEY, _HOLDS)
        return Account(address.removesuffix("/crmapi/v1"), {"X-API-KEY": key})

    def users(self) -> UsersReader:
        return users_of()

    def calls(self) -> PullStream:
        """A module of an exchange's vendor found calls a day late: a day is read again every six hours."""
        return calls_by_time(_calls)

    def classify(self, response: ApiResponse, now: datetime) -> Verdict:
        return by_status(response, "make one in the cabinet, CRM integration")


def _calls(window: PullWindow, cursor: str, fresh: FreshContext) -> Reader:
    """A window is one answer: no paging is known, and none was seen to cut it."""
    answer = yield get("history/json", ("start", _utc(window.since)), ("end", _utc(window.end)), ("type", "all"))
    found = [] if answer is None else objects(answer, "history", "the answer is not a list of calls")
    context = fresh()
    rows = tuple(pulled_call(_TABLE, row, context, KIND, str(row.get("uid") or "-")) for row in found)
    yield PulledPage(rows, "", is_last=True, notes=_ahead(rows, window))


def _ahead(rows: tuple[PulledRow, ...], window: PullWindow) -> tuple[str, ...]:
    """Some installations write their own time with a Z, which says UTC: such calls are of the future."""
    latest = max((row.at for row in rows if row.at is not None), default=None)
    if latest is None or window.now is None or latest <= window.now + _AHEAD:
        return ()
    ahead = (latest - window.now).total_seconds() / 3600
    return (f"calls: one begins {ahead:.1f} h from now: the exchange writes its own time as if it were UTC",)


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def users_of() -> UsersReader:
    """Users by login, which calls name, with their extensions."""
    users: dict[str, VendorUser] = {}
    start: object = 0
    while isinstance(start, int):
        answer = yield get("users", ("start", str(start)), ("limit", "100"))
        found = answer.get("items") if isinstance(answer, dict) else None
        if not isinstance(found, list):
            raise Misread(Reason.MISSING_FIELD, "items", "the answer of users has no items")
        before = len(users)
        for row in found:
            login = str(row.get("login") or "").partition("@")[0].strip()
            if login:
                name, extension = (str(row.get(field) or "").strip() for field in ("name", "ext"))
                users[login] = VendorUser(login, name, extension, names=(login,))
        info = answer.get("info")
        start = info.get("next") if isinstance(info, Mapping) and len(users) > before else None
    return list(users.values())


API = ApiConnector(
    kind=KIND,
    title="MegaFon VATS, Dom.ru and other MegaPBX",
    secret=_HOLDS,
    variable="CALLFUNNEL_MEGAFON",
    is_exchange=True,
    adapter=MegafonAdapter,
    survey=survey_of(users_of),
    reads="calls, users with logins and extensions",
    ids="call and leg `uid`, the webhook's `callid`",
    rights="the key of the CRM integration",
    counterpart="a server made after public clients",
    seen="addresses, `X-API-KEY`, `start` and `end`, fields of a call and a user, `null` for nothing, `start` of pages",
    unconfirmed="whether a long window is cut without saying so; whether `start` with Z is UTC everywhere (a call from"
    " now on is told); answers to a wrong key",
)
