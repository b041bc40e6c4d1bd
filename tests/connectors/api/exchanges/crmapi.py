"""The "crmapi/v1" family as public clients know it: a key in a header, the history of a window as a bare list, `null`
when there is nothing, users in pages.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from department.calls import SimulatedCall, Way
from tests.connectors.api.exchanges.vendor import Answer, Vendor

KEY = "crmapikey0123456789"
_ASKED, _WRITTEN = "%Y%m%dT%H%M%SZ", "%Y-%m-%dT%H:%M:%SZ"


class CrmapiExchange(Vendor):
    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.calls: list[dict[str, Any]] = []
        self.ahead = timedelta(0)
        """By how much its times are ahead of UTC, though they end with a Z."""

    def happens(self, call: SimulatedCall) -> None:
        login = next((f"user{user}" for user, extension, _ in self.users() if extension == call.extension), "")
        picked = call.picked or call.end
        call.id = f"crm-{len(self.calls)}"
        self.calls.append(
            {
                "uid": call.id,
                "type": "out" if call.way is Way.OUT else "in",
                "status": "success" if call.picked else "missed",
                "client": call.contact.lstrip("+"),
                "user": login if call.picked or call.way is Way.OUT else "",
                "diversion": "74950001122",
                "start": (datetime.fromtimestamp(call.start, UTC) + self.ahead).strftime(_WRITTEN),
                "wait": picked - call.start,
                "duration": call.talk_s,
                "record": "https://records.example/1.mp3" if call.picked else "",
            }
        )

    def respond(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Answer:
        self.asked.append((path, query))
        if headers.get("X-API-KEY") != KEY:
            return 401, {"error": "Invalid token"}
        asked = dict(parse_qsl(query))
        if path == "/crmapi/v1/history/json":
            since, until = (datetime.strptime(asked[name], _ASKED) for name in ("start", "end"))
            return 200, [row for row in self.calls if since <= self._began(row) < until] or None
        if path == "/crmapi/v1/users":
            start, users = int(asked["start"]), [self._user(*user) for user in self.users()]
            page = users[start : start + 2]
            info: dict[str, int] = {"start": start, "limit": 2, "total": len(users)}
            if start + 2 < len(users):
                info["next"] = start + 2
            return 200, {"items": page, "info": info}
        return 404, b""

    def _began(self, row: dict[str, Any]) -> datetime:
        return datetime.strptime(row["start"], _WRITTEN) - self.ahead

    def _user(self, user: str, extension: str, manager: str) -> dict[str, object]:
        return {"login": f"user{user}", "name": self.name_of(user), "ext": extension, "telnum": "74950001122"}
