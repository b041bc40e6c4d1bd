"""The Data API of UIS and its sisters as their documentation says: JSON-RPC with errors inside of status 200, wall
times of the account's zone, 10,000 rows of one answer, three months of one window, points of a minute.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from department.calls import SimulatedCall, Way
from tests.connectors.api.exchanges.vendor import Answer, Vendor

TOKEN = "dataapitoken0123456789"
MOSCOW = ZoneInfo("Europe/Moscow")
_FORM = "%Y-%m-%d %H:%M:%S"


class UisAccount(Vendor):
    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.calls: list[dict[str, Any]] = []
        self.most = 10_000
        """Rows of one answer."""
        self.a_minute = 60
        self.timezone = "Europe/Moscow"
        self._minute, self._spent = "", 0

    def happens(self, call: SimulatedCall) -> None:
        employee = next((int(user) for user, extension, _ in self.users() if extension == call.extension), None)
        talked = call.picked > 0
        dialled = [{"employee_id": employee, "is_answered": talked}] if employee else []
        call.id = str(70_000 + len(self.calls))
        self.calls.append(
            {
                "id": int(call.id),
                "start_time": self._wall(call.start),
                "finish_time": self._wall(call.end),
                "direction": "out" if call.way is Way.OUT else "in",
                "is_lost": not talked,
                "talk_duration": call.talk_s,
                "total_duration": call.end - call.start,
                "contact_phone_number": call.contact.lstrip("+"),
                "virtual_phone_number": "74950001122",
                "last_answered_employee_id": employee if talked else None,
                "employees": dialled,
                "call_records": ["5b5e"] if talked else [],
                "wait_duration": 3,
            }
        )

    def _wall(self, at: int) -> str:
        return datetime.fromtimestamp(at, ZoneInfo(self.timezone)).strftime(_FORM)

    def respond(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Answer:
        asked = json.loads(body)
        params = asked["params"]
        token = params.pop("access_token", "")
        self.asked.append((asked["method"], json.dumps(params)))
        assert (asked["jsonrpc"], path) == ("2.0", "/v2.0")
        if token != TOKEN:
            return _error(-32001, "access_token_invalid", "Access token is invalid")
        if (minute := f"{self.clock():%H:%M}") != self._minute:
            self._minute, self._spent = minute, 0
        self._spent += 1
        if self._spent > self.a_minute:
            self.refused += 1
            return _error(-32029, "limit_exceeded", "Limit per minute has been exceeded", limit_type="minute")
        if asked["method"] == "get.account":
            return self._result([{"app_id": 1, "name": "Отдел", "timezone": self.timezone}], 1)
        if asked["method"] == "get.employees":
            rows = [self._employee(*user) for user in self.users()]
            return self._result(rows[params["offset"] :][: params["limit"]], len(rows))
        if asked["method"] == "get.calls_report":
            return self._calls(params)
        return _error(-32601, "method_not_found", "The method does not exist / is not available")

    def _calls(self, params: dict[str, Any]) -> Answer:
        since, until = (datetime.strptime(params[name], _FORM) for name in ("date_from", "date_till"))
        if until - since > timedelta(days=92):
            return _error(-32602, "date_interval_limit_reached", "Max value of requested date interval is 3 months")
        assert params["sort"] == [{"field": "start_time", "order": "asc"}]
        assert params["limit"] <= 10_000
        rows = [row for row in self.calls if params["date_from"] <= row["start_time"] <= params["date_till"]]
        rows.sort(key=lambda row: str(row["start_time"]))
        page = rows[params["offset"] :][: min(params["limit"], self.most)]
        return self._result([{name: row[name] for name in params["fields"]} for row in page], len(rows))

    def _employee(self, user: str, extension: str, manager: str) -> dict[str, object]:
        return {
            "id": int(user),
            "full_name": self.name_of(user),
            "phone_numbers": [{"phone_number": "74955140578...2345", "status": "active"}],
            "extension": {"extension_phone_number": extension},
            "groups": [{"group_id": 1, "group_name": "Продажи"}],
        }

    def _result(self, rows: list[dict[str, Any]], total: int) -> Answer:
        left = max(0, self.a_minute - self._spent)
        limits = {"minute_limit": self.a_minute, "minute_remaining": left, "minute_reset": 60 - self.clock().second,
                  "day_limit": 1_000, "day_remaining": 900, "day_reset": 3_600}  # fmt: skip
        metadata = {"api_version": {"current_version": "v2.0"}, "limits": limits, "total_items": total}
        return 200, {"jsonrpc": "2.0", "id": 1, "result": {"data": rows, "metadata": metadata}}


def _error(code: int, mnemonic: str, message: str, **params: str) -> Answer:
    data = {"mnemonic": mnemonic, "params": params, "metadata": {}}
    return 200, {"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": message, "data": data}}
