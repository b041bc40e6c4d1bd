"""Beeline Cloud PBX: statistics of calls, people. Pure. Source: public clients.

A token in a header; pages by number, the newest first, within a closed window. A row is one person's part in a call.
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

KIND = "beeline"
PAGE = 100
_HOST = "https://cloudpbx.beeline.ru"
_KEY = re.compile(r"\S{16,}")
_HOLDS = "the token of the portal's API"
_WAYS = {"INBOUND": INBOUND, "OUTBOUND": OUTBOUND}
_STATUSES = {"PLACED": ANSWERED, "RECIEVED": ANSWERED, "RECEIVED": ANSWERED, "MISSED": NO_ANSWER}
_MOMENTS = Times(UTC, "ymd")


def get(path: str, *query: tuple[str, str]) -> ApiRequest:
    return ApiRequest(f"/apis/portal/{path}", "portal", "GET", query)


class BeelineAdapter(ExchangeAdapter):
    """No limit is known: one request a second."""

    kind = KIND
    limits = AccountLimits(per_s=1.0, burst=3.0)

    def account(self, secret: str) -> Account:
        address, key = address_and_key(secret, _HOST, _KEY, _HOLDS)
        return Account(address, {"X-MPBX-API-AUTH-TOKEN": key})

    def users(self) -> UsersReader:
        return users_of()

    def calls(self) -> PullStream:
        return calls_by_time(_calls, step=timedelta(days=1))

    def classify(self, response: ApiResponse, now: datetime) -> Verdict:
        return by_status(response, "make a token in the portal, API")


def _calls(window: PullWindow, cursor: str, fresh: FreshContext) -> Reader:
    """Calls that come while pages are read shift older ones to later pages: seen twice, not missed."""
    page, is_last = int(cursor or 0), False
    while not is_last:
        answer = yield get(
            "v2/statistics",
            ("dateFrom", _utc(window.since)),
            ("dateTo", _utc(window.end)),
            ("page", str(page)),
            ("pageSize", str(PAGE)),
        )
        found = [] if answer is None else rows_of(answer)
        is_last = len(found) < PAGE
        context = fresh()
        page += 1
        yield PulledPage(tuple(pulled_leg(_leg, row, context, KIND, _ref(row)) for row in found), str(page), is_last)


def _ref(row: Mapping[str, Any]) -> str:
    return str(row.get("startDate") or "-")


def _leg(cells: Mapping[str, str]) -> LegFields:
    """There is no id: what a correction leaves as it is names the row."""
    started_at = _MOMENTS.utc(cells.get("startDate", ""), "startDate")
    way, status = cells.get("direction", ""), cells.get("status", "")
    if way not in _WAYS:
        raise Misread(Reason.BAD_KIND, "direction", f"{way[:40]!r} is neither INBOUND nor OUTBOUND")
    if status not in _STATUSES:
        raise Misread(Reason.BAD_STATUS, "status", f"{status[:40]!r} is not a status of Beeline")
    talk_s = seconds(cells.get("duration", ""), "duration", "ms")
    outcome = _STATUSES[status] if talk_s else NO_ANSWER
    outside = cells.get("phone_from" if way == "INBOUND" else "phone_to", "")
    user = cells.get("abonent.userId", "")
    name = nameless("\x1f".join((cells["startDate"], user, way, outside)))
    return LegFields(
        record_id=name,
        call_id=name,
        started_at=started_at,
        ended_at=started_at + timedelta(seconds=talk_s),
        direction=_WAYS[way],
        disposition=outcome,
        answered_at=started_at if outcome is ANSWERED else None,
        billsec=talk_s if outcome is ANSWERED else 0,
        extension=cells.get("abonent.extension", "").strip() or user.partition("@")[0],
        outside=outside,
    )


def users_of() -> UsersReader:
    answer = yield get("abonents")
    return [_user(row) for row in rows_of(answer)]


def _user(row: Mapping[str, Any]) -> VendorUser:
    user_id = str(row.get("userId") or "")
    name = " ".join(filter(None, (str(row.get(part) or "").strip() for part in ("lastName", "firstName"))))
    extension, phone = (str(row.get(field) or "").strip() for field in ("extension", "phone"))
    return VendorUser(user_id, name, extension, phone, names=(user_id.partition("@")[0],))


def rows_of(answer: Any) -> list[dict[str, Any]]:
    return objects(answer, "answer", "the answer is not a list of objects")


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


API = ApiConnector(
    kind=KIND,
    title="Beeline Cloud PBX",
    secret=_HOLDS,
    variable="CALLFUNNEL_BEELINE",
    is_exchange=True,
    adapter=BeelineAdapter,
    survey=survey_of(users_of),
    reads="calls (each person's part), people with extensions",
    ids="none there: when it began, who, direction and the number outside",
    rights="a token of the portal's API",
    counterpart="a server made after public clients",
    seen="addresses, the header, pages from 0 the newest first, `startDate` and `duration` in ms, statuses",
    unconfirmed="whether `duration` holds ringing (it is read as talk); how a call is told that several phones"
    " ring for; answers to a wrong token",
)
