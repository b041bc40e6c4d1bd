"""3CX v20: segments of calls, users, out of its configuration API (XAPI). Pure.

A client of the API has an id and a secret, which give a token for an hour. The report of the call log wants all of its
parameters, in their order; rows come the newest first, `$orderby` is not to be trusted, and a report has no more than
20,000 rows: a window of so many is halved. Sources: public clients, which read the swagger of their exchanges.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
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
    VerdictKind,
)
from connectors.api.answers import objects
from connectors.api.calls import pulled_leg
from connectors.api.exchange import ExchangeAdapter, UsersReader, calls_by_time, survey_of
from connectors.api.survey import VendorUser
from connectors.api.tokens import Refreshing
from connectors.api.verdicts import by_status
from connectors.reading.leg import LegFields
from connectors.threecx.segments import leg_fields
from schemas.errors import Terminal

KIND = "3cx"
PAGE = 500
MOST_ROWS = 20_000
"""Of one report, unless the exchange's parameter REPORT_ROW_LIMIT says otherwise."""
_ADDRESS = re.compile(r"https?://[^/\s]+/?")
_SHORTEST = 16
_HOLDS = "the exchange's address, the id and the secret of an API client, with spaces between: https://HOST ID SECRET"
_USERS = "Id,Number,FirstName,LastName,Mobile,Enabled"
_FILTERS = (
    "sourceType=0,sourceFilter='',destinationType=0,destinationFilter='',callsType=0,callTimeFilterType=0,"
    "callTimeFilterFrom='0:00:00',callTimeFilterTo='0:00:00',hidePcalls=true"
)


def get(path: str, *query: tuple[str, str]) -> ApiRequest:
    return ApiRequest(f"/xapi/v1/{path}", "xapi", "GET", query)


def _parts(secret: str) -> tuple[str, str, str]:
    parts = secret.split()
    if len(parts) != 3 or not _ADDRESS.fullmatch(parts[0]) or len(parts[2]) < _SHORTEST:
        raise Terminal(f"it must hold {_HOLDS}")
    return parts[0].rstrip("/"), parts[1], parts[2]


class ThreeCxAdapter(ExchangeAdapter):
    """No limit is stated; it is a company's own exchange: asked gently."""

    kind = KIND
    limits = AccountLimits(per_s=2.0, burst=3.0)

    def account(self, secret: str) -> Account:
        return Account(_parts(secret)[0])

    def refreshing(self, secret: str) -> Refreshing:
        address, client_id, client_secret = _parts(secret)

        def request(_: str) -> ApiRequest:
            form = {"client_id": client_id, "client_secret": client_secret, "grant_type": "client_credentials"}
            return ApiRequest("/connect/token", "token", form=tuple(form.items()))

        def account(access: str) -> Account:
            return Account(address, {"Authorization": f"Bearer {access}"})

        return Refreshing(f"{client_id} {client_secret}", Account(address), request, account)

    def users(self) -> UsersReader:
        return users_of()

    def calls(self) -> PullStream:
        """Segments are written when a call has ended; what begins late in it lies outside of its window."""
        return calls_by_time(_calls, step=timedelta(days=1))

    def classify(self, response: ApiResponse, now: datetime) -> Verdict:
        if response.status == 401:
            detail = "the client's secret is wrong, or its token is over: make one under Integrations -> API"
            return Verdict(VerdictKind.EXPIRED, f"{detail} (status 401)")
        if response.status == 403:
            detail = "the API client may not read this: its role must be System Owner, and the licence Enterprise"
            return Verdict(VerdictKind.FORBIDDEN, f"{detail} (status 403)")
        return by_status(response, "make an API client under Integrations -> API")


def _calls(window: PullWindow, cursor: str, fresh: FreshContext) -> Reader:
    """Rows that come while pages are read shift older ones to later pages: seen twice, not missed."""
    people = frozenset(user.extension for user in (yield from users_of()))
    skip, is_last = int(cursor or 0), False
    while not is_last:
        answer = yield get(
            "ReportCallLogData/Pbx.GetCallLogData("
            f"periodFrom={_utc(window.since)},periodTo={_utc(window.end)},{_FILTERS})",
            ("$top", str(PAGE)),
            ("$skip", str(skip)),
        )
        found = rows_of(answer)
        skip += len(found)
        is_last = len(found) < PAGE
        if skip >= MOST_ROWS:
            yield PulledPage((), "", is_cut=True)
            return
        context = fresh()

        def parse(cells: Mapping[str, str]) -> LegFields:
            return leg_fields(cells, people)

        rows = tuple(pulled_leg(parse, row, context, KIND, _ref(row)) for row in found)
        yield PulledPage(rows, str(skip), is_last)


def _ref(row: Mapping[str, Any]) -> str:
    return str(row.get("CdrId") or row.get("SegmentId") or "-")


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def users_of() -> Generator[ApiRequest, Any, list[VendorUser]]:
    """Users with their numbers."""
    users: list[VendorUser] = []
    more = True
    while more:
        answer = yield get("Users", ("$select", _USERS), ("$top", "100"), ("$skip", str(len(users))))
        found = rows_of(answer)
        users += map(_user, found)
        more = len(found) == 100
    return users


def _user(row: Mapping[str, Any]) -> VendorUser:
    number, mobile = (str(row.get(name) or "").strip() for name in ("Number", "Mobile"))
    name = " ".join(filter(None, (str(row.get(part) or "").strip() for part in ("LastName", "FirstName"))))
    return VendorUser(number, name, number, mobile, row.get("Enabled") is not False)


def rows_of(answer: Any) -> list[dict[str, Any]]:
    """The rows of an answer of OData. Raises Misread when it has another shape."""
    found = answer.get("value") if isinstance(answer, dict) else None
    return objects(found, "value", "the answer has no list value")


API = ApiConnector(
    kind=KIND,
    title="3CX v20",
    secret=_HOLDS,
    variable="CALLFUNNEL_3CX",
    is_exchange=True,
    adapter=ThreeCxAdapter,
    survey=survey_of(users_of),
    reads="segments of calls, users with their numbers",
    ids="call `MainCallHistoryId`, leg `CdrId`",
    rights="an API client with the role System Owner; an Enterprise licence",
    counterpart="a server made after public clients",
    seen="addresses, client_credentials, the report's parameters and their order, its fields, UTC, the newest first,"
    " 20,000 rows of a report",
    unconfirmed="whether a transfer's second part names the caller as `SourceCallerId`; words of `Status` and `Reason`;"
    " whether `hidePcalls` leaves out segments; versions before v20 U6, which have CallHistoryView instead. Calls of"
    " its log (`cdr.log`) have other ids: use one of both as a source",
)
