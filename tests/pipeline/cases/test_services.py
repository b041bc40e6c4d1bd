"""Who talked in calls of services that put them through: to a client, a colleague of a queue, a mobile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from schemas.records import CallLeg, Direction
from tests.connectors.conftest import read
from tests.pipeline.cases.harness import Counted, counted, person

IN, OUT = Direction.INBOUND, Direction.OUTBOUND
ROSTER = (person("m1", "101", logins=["anna", "anna@example.com"], mobiles=["+12025550177"]), person("m2", "102"))


def calls(folder: Path, rows: dict[str, list[dict[str, Any]]]) -> list[Counted]:
    path = folder / "calls.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    return counted([item for item in read(path, region="US") if isinstance(item, CallLeg)], ROSTER)


def twilio(sid: str, parent: str, caller: str, called: str, way: str, start: int, length: int) -> dict[str, Any]:
    at = "Mon, 02 Nov 2026 14:0{}:{:02} +0000"
    return {
        "sid": sid,
        "parent_call_sid": parent or None,
        "from": caller,
        "to": called,
        "direction": way,
        "status": "completed",
        "start_time": at.format(start // 60, start % 60),
        "end_time": at.format((start + length) // 60, (start + length) % 60),
        "duration": str(length),
    }


def test_call_that_twilio_put_through_to_a_mobile_is_whose_mobile_it_is(tmp_path: Path) -> None:
    rows = [
        twilio("CA1", "", "+12025550101", "+12025550199", "inbound", 0, 90),
        twilio("CA2", "CA1", "+12025550101", "+12025550177", "outbound-dial", 20, 60),
    ]
    assert calls(tmp_path, {"calls": rows}) == [Counted("m1", 60, True, IN, "+12025550101")]


def test_call_that_a_client_of_twilio_began_is_the_clients(tmp_path: Path) -> None:
    rows = [
        twilio("CA1", "", "client:anna", "+12025550104", "inbound", 0, 70),
        twilio("CA2", "CA1", "+12025550199", "+12025550104", "outbound-dial", 5, 50),
    ]
    assert calls(tmp_path, {"calls": rows}) == [Counted("m1", 50, True, OUT, "+12025550104")]


def test_call_of_a_queue_of_ringcentral_is_whose_leg_was_accepted(tmp_path: Path) -> None:
    queue = {"phoneNumber": "+12025550199", "name": "Sales queue"}
    row = {
        "id": "R1",
        "sessionId": "S1",
        "startTime": "2026-11-02T14:13:00.000Z",
        "duration": 80,
        "type": "Voice",
        "direction": "Inbound",
        "result": "Accepted",
        "from": {"phoneNumber": "+12025550107"},
        "to": queue,
        "legs": [
            {"result": "Accepted", "to": queue},
            {"result": "Missed", "to": {"extensionNumber": "101", "name": "Anna"}},
            {"result": "Accepted", "to": {"extensionNumber": "102", "name": "Boris"}},
        ],
    }
    assert calls(tmp_path, {"records": [row]}) == [Counted("m2", 80, True, IN, "+12025550107")]


def test_call_of_aircall_is_the_users(tmp_path: Path) -> None:
    row = {
        "id": 1,
        "direction": "inbound",
        "started_at": 1793628000,
        "answered_at": 1793628010,
        "duration": 70,
        "ended_at": 1793628070,
        "raw_digits": "+12025550101",
        "user": {"name": "Anna", "email": "anna@example.com"},
    }
    assert calls(tmp_path, {"calls": [row]}) == [Counted("m1", 60, True, IN, "+12025550101")]
