"""The portals of Beeline and MTS as public clients know them: a token in a header, pages by number, milliseconds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from department.calls import SimulatedCall, Way
from tests.connectors.api.exchanges.vendor import Answer, Vendor

TOKEN = "portaltoken0123456789"
_ASKED = "%Y-%m-%dT%H:%M:%S.%fZ"


class BeelinePortal(Vendor):
    """A bare list, the newest first; an empty one behind the last page."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.rows: list[dict[str, Any]] = []

    def happens(self, call: SimulatedCall) -> None:
        user, extension = next(((u, e) for u, e, _ in self.users() if e == call.extension), ("", call.extension))
        call.id = f"{call.start}"
        out = call.way is Way.OUT
        status = "PLACED" if out else "RECIEVED" if call.picked else "MISSED"
        number = call.contact.lstrip("+")
        row = {"startDate": call.start * 1000, "duration": call.talk_s * 1000, "status": status,
               "direction": "OUTBOUND" if out else "INBOUND", "phone_from": None if out else number,
               "phone_to": number if out else None}  # fmt: skip
        self.rows.append(row | {"abonent": {"userId": f"{user}@ip.beeline.ru", "phone": "", "extension": extension}})

    def respond(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Answer:
        self.asked.append((path, query))
        if headers.get("X-MPBX-API-AUTH-TOKEN") != TOKEN:
            return 401, {"errorCode": "Unauthorized"}
        asked = dict(parse_qsl(query))
        if path == "/apis/portal/abonents":
            return 200, [self._person(*user) for user in self.users()]
        if path == "/apis/portal/v2/statistics":
            since, until = (datetime.strptime(asked[name], _ASKED).replace(tzinfo=UTC).timestamp() * 1000
                            for name in ("dateFrom", "dateTo"))  # fmt: skip
            rows = [row for row in self.rows if since <= row["startDate"] <= until]
            rows.sort(key=lambda row: -int(row["startDate"]))
            first = int(asked["page"]) * int(asked["pageSize"])
            return 200, rows[first : first + min(int(asked["pageSize"]), 100)]
        return 404, b""

    def _person(self, user: str, extension: str, manager: str) -> dict[str, object]:
        last, _, first = self.name_of(user).partition(" ")
        return {"userId": f"{user}@ip.beeline.ru", "phone": "", "firstName": first, "lastName": last,
                "extension": extension}  # fmt: skip


class MtsPortal(Vendor):
    """Pages with their count; people are known by their numbers."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.rows: list[dict[str, Any]] = []

    def happens(self, call: SimulatedCall) -> None:
        ours, theirs = f"7915000{call.extension:0>4}", call.contact.lstrip("+")
        out = call.way is Way.OUT
        call.id = f"track-{len(self.rows)}"
        self.rows.append(
            {"callTime": call.start * 1000, "callingNumber": ours if out else theirs,
             "calledNumber": theirs if out else ours, "direction": "ORIGINATING" if out else "TERMINATING",
             "duration": call.talk_s, "status": "PLACED" if call.picked or out else "MISSED", "extTrackingId": call.id}
        )  # fmt: skip

    def respond(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Answer:
        self.asked.append((path, query))
        if headers.get("X-AUTH-TOKEN") != TOKEN:
            return 401, {"message": "Unauthorized"}
        asked = dict(parse_qsl(query))
        if path == "/api/abonents":
            return 200, [self._person(*user) for user in self.users()]
        if path == "/api/v1/callHistory/enterprise":
            rows = [row for row in self.rows if int(asked["dateFrom"]) <= row["callTime"] <= int(asked["dateTo"])]
            rows.sort(key=lambda row: -int(row["callTime"]))
            size = min(int(asked["size"]), 100)
            first = int(asked["page"]) * size
            return 200, {"content": rows[first : first + size], "totalPages": -(-len(rows) // size)}
        return 404, b""

    def _person(self, user: str, extension: str, manager: str) -> dict[str, object]:
        last, _, first = self.name_of(user).partition(" ")
        return {"userId": user, "phone": f"+7915000{extension:0>4}", "extension": extension, "firstName": first,
                "lastName": last}  # fmt: skip
