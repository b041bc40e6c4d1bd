"""MikoPBX: call detail records by id, employees, the box's zone, from its API of version 3. Pure.

A Bearer key. Rows come in order of ids, so the stream goes on from the last one. Source: the exchange's own code.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

import msgspec

from connectors.api.adapter import (
    Account,
    AccountLimits,
    ApiConnector,
    ApiRequest,
    ApiResponse,
    FreshContext,
    Order,
    PulledPage,
    PulledRow,
    PullStream,
    PullWindow,
    Reader,
    Verdict,
    VerdictKind,
)
from connectors.api.answers import decoded_like, objects
from connectors.api.calls import pulled_leg
from connectors.api.credential import address_and_key
from connectors.api.exchange import ExchangeAdapter, UsersReader
from connectors.api.survey import AccountSurvey, HistorySize, Survey, VendorUser
from connectors.api.walls import named_zone, wall_start, zone_note
from connectors.mikopbx.calls import leg_fields
from connectors.reading.leg import LegFields
from connectors.reading.rejects import Misread
from connectors.reading.source import Context
from connectors.reading.times import Times
from schemas.records import Reason

KIND = "mikopbx"
PAGE = 1_000
_KEY = re.compile(r"\S{16,}")
_HOLDS = "the exchange's address and an API key, with a space between: https://HOST KEY"


def get(path: str, *query: tuple[str, str], optional: bool = False) -> ApiRequest:
    return ApiRequest(f"/pbxcore/api/v3/{path}", "v3", "GET", query, optional=optional)


class MikopbxAdapter(ExchangeAdapter):
    """A small box in the office: asked gently."""

    kind = KIND
    limits = AccountLimits(per_s=1.0, burst=3.0)

    def account(self, secret: str) -> Account:
        address, key = address_and_key(secret, "", _KEY, _HOLDS)
        return Account(address, {"Authorization": f"Bearer {key}"})

    def users(self) -> UsersReader:
        return users_of()

    def calls(self) -> PullStream:
        """Rows are written when a call has ended, and stay. An hour that clocks repeat is asked for whole."""
        hour = timedelta(hours=1)
        return PullStream("calls", Order.BY_ID, _calls, overlap=hour, slack=3 * hour, is_mapped=False)

    def classify(self, response: ApiResponse, now: datetime) -> Verdict:
        return classify(response)


def _calls(window: PullWindow, cursor: str, fresh: FreshContext) -> Reader:
    zone = yield from zone_of(fresh())
    last, is_last = int(cursor or 0), False
    while not is_last:
        answer = yield page_of(last, wall_start(window.since, zone), PAGE)
        found = rows_of(answer, "records")
        is_last = len(found) < PAGE
        context = fresh()
        moments = Times(zone, "ymd")
        rows = tuple(_call(row, moments, context) for row in found)
        last = max((row.key for row in rows), default=last)
        yield PulledPage(rows, str(last), is_last, notes=zone_note("calls", zone, context))


def page_of(after: int, date_from: str, limit: int) -> ApiRequest:
    query = {"grouped": "false", "sort": "id", "order": "ASC", "idFrom": str(after), "dateFrom": date_from}
    return get("cdr", *query.items(), ("limit", str(limit)))


def _call(row: Mapping[str, Any], moments: Times, context: Context) -> PulledRow:
    def parse(cells: Mapping[str, str]) -> LegFields:
        return leg_fields(cells, moments, context)

    text = str(row.get("id") or "")
    key = int(text) if text.isascii() and text.isdecimal() else 0
    try:  # of a row that is rejected, too: else the stream could not go on behind it
        at = moments.utc(str(row.get("start") or ""), "start")
    except Misread:
        at = None
    return pulled_leg(parse, row, context, KIND, text or "-")._replace(key=key, at=at, name="")


def zone_of(context: Context) -> Generator[ApiRequest, Any, tzinfo]:
    """The box's zone, where the key may read its settings; else the source's."""
    answer = yield get("time-settings", optional=True)
    data = answer.get("data") if isinstance(answer, dict) else None
    name = str(data.get("PBXTimezone") or "") if isinstance(data, Mapping) else ""
    if not name:
        if context.zone is None:
            raise Misread(Reason.BAD_TIME, "time-settings", "the key may not read the box's zone, and none is set")
        return context.zone
    return named_zone(name, "PBXTimezone")


def users_of() -> UsersReader:
    """Employees with their extensions and mobiles."""
    users: list[VendorUser] = []
    more = True
    while more:
        answer = yield get("employees", ("limit", str(PAGE)), ("offset", str(len(users))))
        found = rows_of(answer, "data")
        users += map(_user, found)
        more = len(found) == PAGE
    return users


def _user(row: Mapping[str, Any]) -> VendorUser:
    user_id, number, name, mobile = (
        str(row.get(field) or "").strip() for field in ("id", "number", "user_username", "mobile")
    )
    return VendorUser(user_id, name, number, mobile, row.get("disabled") not in (True, "1"))


def rows_of(answer: Any, name: str) -> list[dict[str, Any]]:
    """The rows under data of an answer. Raises Misread when it has another shape."""
    data = answer.get("data") if isinstance(answer, dict) else None
    found = data.get(name) if isinstance(data, dict) else None
    return objects(found, f"data.{name}", f"the answer has no list data.{name}")


def survey(begin: datetime) -> Survey:
    """Employees, and how many rows there are since the beginning."""
    users = yield from users_of()
    answer = yield page_of(0, begin.strftime("%Y-%m-%d %H:%M:%S"), 1)
    rows_of(answer, "records")
    pagination = answer["data"].get("pagination")
    total = pagination.get("total") if isinstance(pagination, dict) else 0
    rows = total if isinstance(total, int) else 0
    return AccountSurvey(users=tuple(users), sizes=(HistorySize("calls", rows, rows // PAGE + 1),))


class _MikopbxAnswer(msgspec.Struct):
    messages: dict[str, Any] | list[Any] | None = None


def classify(response: ApiResponse) -> Verdict:
    """By the status; `messages.error` says why."""
    status = response.status
    if status == 200:
        return Verdict(VerdictKind.OK)
    answer = decoded_like(_MikopbxAnswer(), response.body)
    errors = answer.messages.get("error") if isinstance(answer.messages, dict) else None
    message = f"status {status} {errors[0] if isinstance(errors, list) and errors else ''}".strip()[:200]
    if status == 401:
        return Verdict(VerdictKind.AUTH, f"the API key is not taken: make one in the exchange's settings ({message})")
    if status == 403:
        return Verdict(VerdictKind.FORBIDDEN, f"the API key may not read this ({message})")
    if status == 429:
        return Verdict(VerdictKind.SLOW_DOWN, message, 30.0)
    return Verdict(VerdictKind.RETRY if status >= 500 else VerdictKind.FATAL, message)


API = ApiConnector(
    kind=KIND,
    title="MikoPBX",
    secret=_HOLDS,
    variable="CALLFUNNEL_MIKOPBX",
    is_exchange=True,
    adapter=MikopbxAdapter,
    survey=survey,
    reads="calls (each row), employees with extensions and mobiles, the box's zone",
    ids="call `linkedid`, leg `UNIQUEID`",
    rights="an API key that may read cdr, employees and time-settings; a certificate that this machine trusts",
    counterpart="a server made from the exchange's own code",
    documented="addresses, parameters, fields, pages by id",
    unconfirmed="which rows have `is_app` (they are taken for machines); versions before API 3",
)
