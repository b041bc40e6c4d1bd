"""Zadarma: statistics of its exchange, extensions, the account's zone. Pure.

`Authorization: KEY:SIGNATURE`; the signature is base64 of the hex HMAC-SHA1, by the secret, of path, query and the md5
of the query, whose parameters are in alphabetical order. Sources: the vendor's OpenAPI description, its Python client.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any
from urllib.parse import urlencode

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
from connectors.api.answers import decoded_like
from connectors.api.calls import pulled_call
from connectors.api.credential import address_and_key
from connectors.api.exchange import ExchangeAdapter, UsersReader, calls_by_time
from connectors.api.survey import AccountSurvey, Survey, VendorUser
from connectors.api.verdicts import slow_down
from connectors.api.walls import wall_end, wall_start, zone_note
from connectors.reading.rejects import Misread
from connectors.zadarma.statistics import ZadarmaStats
from connectors.zadarma.webhook import signature
from schemas.records import Reason

KIND = "zadarma"
PAGE = 1_000
_HOST = "https://api.zadarma.com"
_HOLDS = "KEY:SECRET, both from the cabinet's page of the API"
_KEY = re.compile(r"[^\s:]{8,}:[^\s:]{8,}")
_ZONE = re.compile(r"UTC([+-]\d{1,2})(?::(\d\d))?")
_STATISTICS = "statistics"
_TABLE = ZadarmaStats()


def authorization(key: str, secret: str, path: str, query: str) -> str:
    """`query` is encoded, in alphabetical order of its names."""
    return f"{key}:{signature(secret, path + query + hashlib.md5(query.encode(), usedforsecurity=False).hexdigest())}"


def get(path: str, group: str = "", **query: str) -> ApiRequest:
    return ApiRequest(f"/v1/{path}/", group, "GET", tuple(sorted(query.items())))


class ZadarmaAdapter(ExchangeAdapter):
    """A hundred requests a minute, three of statistics."""

    kind = KIND
    limits = AccountLimits(per_s=1.5, burst=10.0, groups={_STATISTICS: 0.049})
    users_every = timedelta(hours=6)

    def account(self, secret: str) -> Account:
        address, found = address_and_key(secret, _HOST, _KEY, _HOLDS)
        key, _, word = found.partition(":")

        def signed(request: ApiRequest) -> ApiRequest:
            header = authorization(key, word, request.path, urlencode(request.query))
            return request._replace(headers=(("Authorization", header),))

        return Account(address, signed=signed)

    def users(self) -> UsersReader:
        return users_of()

    def calls(self) -> PullStream:
        return calls_by_time(_calls, slack=timedelta(hours=3))

    def classify(self, response: ApiResponse, now: datetime) -> Verdict:
        return classify(response)


def _calls(window: PullWindow, cursor: str, fresh: FreshContext) -> Reader:
    """A window is one answer: pages by number would shift while calls end."""
    zone = yield from zone_of()
    answer = yield get(
        "statistics/pbx",
        _STATISTICS,
        start=wall_start(window.since, zone),
        end=wall_end(window.end, zone),
        version="2",
        skip="0",
        limit=str(PAGE),
    )
    found = _list(answer, "stats")
    if len(found) >= PAGE:
        yield PulledPage((), "", is_cut=True)
        return
    context = fresh()
    local = msgspec.structs.replace(context, zone=zone)
    yield PulledPage(
        tuple(pulled_call(_TABLE, row, local, KIND, str(row.get("pbx_call_id") or "-")) for row in found),
        "",
        True,
        notes=zone_note("calls", zone, context),
    )


def zone_of() -> Generator[ApiRequest, Any, tzinfo]:
    """The cabinet's, which is an offset from UTC."""
    answer = yield get("info/timezone")
    text = str(answer.get("timezone") or "") if isinstance(answer, dict) else ""
    if (found := _ZONE.fullmatch(text)) is None:
        raise Misread(Reason.BAD_TIME, "timezone", f"{text[:40]!r} is not an offset from UTC")
    hours, minutes = int(found[1]), int(found[2] or 0)
    return timezone(timedelta(hours=hours, minutes=-minutes if found[1].startswith("-") else minutes))


def users_of() -> UsersReader:
    """Extensions, with their names where they may be read."""
    answer = yield get("pbx/internal")
    users = []
    for number in _list(answer, "numbers"):
        extension = str(number)
        about = yield get(f"pbx/internal/{extension}/info")._replace(optional=True)
        name = str(about.get("name") or "").strip() if isinstance(about, dict) else ""
        users.append(VendorUser(extension, name or extension, extension))
    return users


def _list(answer: Any, name: str) -> list[Any]:
    found = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(found, list):
        raise Misread(Reason.MISSING_FIELD, name, f"the answer has no list {name}")
    return found


def survey(begin: datetime) -> Survey:
    """Extensions and the zone; a count of calls would cost one of three requests a minute."""
    zone = yield from zone_of()
    users = yield from users_of()
    return AccountSurvey(users=tuple(users), warnings=(f"the account's times are of {zone}",))


class _ZadarmaAnswer(msgspec.Struct):
    status: str = ""
    message: str = ""


def classify(response: ApiResponse) -> Verdict:
    """By the status, and by `status` of the body."""
    answer = decoded_like(_ZadarmaAnswer(), response.body)
    status = response.status
    message = f"status {status} {answer.message}".strip()[:200]
    if status == 429:
        return slow_down(response, message)
    if status == 401:
        return Verdict(VerdictKind.AUTH, f"the key or the signature is not taken: see KEY:SECRET ({message})")
    if status == 403:
        return Verdict(VerdictKind.FORBIDDEN, f"the key may not do this ({message})")
    if status >= 500:
        return Verdict(VerdictKind.RETRY, message)
    return Verdict(VerdictKind.OK if status == 200 and answer.status != "error" else VerdictKind.FATAL, message)


API = ApiConnector(
    kind=KIND,
    title="Zadarma",
    secret=_HOLDS,
    variable="CALLFUNNEL_ZADARMA",
    is_exchange=True,
    adapter=ZadarmaAdapter,
    survey=survey,
    reads="calls (each leg), extensions with their names, the cabinet's zone",
    ids="call `pbx_call_id`, leg `call_id`, which notifications name `call_id_with_rec`",
    rights="the API's key and secret",
    counterpart="a server made from the vendor's OpenAPI description",
    documented="addresses, signature, 1,000 rows, 100 requests a minute and 3 of statistics, the zone's offset",
    seen="the slash at the end of a path is signed",
    unconfirmed="whether the end of a window is included; the notification of a call without a recording names no leg:"
    " it is one more leg of the same call",
)
