"""Mango Office as its description of the API says: signed forms, statistics that are ordered, 204 until they are made,
404 for a key that is over, one order every two seconds, a list of users that may be asked for once a minute.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from department.calls import SimulatedCall
from department.country import country
from department.mango import Mango, MangoLeg, write
from department.people import numbering
from tests.connectors.api.exchanges.vendor import Answer, Vendor

KEY, SALT = "vpbxkey0123456789", "vpbxsalt0123456789"
SECRET = f"{KEY}:{SALT}"
_GOOD_FOR = timedelta(hours=1)
_FIELDS = (
    "records,start,finish,answer,from_extension,from_number,to_extension,to_number,disconnect_reason,line_number,"
    "location,entry_id"
)


class MangoExchange(Vendor):
    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        russia = country("RU")
        self._switch = Mango(russia, numbering(3), {}, russia.written, links=True)
        self.rows: list[tuple[int, MangoLeg]] = []
        """(when the call began, a row of it)."""
        self.made_in = timedelta(seconds=7)
        """How long statistics are made."""
        self.orders_every = timedelta(seconds=2)
        self.users_every = timedelta(seconds=30)
        self._orders: dict[str, tuple[datetime, int, int]] = {}

    def happens(self, call: SimulatedCall) -> None:
        self.rows += [(call.start, leg) for leg in self._switch.legs(call)]

    def respond(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Answer:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        text = form.get("json", "")
        self.asked.append((path, text))
        if form.get("vpbx_api_key") != KEY:
            return 401, {"result": 3105, "message": "key"}
        if form.get("sign") != hashlib.sha256(f"{KEY}{text}{SALT}".encode()).hexdigest():
            return 401, {"result": 3102, "message": "sign"}
        asked = json.loads(text)
        if path == "/vpbx/stats/request":
            if self.is_too_fast("stats", 1, self.orders_every):
                return 429, {"message": "Rate limit exceeded"}
            assert asked["fields"] == _FIELDS
            since, until = int(asked["date_from"]), int(asked["date_to"])
            assert until - since <= 31 * 86_400
            key = f"order{len(self._orders)}"
            self._orders[key] = self.clock(), since, until
            return 200, {"key": key}
        if path == "/vpbx/stats/result":
            return self._result(asked["key"])
        if path == "/vpbx/config/users/request":
            if self.is_too_fast("users", 1, self.users_every):
                return 429, {"message": "Rate limit exceeded"}
            return 200, {"users": [self._user(*user) for user in self.users()]}
        return 404, b""

    def forget_orders(self) -> None:
        self._orders.clear()

    def _result(self, key: str) -> Answer:
        at, since, until = self._orders.get(key, (None, 0, 0))
        if at is None or self.clock() - at > _GOOD_FOR:
            return 404, b""
        if self.clock() - at < self.made_in:
            return 204, b""
        return 200, "".join(write(leg) for start, leg in self.rows if since <= start < until)

    def _user(self, user: str, extension: str, manager: str) -> dict[str, object]:
        numbers = [{"number": f"sip:user{extension}@vpbx.example", "protocol": "sip"}]
        if extension == self.users()[0][1]:
            numbers.append({"number": "79160000077", "protocol": "tel"})
        general = {"name": self.name_of(user), "user_id": int(user), "department": "Продажи"}
        return {"general": general, "telephony": {"extension": extension, "numbers": numbers}}
