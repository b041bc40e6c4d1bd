"""Mango Office VPBX: calls out of statistics that are ordered and fetched, users. Pure.

A POST of a form: `vpbx_api_key`, `json`, and `sign`, which is sha256 of key, json and salt over the very text.
Statistics are `stats/request`, which gives a key, then `stats/result` until it is not 204. Sources: the vendor's
description of the API, public clients.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

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
    VerdictKind,
)
from connectors.api.answers import decoded_like
from connectors.api.calls import named_row
from connectors.api.credential import address_and_key
from connectors.api.exchange import ExchangeAdapter, UsersReader, calls_by_time
from connectors.api.survey import AccountSurvey, Survey, VendorUser
from connectors.api.verdicts import slow_down
from connectors.mango.statistics import PULLED, MangoStats
from connectors.reading.rejects import Misread, reject
from connectors.reading.source import Context
from schemas.records import Reason

KIND = "mango"
_HOST = "https://app.mango-office.ru"
_HOLDS = "KEY:SALT, both from the cabinet's page of the API"
_KEY = re.compile(r"[^\s:]{8,}:[^\s:]{8,}")
_STATISTICS, _USERS = "stats", "users"


def sign(key: str, text: str, salt: str) -> str:
    return hashlib.sha256(f"{key}{text}{salt}".encode()).hexdigest()


def ask(method: str, group: str, body: Mapping[str, object], *, is_text: bool = False) -> ApiRequest:
    return ApiRequest(f"/vpbx/{method}", group, body=body, is_text=is_text)


class MangoAdapter(ExchangeAdapter):
    """A wrong request may be repeated after two minutes, so it is not; statistics are ordered every two seconds."""

    kind = KIND
    limits = AccountLimits(per_s=5.0, burst=5.0, groups={_STATISTICS: 0.5, _USERS: 1 / 60})

    def account(self, secret: str) -> Account:
        address, found = address_and_key(secret, _HOST, _KEY, _HOLDS)
        key, _, salt = found.partition(":")

        def signed(request: ApiRequest) -> ApiRequest:
            text = json.dumps(request.body, ensure_ascii=False, separators=(",", ":"))
            form = (("vpbx_api_key", key), ("sign", sign(key, text, salt)), ("json", text))
            return request._replace(body=None, form=form)

        return Account(address, signed=signed)

    def users(self) -> UsersReader:
        return users_of()

    def calls(self) -> PullStream:
        """A call is listed when it has ended, its recording minutes later. The filter is by call, a row is a part."""
        return calls_by_time(_calls, slack=timedelta(days=1))

    def classify(self, response: ApiResponse, now: datetime) -> Verdict:
        return classify(response)


def _calls(window: PullWindow, cursor: str, fresh: FreshContext) -> Reader:
    ordered = {
        "date_from": str(int(window.since.timestamp())),
        "date_to": str(int(window.end.timestamp())),
        "fields": ",".join(PULLED.columns),
    }
    answer = yield ask("stats/request", _STATISTICS, ordered)
    key = answer.get("key") if isinstance(answer, dict) else None
    if not isinstance(key, str):
        raise Misread(Reason.MISSING_FIELD, "key", "the answer of stats/request has no key")
    text = yield ask("stats/result", "result", {"key": key}, is_text=True)
    context = fresh()
    yield PulledPage(tuple(_rows(text or "", context)), "", is_last=True)


def _rows(text: str, context: Context) -> Iterator[PulledRow]:
    """`;` between cells, nothing quoted. Rows of one call go together: its first one is what the window is about."""
    make = MangoStats().maker(PULLED, context, UTC, KIND)
    for line in filter(None, (line.rstrip("\r") for line in text.split("\n"))):
        cells = line.split(";")
        try:
            if len(cells) != len(PULLED.columns):
                raise Misread(Reason.WRONG_WIDTH, "", f"{len(cells)} cells, {len(PULLED.columns)} were asked for")
            made = make(cells, line.rpartition(";")[2] or "-")
        except Misread as misread:
            yield named_row(reject(misread.bad, line, "stats/result", KIND, context))
        else:
            yield named_row(made)


def users_of() -> UsersReader:
    """Users with an extension, their mobiles, their departments as teams."""
    answer = yield ask("config/users/request", _USERS, {})
    found = answer.get("users") if isinstance(answer, dict) else None
    if not isinstance(found, list):
        raise Misread(Reason.MISSING_FIELD, "users", "the answer of config/users/request has no users")
    users = []
    for user in found:
        general, telephony = _part(user, "general"), _part(user, "telephony")
        extension = str(telephony.get("extension") or "").strip()
        name, team = (str(general.get(field) or "").strip() for field in ("name", "department"))
        user_id = str(general.get("user_id") or extension)
        users.append(VendorUser(user_id, name, extension, _mobile(telephony), team=team))
    return users


def _part(user: object, name: str) -> Mapping[str, Any]:
    found = user.get(name) if isinstance(user, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _mobile(telephony: Mapping[str, Any]) -> str:
    """The first number outside where this user takes calls; the others are SIP accounts."""
    numbers = telephony.get("numbers")
    for one in numbers if isinstance(numbers, list) else ():
        if isinstance(one, Mapping) and one.get("protocol") == "tel":
            return str(one.get("number") or "")
    return ""


def survey(begin: datetime) -> Survey:
    """Users; statistics are not counted before they are ordered."""
    users = yield from users_of()
    return AccountSurvey(users=tuple(users), warnings=_warnings(users))


def _warnings(users: list[VendorUser]) -> tuple[str, ...]:
    without = sum(not user.extension for user in users)
    return (f"{without} users without an extension: calls cannot name them",) if without else ()


class _MangoAnswer(msgspec.Struct):
    result: int = 1000
    message: str = ""


_WRONG_KEY = (3102, 3105)
_ADVICE = "see KEY:SALT, and that the API is switched on in the cabinet; it is not tried again, since that is punished"


def classify(response: ApiResponse) -> Verdict:
    """By the status, and by `result` of the body: 1000 is well, 2xxx the account, 31xx the request, 5xxx the server."""
    status = response.status
    if status == 204:
        return Verdict(VerdictKind.NOT_READY, wait_s=5.0)
    answer = decoded_like(_MangoAnswer(), response.body)  # statistics are rows, and say nothing of themselves
    message = f"status {status}, result {answer.result} {answer.message}".strip()[:200]
    if status == 429:
        return slow_down(response, message)
    if status == 401 or answer.result in _WRONG_KEY:
        return Verdict(VerdictKind.AUTH, f"the key or the signature is not taken ({message}): {_ADVICE}")
    if status == 404:
        return Verdict(VerdictKind.STALE, f"the ordered statistics are gone ({message})")
    if status == 403:
        return Verdict(VerdictKind.FORBIDDEN, f"the key may not do this: allow it in the cabinet ({message})")
    is_page = response.body.lstrip().startswith(b"<")  # somebody on the way answers, not the vendor
    if status >= 500 or answer.result >= 5000 or is_page:
        return Verdict(VerdictKind.RETRY, message)
    if answer.result // 1000 == 2:
        return Verdict(VerdictKind.PLAN, f"the account is blocked or not paid ({message})")
    return Verdict(VerdictKind.OK if status == 200 and answer.result == 1000 else VerdictKind.FATAL, message)


API = ApiConnector(
    kind=KIND,
    title="Mango Office",
    secret=_HOLDS,
    variable="CALLFUNNEL_MANGO",
    is_exchange=True,
    adapter=MangoAdapter,
    survey=survey,
    reads="calls (each part), users with extensions and mobiles, departments as teams",
    ids="call `entry_id`, leg as in the file of statistics",
    rights="the API of the virtual exchange, with statistics and the list of users",
    counterpart="a server made from the description of the API",
    documented="addresses, `sign`, 204 until the statistics are made, `fields` (as others have written it down)",
    seen="404 for an old key, 429 for a list of users that is asked for often, one row for each part of a call",
    unconfirmed="by which time of a call the filter goes (a day of slack); whether its end is included;"
    " `protocol` of a mobile; codes of `result` but 1000",
)
