"""Zadarma as its OpenAPI description says: signed requests, a row for each leg, 1,000 rows, three requests of
statistics a minute, times of the cabinet's zone, which is an offset.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from department.calls import SimulatedCall, Way
from tests.connectors.api.exchanges.vendor import Answer, Vendor

KEY, WORD = "zadarmakey0123456789", "zadarmasecret0123456789"
SECRET = f"{KEY}:{WORD}"
_FORM = "%Y-%m-%d %H:%M:%S"


class ZadarmaAccount(Vendor):
    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.legs: list[dict[str, Any]] = []
        self.most = 1_000
        self._calls = 0

    def happens(self, call: SimulatedCall) -> None:
        self._calls += 1
        way, outside = ("out", call.contact) if call.way is Way.OUT else ("in", call.contact.lstrip("+"))
        call.id = f"{way}_{self._calls:032x}"
        rang = [] if call.way is Way.OUT else [desk for desk in call.rang if desk != call.extension]
        for desk in rang:
            self._leg(call, desk, outside, desk, "cancel", 0)
        ends = (call.extension, call.extension, outside) if call.way is Way.OUT else (outside, outside, call.extension)
        self._leg(call, *ends, "answered" if call.picked else "no answer", call.talk_s)

    def _leg(self, call: SimulatedCall, sip: str, clid: str, destination: str, disposition: str, seconds: int) -> None:
        start = call.start if not seconds else call.picked
        self.legs.append(
            {
                "call_id": f"{start}.{len(self.legs)}",
                "sip": sip,
                "callstart": (datetime.fromtimestamp(start, UTC) + timedelta(hours=3)).strftime(_FORM),
                "clid": clid,
                "destination": destination,
                "disposition": disposition,
                "seconds": seconds,
                "is_recorded": bool(seconds),
                "pbx_call_id": call.id,
            }
        )

    def respond(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Answer:
        self.asked.append((path, query))
        text = f"{path}{query}{hashlib.md5(query.encode()).hexdigest()}"  # the vendor's
        digest = hmac.new(WORD.encode(), text.encode(), hashlib.sha1).hexdigest()
        if headers.get("Authorization") != f"{KEY}:{base64.b64encode(digest.encode()).decode()}":
            return 401, {"status": "error", "message": "Not authorized"}
        if self.is_too_fast("all", 100, timedelta(minutes=1)):
            return 429, {"status": "error", "message": "You exceeded the rate limit"}
        if path == "/v1/info/timezone/":
            return 200, {"status": "success", "unixtime": int(self.clock().timestamp()), "timezone": "UTC+3"}
        if path == "/v1/pbx/internal/":
            return 200, {"status": "success", "pbx_id": 1, "numbers": [int(one) for _, one, _ in self.users()]}
        if path.startswith("/v1/pbx/internal/"):
            extension = path.split("/")[4]
            user = next(user for user, one, _ in self.users() if one == extension)
            return 200, {"status": "success", "pbx_id": 1, "number": int(extension), "name": self.name_of(user)}
        if path == "/v1/statistics/pbx/":
            return self._statistics(parse_qsl(query))
        return 404, {"status": "error", "message": "Wrong method"}

    def _statistics(self, query: list[tuple[str, str]]) -> Answer:
        if self.is_too_fast("statistics", 3, timedelta(minutes=1)):
            return 429, {"status": "error", "message": "You exceeded the rate limit"}
        assert query == sorted(query)
        asked = dict(query)
        assert asked["version"] == "2"
        rows = [row for row in self.legs if asked["start"] <= row["callstart"] <= asked["end"]]
        page = rows[int(asked["skip"]) :][: min(int(asked["limit"]), self.most)]
        return 200, {"status": "success", "start": asked["start"], "end": asked["end"], "version": 2, "stats": page}
