"""MikoPBX as its own code answers: a Bearer key, rows above an id, wall times of the box, employees in pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from department.calls import SimulatedCall, Way
from tests.connectors.api.exchanges.vendor import Answer, Vendor

KEY = "mikopbxkey0123456789"
MOSCOW = ZoneInfo("Europe/Moscow")
_FORM = "%Y-%m-%d %H:%M:%S"


class MikopbxBox(Vendor):
    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.rows: list[dict[str, Any]] = []
        self.may_read_settings = True
        self._calls = 0

    def happens(self, call: SimulatedCall) -> None:
        self._calls += 1
        call.id = f"mikopbx-{call.start}.{self._calls}"
        if call.way is Way.OUT:
            self._row(call, call.extension, call.contact.lstrip("+"), call.start, call.picked, call.end)
            return
        outside = call.contact.lstrip("+")
        if call.menu_s:
            self._row(call, outside, "2200100", call.start, call.start, call.start + call.menu_s, is_app="1")
        for desk in (one for one in call.rang if one != call.extension):
            self._row(call, outside, desk, call.start + call.menu_s, 0, call.picked or call.end)
        self._row(call, outside, call.extension or "600", call.start + call.menu_s, call.picked, call.end)

    def _row(
        self, call: SimulatedCall, source: str, target: str, start: int, answer: int, end: int, is_app: str = "0"
    ) -> None:
        number = len(self.rows) + 1
        wall = {name: datetime.fromtimestamp(at, MOSCOW).strftime(_FORM) + ".250" if at else ""
                for name, at in (("start", start), ("answer", answer), ("endtime", end))}  # fmt: skip
        self.rows.append(
            {"id": number, **wall, "src_num": source, "dst_num": target, "UNIQUEID": f"{call.id}_{number}",
             "linkedid": call.id, "did": "74950001122", "recordingfile": "",
             "disposition": "ANSWERED" if answer else ("NO ANSWER", "NOANSWER")[number % 2], "is_app": is_app,
             "duration": end - start, "billsec": end - answer if answer else 0, "work_completed": "1"}
        )  # fmt: skip

    def respond(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Answer:
        self.asked.append((path, query))
        if headers.get("Authorization") != f"Bearer {KEY}":
            return 401, {"result": False, "data": [], "messages": {"error": ["The user isn't authenticated"]}}
        asked = dict(parse_qsl(query))
        if path == "/pbxcore/api/v3/cdr":
            assert (asked["grouped"], asked["sort"], asked["order"]) == ("false", "id", "ASC")
            after, since = int(asked["idFrom"]), asked["dateFrom"]
            rows = [row for row in self.rows if row["id"] > after and row["start"] >= since]
            page = rows[: min(max(1, int(asked["limit"])), 1_000)]
            pagination = {"total": len(rows), "limit": int(asked["limit"]), "hasMore": len(page) < len(rows)}
            return 200, _result({"records": page, "pagination": pagination})
        if path == "/pbxcore/api/v3/employees":
            users = [self._employee(*user) for user in self.users()]
            page = users[int(asked["offset"]) :][: int(asked["limit"])]
            return 200, _result({"data": page, "recordsTotal": len(users)})
        if path == "/pbxcore/api/v3/time-settings":
            return (200, _result({"PBXTimezone": "Europe/Moscow"})) if self.may_read_settings else (403, _result([]))
        return 404, _result([])

    def _employee(self, user: str, extension: str, manager: str) -> dict[str, object]:
        return {"id": user, "number": extension, "user_username": self.name_of(user), "mobile": "", "disabled": False}


def _result(data: object) -> dict[str, object]:
    return {"result": True, "data": data, "messages": [], "function": "", "processor": "", "pid": 1}
