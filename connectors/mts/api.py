"""MTS VPBX: history of calls, people. Pure. Source: public clients.

A token in a header; pages by number with their count. People are known by their numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.api.adapter import (
    Account,
    AccountLimits,
    ApiConnector,
    ApiRequest,
    ApiResponse,
    FreshContext,
    PulledPage,
    PullStream,
    PullWindow,
    Reader,
    Verdict,
)
from connectors.api.answers import objects
from connectors.api.calls import pulled_leg
from connectors.api.credential import address_and_key
from connectors.api.exchange import ExchangeAdapter, UsersReader, calls_by_time, survey_of
from connectors.api.survey import VendorUser
from connectors.api.verdicts import by_status
from connectors.reading.identity import nameless
from connectors.reading.leg import LegFields
from connectors.reading.lengths import seconds
from connectors.reading.outcomes import ANSWERED, INBOUND, NO_ANSWER, OUTBOUND
from connectors.reading.rejects import Misread
from connectors.reading.times import Times
from schemas.records import Reason

KIND = "mts"
PAGE = 100
_HOST = "https://vpbx.mts.ru"
_KEY = re.compile(r"\S{16,}")
_HOLDS = "the token of the portal's API"
_WAYS = {"TERMINATING": INBOUND, "ORIGINATING": OUTBOUND}
_MISSED = frozenset({"MISSED", "NOT_ANSWERED", "BUSY", "CANCELLED"})
_MOMENTS = Times(UTC, "ymd")


def get(path: str, *query: tuple[str, str]) -> ApiRequest:
    return ApiRequest(f"/api/{path}", "portal", "GET", query)


class MtsAdapter(ExchangeAdapter):
    """No limit is known: one request a second."""

    kind = KIND
    limits = AccountLimits(per_s=1.0, burst=3.0)

    def account(self, secret: str) -> Account:
        address, key = address_and_key(secret, _HOST, _KEY, _HOLDS)
        return Account(address, {"X-AUTH-TOKEN": key})

    def users(self) -> UsersReader:
        return users_of()

    def calls(self) -> PullStream:
        return calls_by_time(_calls, step=timedelta(days=1))

    def classify(self, response: ApiResponse, now: datetime) -> Verdict:
        return by_status(response, "make a token in the portal, API")


def _calls(window: PullWindow, cursor: str, fresh: FreshContext) -> Reader:
    page, is_last = int(cursor or 0), False
    while not is_last:
        answer = yield get(
            "v1/callHistory/enterprise",
            ("dateFrom", str(int(window.since.timestamp() * 1000))),
            ("dateTo", str(int(window.end.timestamp() * 1000))),
            ("page", str(page)),
            ("size", str(PAGE)),
        )
        found = rows_of(answer, "content")
        page += 1
        is_last = not found or page >= int(answer.get("totalPages") or 0)
        context = fresh()
        yield PulledPage(tuple(pulled_leg(_leg, row, context, KIND, _ref(row)) for row in found), str(page), is_last)


def _ref(row: Mapping[str, Any]) -> str:
    return str(row.get("extTrackingId") or row.get("callTime") or "-")


def _leg(cells: Mapping[str, str]) -> LegFields:
    started_at = _MOMENTS.utc(cells.get("callTime", ""), "callTime")
    way, calling, called = (cells.get(name, "") for name in ("direction", "callingNumber", "calledNumber"))
    if way not in _WAYS:
        raise Misread(Reason.BAD_KIND, "direction", f"{way[:40]!r} is neither ORIGINATING nor TERMINATING")
    talk_s = seconds(cells.get("duration", ""), "duration")
    outcome = NO_ANSWER if cells.get("status", "") in _MISSED or not talk_s else ANSWERED
    ours, outside = (calling, called) if way == "ORIGINATING" else (called, calling)
    rest = nameless("\x1f".join((cells["callTime"], way, calling, called)))
    tracking = cells.get("extTrackingId", "").strip()
    return LegFields(
        record_id=f"{tracking}:{ours}" if tracking else rest,
        call_id=tracking or rest,
        started_at=started_at,
        ended_at=started_at + timedelta(seconds=talk_s),
        direction=_WAYS[way],
        disposition=outcome,
        answered_at=started_at if outcome is ANSWERED else None,
        billsec=talk_s if outcome is ANSWERED else 0,
        extension=ours.lstrip("+").strip(),
        outside=outside,
    )


def users_of() -> UsersReader:
    answer = yield get("abonents")
    rows = answer if isinstance(answer, list) else rows_of(answer, "content")
    return [_user(row) for row in rows]


def _user(row: Mapping[str, Any]) -> VendorUser:
    """Calls name the number, whatever the extension is."""
    user_id, phone, extension = (str(row.get(name) or "").strip() for name in ("userId", "phone", "extension"))
    name = " ".join(filter(None, (str(row.get(part) or "").strip() for part in ("lastName", "firstName"))))
    number = phone.lstrip("+")
    return VendorUser(user_id or number, name, extension, phone, names=(number,) if number else ())


def rows_of(answer: Any, name: str) -> list[dict[str, Any]]:
    found = answer.get(name) if isinstance(answer, dict) else None
    return objects(found, name, f"the answer has no list {name}")


API = ApiConnector(
    kind=KIND,
    title="MTS VPBX",
    secret=_HOLDS,
    variable="CALLFUNNEL_MTS",
    is_exchange=True,
    adapter=MtsAdapter,
    survey=survey_of(users_of),
    reads="calls, people with their numbers",
    ids="call `extTrackingId`, leg that and the own number",
    rights="a token of the portal's API",
    counterpart="a server made after public clients",
    seen="addresses, the header, `totalPages`, `callTime` in ms, directions, PLACED and MISSED",
    unconfirmed="whether calls of every status come without `status`; names of a person's fields; whether the portal's"
    " TLS is as old as clients say (it is not asked with weaker ciphers); whether `duration` holds ringing",
)
