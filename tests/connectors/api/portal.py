"""A Bitrix24 portal that answers as the vendor's documentation says, stateful, over a clock that the test gives.

`answer` is the portal; `served` puts it behind a real HTTP server on loopback. It has the rate limit (a counter that
leaks), the time that a method may take, pages of 50 with and without a count, filters with operators, scopes, and the
trap of `voximplant.statistic.get`: parameters in lower case are ignored.
"""

from __future__ import annotations

import json
import ssl
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from tests.connectors.api.kommo_account import KommoAccount
from tests.connectors.api.serving import served_by

MOSCOW = ZoneInfo("Europe/Moscow")
SECRET = "s3cr3tw0rdofthewebhook"
PATH = f"/rest/1/{SECRET}"
_PAGE = 50
_Row = dict[str, Any]
_SCOPES = {"voximplant": "telephony", "crm": "crm", "user": "user", "department": "department"}


class Portal:
    """Tables as lists of rows, in the order in which they came."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.calls: list[_Row] = []
        self.users: list[_Row] = []
        self.departments: list[_Row] = []
        self.companies: list[_Row] = []
        self.contacts: list[_Row] = []
        self.deals: list[_Row] = []
        self.history: list[_Row] = []
        self.quotes: list[_Row] = []
        self.categories: list[_Row] = [{"id": 0, "name": "Общая", "sort": 300, "entityTypeId": 2, "isDefault": "Y"}]
        self.stages: list[_Row] = []
        self.scopes = {"crm", "user", "department", "telephony"}
        self.rate_per_s, self.burst = 2.0, 50.0
        self.cost_s: dict[str, float] = defaultdict(float)
        """How much of its own time one call of a method takes."""
        self.errors: list[tuple[int, _Row | bytes]] = []
        """What the next requests are answered with."""
        self.asked: list[tuple[str, _Row]] = []
        self.is_away = False
        self.kommo: KommoAccount | None = None
        """What answers GET, where it is served: another vendor behind the same server."""
        self.refused = 0
        self.skew = timedelta(0)
        """By how much its clock is ahead."""
        self._counter, self._counted_at = 0.0, clock()
        self._used: dict[str, list[tuple[datetime, float]]] = defaultdict(list)

    def time(self, at: datetime) -> str:
        """As the portal writes a time: with its own offset."""
        return at.astimezone(MOSCOW).isoformat(timespec="seconds")

    # What happens in it.

    def call(self, start: datetime, seconds: int, *, user: int = 7, phone: str = "+74950000001", **more: Any) -> _Row:
        """A call that has ended: its row comes now."""
        number = len(self.calls) + 1
        row = {
            "ID": str(number), "PORTAL_USER_ID": str(user), "PORTAL_NUMBER": "reg1", "PHONE_NUMBER": phone,
            "CALL_ID": f"C{number}.{int(start.timestamp())}", "EXTERNAL_CALL_ID": None, "CALL_CATEGORY": "external",
            "CALL_DURATION": str(seconds), "CALL_START_DATE": self.time(start), "CALL_RECORD_URL": "",
            "CALL_FAILED_CODE": "200" if seconds else "304", "CRM_ENTITY_TYPE": "CONTACT", "CRM_ENTITY_ID": "1",
            "CRM_ACTIVITY_ID": "1", "TRANSCRIPT_PENDING": "N", "RECORD_FILE_ID": None, "CALL_TYPE": "1",
        } | more  # fmt: skip
        self.calls.append(row)
        return row

    def company(self, title: str, *phones: str, manager: int = 7) -> int:
        return self._thing(self.companies, TITLE=title, PHONE=_phones(phones), ASSIGNED_BY_ID=str(manager))

    def contact(self, name: str, *phones: str, company: int = 0, manager: int = 7) -> int:
        return self._thing(
            self.contacts, NAME=name, LAST_NAME="", PHONE=_phones(phones), ASSIGNED_BY_ID=str(manager),
            COMPANY_ID=str(company) if company else None,
        )  # fmt: skip

    def deal(self, *, company: int = 0, contact: int = 0, amount: str = "0.00", stage: str = "NEW") -> int:
        number = self._thing(
            self.deals, COMPANY_ID=str(company), CONTACT_ID=str(contact) if contact else None, ASSIGNED_BY_ID="7",
            OPPORTUNITY=amount, CURRENCY_ID="RUB", CATEGORY_ID="0", STAGE_ID=stage,
        )  # fmt: skip
        self._record(number, stage, 1)
        return number

    def move(self, deal: int, stage: str) -> None:
        row = next(row for row in self.deals if row["ID"] == str(deal))
        row |= {"STAGE_ID": stage, "DATE_MODIFY": self.time(self.clock())}
        self._record(deal, stage, 3 if stage in ("WON", "LOSE") else 2)

    def quote(self, *, company: int, amount: str, status: str = "SENT") -> int:
        return self._thing(
            self.quotes, COMPANY_ID=str(company), CONTACT_ID=None, ASSIGNED_BY_ID="7", OPPORTUNITY=amount,
            CURRENCY_ID="RUB", STATUS_ID=status, QUOTE_NUMBER=str(len(self.quotes) + 1),
        )  # fmt: skip

    def user(self, number: int, name: str, last: str, inner: str = "", *, active: bool = True) -> None:
        self.users.append(
            {"ID": str(number), "ACTIVE": active, "NAME": name, "LAST_NAME": last, "UF_PHONE_INNER": inner,
             "UF_DEPARTMENT": [1], "USER_TYPE": "employee"}
        )  # fmt: skip

    def _thing(self, table: list[_Row], **fields: Any) -> int:
        number = len(table) + 1
        now = self.time(self.clock())
        table.append({"ID": str(number), "DATE_CREATE": now, "DATE_MODIFY": now} | fields)
        return number

    def _record(self, deal: int, stage: str, kind: int) -> None:
        self.history.append(
            {"ID": len(self.history) + 1, "TYPE_ID": kind, "OWNER_ID": deal, "CREATED_TIME": self.time(self.clock()),
             "CATEGORY_ID": 0, "STAGE_SEMANTIC_ID": {"WON": "S", "LOSE": "F"}.get(stage, "P"), "STAGE_ID": stage}
        )  # fmt: skip

    def allow(self, requests: int) -> None:
        """So many from now on, and no more."""
        self._counter, self._counted_at = 0.0, self.clock()
        self.burst, self.rate_per_s = float(requests), 0.0

    # How it answers.

    def answer(self, path: str, body: _Row) -> tuple[int, _Row | bytes]:
        """(status, body) of a POST."""
        secret, _, method = path.removesuffix(".json").rpartition("/")
        self.asked.append((method, body))
        if self.is_away:
            return 0, b""
        if self.errors:
            return self.errors.pop(0)
        if secret != PATH:
            return 401, {"error": "NO_AUTH_FOUND", "error_description": "Wrong authorization data"}
        if self._is_too_fast():
            self.refused += 1
            return 503, {"error": "QUERY_LIMIT_EXCEEDED", "error_description": "Too many requests"}
        if self._operating(method) > 480:
            self.refused += 1
            return 429, {
                "error": "OPERATION_TIME_LIMIT",
                "error_description": "Method is blocked due to operation time limit",
            }
        self._used[method].append((self.clock(), self.cost_s[method]))
        scope = _SCOPES.get(method.partition(".")[0])
        if scope and scope not in self.scopes:
            return 403, {"error": "insufficient_scope", "error_description": "The request requires higher privileges"}
        found = self._result(method, body)
        if found is None:
            return 404, {"error": "ERROR_METHOD_NOT_FOUND", "error_description": "Method not found!"}
        now = self.clock() + self.skew
        used = self._used[method]
        time = {"start": now.timestamp(), "date_start": self.time(now), "operating": self._operating(method)}
        time["operating_reset_at"] = int((used[0][0] + timedelta(minutes=10)).timestamp())
        return 200, {**found, "time": time}

    def _result(self, method: str, body: _Row) -> _Row | None:
        crm = {"crm.company.list": self.companies, "crm.contact.list": self.contacts, "crm.deal.list": self.deals,
               "crm.quote.list": self.quotes, "crm.status.list": self.stages}  # fmt: skip
        if method == "voximplant.statistic.get":  # only what is in upper case is heard
            rows = _found(self.calls, body.get("FILTER", {}))
            return _page(sorted(rows, key=lambda row: int(row[body.get("SORT", "ID")])), body.get("start", 0))
        if method in crm:
            found = _page(_found(crm[method], body.get("filter", {})), body.get("start", 0))
            select = body.get("select") or []
            found["result"] = [{k: v for k, v in row.items() if not select or k in select} for row in found["result"]]
            return found
        if method == "crm.stagehistory.list":
            found = _page(_found(self.history, body.get("filter", {})), body.get("start", 0))
            return {**found, "result": {"items": found["result"]}}
        if method == "crm.category.list":
            return {"result": {"categories": self.categories}, "total": len(self.categories)}
        if method == "user.get":
            return _page(self.users, body.get("start", 0))
        if method == "department.get":
            return _page(self.departments, 0)
        simple: _Row = {"scope": sorted(self.scopes), "profile": {"ID": "1", "ADMIN": True, "NAME": "Анна"},
                        "server.time": self.time(self.clock())}  # fmt: skip
        return {"result": simple[method]} if method in simple else None

    def _is_too_fast(self) -> bool:
        """The counter that leaks: every request adds one, also one that is refused."""
        now = self.clock()
        leaked = (now - self._counted_at).total_seconds() * self.rate_per_s
        self._counter, self._counted_at = max(0.0, self._counter - leaked) + 1, now
        return self._counter > self.burst

    def _operating(self, method: str) -> float:
        since = self.clock() - timedelta(minutes=10)
        self._used[method] = [(at, cost) for at, cost in self._used[method] if at > since]
        return sum(cost for _, cost in self._used[method])


def _phones(phones: tuple[str, ...]) -> list[_Row]:
    return [{"ID": "1", "VALUE_TYPE": "WORK", "VALUE": phone, "TYPE_ID": "PHONE"} for phone in phones]


def _page(rows: list[_Row], start: int) -> _Row:
    """With `start=-1` the first page, without a count and without a way to the next."""
    if start == -1:
        return {"result": rows[:_PAGE], "total": 0}
    page: _Row = {"result": rows[start : start + _PAGE], "total": len(rows)}
    return page | ({"next": start + _PAGE} if start + _PAGE < len(rows) else {})


def _found(rows: list[_Row], filters: _Row) -> list[_Row]:
    return [row for row in rows if all(_fits(row, name, value) for name, value in filters.items())]


def _fits(row: _Row, name: str, wanted: Any) -> bool:
    field = name.lstrip("><=@!")
    operator, found = name[: -len(field)], _value(row.get(field))
    if operator == "@" or isinstance(wanted, list):
        return found in [_value(one) for one in wanted]
    asked = _value(wanted)
    assert type(found) is type(asked) or found is None, f"{name}: {found!r} and {asked!r}"
    if found is None:
        return False
    return bool({">": lambda: found > asked, ">=": lambda: found >= asked, "<": lambda: found < asked,
                 "": lambda: found == asked, "=": lambda: found == asked}[operator]())  # fmt: skip


def _value(value: Any) -> Any:
    return _read(value) if isinstance(value, str) else value


@lru_cache(maxsize=100_000)
def _read(text: str) -> Any:
    """Numbers and times are compared as such, however they are written."""
    if text.isdecimal():
        return int(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    assert at.tzinfo is not None, f"{text}: a time without an offset is the portal's"
    return at


@contextmanager
def served(portal: Portal, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The portal on loopback; its address without the webhook's path."""

    def handle(method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        found: _Row | bytes
        if method == "GET" and portal.kommo is not None:
            status, found = portal.kommo.answer(path, query, headers)
        else:
            status, found = portal.answer(path, json.loads(body or b"{}"))
        return status, found if isinstance(found, bytes) else json.dumps(found, ensure_ascii=False).encode()

    with served_by(handle, lambda: portal.clock() + portal.skew, tls) as address:
        yield address
