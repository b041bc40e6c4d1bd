"""3CX v20 as public clients know it: a token for an hour, a report whose parameters are all wanted, in their order, the
newest row first, 20,000 rows at most; several segments a call, queues with numbers that look like people's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote

from department.calls import CallOutcome, SimulatedCall, Way
from tests.connectors.api.exchanges.vendor import Answer, Vendor

CLIENT, CLIENT_SECRET = "callfunnel", "clientsecret0123456789"
QUEUE, MENU, TRUNK = "801", "802", "10000"
_REPORT = re.compile(
    r"/xapi/v1/ReportCallLogData/Pbx\.GetCallLogData\(periodFrom=(\S+?),periodTo=(\S+?),sourceType=0,sourceFilter='',"
    r"destinationType=0,destinationFilter='',callsType=0,callTimeFilterType=0,callTimeFilterFrom='0:00:00',"
    r"callTimeFilterTo='0:00:00',hidePcalls=true\)"
)


class ThreeCxBox(Vendor):
    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.rows: list[dict[str, Any]] = []
        self.most_rows = 20_000
        self.tokens: dict[str, datetime] = {}
        """Token -> when it ends."""
        self._calls = 0

    def issue(self) -> str:
        token = f"token{len(self.tokens)}"
        self.tokens[token] = self.clock() + timedelta(hours=1)
        return token

    def happens(self, call: SimulatedCall) -> None:
        self._calls += 1
        call.id = f"0000-{self._calls:08}"
        outside = call.contact
        if call.way is Way.OUT:
            answered = call.picked or call.end
            self._row(call, "Outbound", call.extension, call.extension, TRUNK, outside, call.start, answered, call.end)
            return
        began = call.start
        if call.menu_s:
            self._row(call, "Inbound", TRUNK, outside, MENU, MENU, began, began, began + call.menu_s)
            began += call.menu_s
        if len(call.rang) > 1:
            until = call.picked or call.end
            self._row(call, "Inbound", TRUNK, outside, QUEUE, QUEUE, began, until, until, answered=bool(call.picked))
        for desk in (one for one in call.rang if one != call.extension):
            until = call.picked or call.end
            self._row(call, "Inbound", TRUNK, outside, desk, desk, began, until, until)
        desk = call.extension or QUEUE
        self._row(call, "Inbound", TRUNK, outside, desk, desk, began, call.picked or call.end, call.end)

    def _row(
        self, call: SimulatedCall, way: str, source: str, source_id: str, target: str, target_id: str,
        start: int, answer: int, end: int, *, answered: bool = False,
    ) -> None:  # fmt: skip
        talk_s = end - answer
        number = len(self.rows) + 1
        unanswered = {CallOutcome.BUSY: "Busy", CallOutcome.FAILED: "Failed"}.get(call.outcome, "Not answered")
        self.rows.append(
            {"MainCallHistoryId": call.id, "CallHistoryId": f"{call.id}-{number}", "CdrId": f"cdr-{number}",
             "CallId": self._calls, "SegmentId": number, "Indent": 0, "Direction": way,
             "StartTime": datetime.fromtimestamp(start, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
             "SourceDn": source, "SourceCallerId": source_id, "DestinationDn": target, "DestinationCallerId": target_id,
             "SourceType": 1, "DestinationType": 0, "Answered": bool(talk_s) or answered,
             "Status": "Answered" if talk_s else "Unanswered", "Reason": None if talk_s else unanswered,
             "RingingDuration": _length(answer - start), "TalkingDuration": _length(talk_s), "CallCost": 0,
             "RecordingUrl": None}
        )  # fmt: skip

    def respond(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Answer:
        self.asked.append((path, query))
        if path == "/connect/token":
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            wanted = {"client_id": CLIENT, "client_secret": CLIENT_SECRET, "grant_type": "client_credentials"}
            if form != wanted:
                return 401, {"error": "invalid_client"}
            return 200, {"token_type": "Bearer", "expires_in": 3600, "access_token": self.issue()}
        ends_at = self.tokens.get(headers.get("Authorization", "").removeprefix("Bearer "))
        if ends_at is None or ends_at <= self.clock():
            return 401, b""
        asked = dict(parse_qsl(query))
        skip, top = int(asked["$skip"]), int(asked["$top"])
        if path == "/xapi/v1/Users":
            users = [self._person(*user) for user in self.users()]
            return 200, {"value": users[skip : skip + min(top, 100)]}
        found = _REPORT.fullmatch(unquote(path))
        if found is None:
            return 400, {"error": {"message": "The parameters of the function are wrong"}}
        since, until = found[1], found[2]
        rows = sorted(
            (row for row in self.rows if since <= row["StartTime"] <= until),
            key=lambda row: (row["StartTime"], row["SegmentId"]),
            reverse=True,
        )
        return 200, {"@odata.context": "x", "value": rows[: self.most_rows][skip : skip + top]}

    def _person(self, user: str, extension: str, manager: str) -> dict[str, object]:
        last, _, first = self.name_of(user).partition(" ")
        return {"Id": int(user), "Number": extension, "FirstName": first, "LastName": last, "Mobile": "",
                "Enabled": True}  # fmt: skip


def _length(seconds: int) -> str:
    return f"PT{seconds // 60}M{seconds % 60}.25S" if seconds >= 60 else f"PT{seconds}.25S" if seconds else "PT0S"
