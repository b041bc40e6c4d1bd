"""UIS, CoMagic, Novofon, CallGear: calls, employees and the account's zone, from the Data API of version 2.0. Pure.

JSON-RPC 2.0 by POST to one address; an error comes with status 200 and is told by its mnemonic. Times have no offset:
they are of the account's zone, which is asked for. Source: the vendors' documentation of the Data API.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

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
from connectors.api.answers import decoded_like, objects
from connectors.api.calls import pulled_call
from connectors.api.credential import address_and_key
from connectors.api.exchange import ExchangeAdapter, UsersReader, calls_by_time
from connectors.api.survey import AccountSurvey, Survey, VendorUser
from connectors.api.walls import named_zone, wall_end, wall_start, zone_note
from connectors.uis.calls import UisCalls

KIND = "uis"
PAGE = 10_000
"""Rows of one answer; the offset of a list ends at ten times that, so a longer window is halved instead."""
_FIELDS = (
    *("id", "start_time", "finish_time", "direction", "is_lost", "talk_duration", "total_duration"),
    *("contact_phone_number", "virtual_phone_number", "last_answered_employee_id", "employees", "call_records"),
)
_EMPLOYEE = ("id", "full_name", "phone_numbers", "extension", "groups")
_TABLE = UisCalls()
_HOLDS = "the address of the Data API and a key, with a space between: https://dataapi.uiscom.ru/v2.0 KEY"
_TOKEN = re.compile(r"\S{8,}")


def ask(method: str, **params: object) -> ApiRequest:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    # One group: the points of a minute are those of all methods together.
    return ApiRequest("", "data", body=body)


class UisAdapter(ExchangeAdapter):
    """A method costs points of a minute and of a day; each answer says how many are left."""

    kind = KIND
    limits = AccountLimits(per_s=1.0, burst=5.0)

    def account(self, secret: str) -> Account:
        address, key = address_and_key(secret, "", _TOKEN, _HOLDS)

        def signed(request: ApiRequest) -> ApiRequest:
            assert isinstance(request.body, dict)
            params = {"access_token": key, **request.body["params"]}
            return request._replace(body={**request.body, "params": params})

        return Account(address, signed=signed)

    def users(self) -> UsersReader:
        return users_of()

    def calls(self) -> PullStream:
        """Tags, ratings and recordings come later, for days."""
        return calls_by_time(_calls, settle=timedelta(days=3), slack=timedelta(hours=3))

    def classify(self, response: ApiResponse, now: datetime) -> Verdict:
        return classify(response, now)


def _calls(window: PullWindow, cursor: str, fresh: FreshContext) -> Reader:
    zone = yield from zone_of()
    answer = yield calls_between(window, zone, PAGE)
    found, total = rows_of(answer), _total(answer)
    if total > len(found) or len(found) >= PAGE:
        yield PulledPage((), "", is_cut=True)
        return
    context = fresh()
    local = msgspec.structs.replace(context, zone=zone)
    yield PulledPage(
        tuple(pulled_call(_TABLE, row, local, KIND, str(row.get("id") or "-")) for row in found),
        "",
        is_last=True,
        notes=zone_note("calls", zone, context),
    )


def calls_between(window: PullWindow, zone: ZoneInfo, limit: int) -> ApiRequest:
    return ask(
        "get.calls_report",
        date_from=wall_start(window.since, zone),
        date_till=wall_end(window.end, zone),
        fields=list(_FIELDS),
        sort=[{"field": "start_time", "order": "asc"}],
        limit=limit,
        offset=0,
    )


def zone_of() -> Generator[ApiRequest, Any, ZoneInfo]:
    """The account's zone."""
    answer = yield ask("get.account")
    name = next((str(row.get("timezone") or "") for row in rows_of(answer)), "")
    return named_zone(name, "timezone")


def users_of() -> UsersReader:
    """Employees: calls name their id."""
    users: list[VendorUser] = []
    more = True
    while more:
        answer = yield ask("get.employees", fields=list(_EMPLOYEE), limit=1_000, offset=len(users))
        found = rows_of(answer)
        users += map(_user, found)
        more = bool(found) and len(users) < _total(answer)
    return users


def _user(row: Mapping[str, Any]) -> VendorUser:
    extension, user_id = row.get("extension"), str(row.get("id") or "")
    inner = str(extension.get("extension_phone_number") or "") if isinstance(extension, Mapping) else ""
    phone = next((str(one.get("phone_number") or "") for one in _list(row, "phone_numbers") if _is_active(one)), "")
    team = next((str(one.get("group_name") or "") for one in _list(row, "groups")), "")
    return VendorUser(
        user_id,
        str(row.get("full_name") or "").strip(),
        inner,
        phone if phone.isdecimal() else "",  # "74955140578...2345" is an office's
        names=(user_id,),
        team=team,
    )


def _list(row: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    found = row.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _is_active(phone: Mapping[str, Any]) -> bool:
    return str(phone.get("status", "active")) == "active"


def rows_of(answer: Any) -> list[dict[str, Any]]:
    """The rows of an answer. Raises Misread when it has another shape."""
    result = answer.get("result") if isinstance(answer, dict) else None
    found = result.get("data") if isinstance(result, dict) else None
    return objects(found, "result.data", "the answer has no list result.data")


def _total(answer: Any) -> int:
    result = answer["result"]
    metadata = result.get("metadata") or result.get("meta_data") or {}
    total = metadata.get("total_items") if isinstance(metadata, dict) else None
    return total if isinstance(total, int) else 0


def survey(begin: datetime) -> Survey:
    """Employees, the zone, and how many calls there were in the last three months."""
    zone = yield from zone_of()
    users = yield from users_of()
    answer = yield calls_between(PullWindow(begin, begin + timedelta(days=90)), zone, 1)
    note = f"{_total(answer):,} calls in the first three months of history; the account's times are of {zone.key}"
    return AccountSurvey(users=tuple(users), warnings=(note,), time_zone=zone.key)


class _Limits(msgspec.Struct):
    minute_remaining: int | None = None
    minute_reset: float | None = None
    day_remaining: int | None = None
    day_reset: float | None = None


class _Metadata(msgspec.Struct):
    limits: _Limits | None = None


class _Result(msgspec.Struct):
    metadata: _Metadata | None = None


class _ErrorData(msgspec.Struct):
    mnemonic: str = ""
    params: dict[str, Any] | None = None
    metadata: _Metadata | None = None


class _Error(msgspec.Struct):
    code: int = 0
    message: str = ""
    data: _ErrorData | None = None


class _UisAnswer(msgspec.Struct):
    result: _Result | None = None
    error: _Error | None = None


_ADVICE = {
    "ip_not_whitelisted": "add this machine's address to the list of the account's settings",
    "access_token_expired": "make a new key",
    "access_token_invalid": "see the key, and that the address is of the same brand",
}


def classify(response: ApiResponse, now: datetime) -> Verdict:
    """By the error's code and mnemonic; the status is 200 for those too."""
    answer = decoded_like(_UisAnswer(), response.body)
    if response.status >= 500:
        return Verdict(VerdictKind.RETRY, f"status {response.status}")
    if response.status == 429:
        return Verdict(VerdictKind.SLOW_DOWN, "status 429", 60.0)
    if (error := answer.error) is None:
        ok = Verdict(VerdictKind.OK, hold_s=_hold_s(answer.result.metadata if answer.result else None, now))
        return ok if response.status == 200 else Verdict(VerdictKind.FATAL, f"status {response.status}")
    data = error.data or _ErrorData()
    message = f"{error.code} {data.mnemonic} {error.message}"[:200]
    if advice := _ADVICE.get(data.mnemonic):
        message = f"{advice} ({message})"
    if error.code == -32029:
        is_day = "day" in str((data.params or {}).get("limit_type", ""))
        return Verdict(VerdictKind.SLOW_DOWN, message, _hold_s(data.metadata, now) or (3600.0 if is_day else 60.0))
    if error.code == -32001 or data.mnemonic == "ip_not_whitelisted":
        return Verdict(VerdictKind.AUTH, message)
    if error.code == -32009:
        return Verdict(VerdictKind.PLAN, message)
    if error.code in (-32003, -32008):
        return Verdict(VerdictKind.FORBIDDEN, message)
    return Verdict(VerdictKind.RETRY if error.code == -32603 else VerdictKind.FATAL, message)


def _hold_s(metadata: _Metadata | None, now: datetime) -> float:
    """Until there are points again, where they are used up; whether a reset is seconds or a moment its size tells."""
    limits = metadata and metadata.limits
    if not limits:
        return 0.0
    waits = [
        reset - now.timestamp() if reset > 10_000_000 else reset
        for left, reset in ((limits.minute_remaining, limits.minute_reset), (limits.day_remaining, limits.day_reset))
        if left is not None and left <= 0 and reset is not None
    ]
    return max([0.0, *waits])


API = ApiConnector(
    kind=KIND,
    title="UIS, CoMagic, Novofon, CallGear",
    secret=_HOLDS,
    variable="CALLFUNNEL_UIS",
    is_exchange=True,
    adapter=UisAdapter,
    survey=survey,
    reads="calls, employees with extensions and numbers, groups as teams, the account's zone",
    ids="call and leg `id`",
    rights="a key of the Data API, this machine's address in its list; https://dataapi.comagic.ru/v2.0,"
    " https://dataapi-jsonrpc.novofon.ru/v2.0, https://dataapi.callgear.com/v2.0 for the sister brands",
    counterpart="a server made from the vendors' documentation",
    documented="methods, fields, errors with their mnemonics, at most 3 months and 10,000 rows, points left, zone",
    seen="without `fields` the employee is missing",
    unconfirmed="whether `minute_reset` is seconds or a moment; whether the end of a window is included",
)
