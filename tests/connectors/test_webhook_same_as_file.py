"""A call by webhook now, and by the export tonight: one record where the sender says its id, else one call."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connectors.http.webhook import Answered
from schemas.records import CallLeg
from tests.connectors.conftest import read as read_file
from tests.connectors.webhook_requests import answered, read, request

_MANGO = (
    "[];1793602800;1793602868;1793602808;;74950000001;101;sip:anna@vpbx000000001.mangosip.ru;1110;74950000099;"
    "abonent;MTAwMDAwMDAwMQ==\n"
)
_FILES = {
    "mango/summary_inbound": ("stats.csv", _MANGO * 3),
    "megapbx/history_in": (
        "history.json",
        json.dumps([{
            "uid": "270101000000001", "type": "in", "status": "success", "client": "74950000001", "user": "anna",
            "diversion": "74950000098", "start": "2026-11-02T07:00:00Z", "wait": 0, "duration": 60,
            "record": "https://records.example/1.mp3",
        }]),
    ),
    "zadarma/end_inbound": (
        "statistics.json",
        json.dumps({"stats": [{
            "call_id": "1793602800.100001", "sip": "101", "callstart": "2026-11-02 10:00:00", "clid": "+74950000001",
            "destination": "74950000099", "disposition": "answered", "seconds": 60, "is_recorded": "true",
            "pbx_call_id": "in_0000000000000000000000000000000000000001",
        }]}),
    ),
    "uis/finished_json": (
        "calls.json",
        json.dumps({"result": {"data": [{
            "id": 2147000001, "start_time": "2026-11-02 10:00:00", "finish_time": "2026-11-02 10:01:08",
            "direction": "in", "is_lost": False, "talk_duration": 60, "total_duration": 68,
            "contact_phone_number": "74950000001", "virtual_phone_number": "74950000099",
            "employee_full_name": "Анна Белова",
        }]}}),
    ),
    "twilio/completed_client": (
        "calls.json",
        json.dumps({"calls": [{
            "sid": "CA00000000000000000000000000000001", "parent_call_sid": "CA00000000000000000000000000000000",
            "from": "+12025550101", "to": "client:anna", "direction": "outbound-dial", "status": "completed",
            "start_time": "Mon, 02 Nov 2026 07:00:08 +0000", "end_time": "Mon, 02 Nov 2026 07:01:08 +0000",
            "duration": "60",
        }]}),
    ),
}  # fmt: skip


def by_webhook(name: str) -> CallLeg:
    found = answered(name.partition("/")[0], read(request(name)))
    assert isinstance(found, Answered)
    (leg,) = found.items
    assert isinstance(leg, CallLeg)
    return leg


def by_file(folder: Path, name: str, content: str) -> CallLeg:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    leg = read_file(path)[0]
    assert isinstance(leg, CallLeg), leg
    return leg


@pytest.mark.parametrize("name", sorted(_FILES))
def test_record_of_the_file_is_that_of_the_webhook(name: str, tmp_path: Path) -> None:
    hooked, filed = by_webhook(name), by_file(tmp_path, *_FILES[name])
    assert (hooked.record_id, hooked.call_id) == (filed.record_id, filed.call_id)
    for field in ("started_at", "answered_at", "ended_at", "billsec", "direction", "disposition", "contact"):
        assert getattr(hooked, field) == getattr(filed, field), field


def test_leg_of_freeswitch_is_that_of_its_file(tmp_path: Path) -> None:
    case = read(request("freeswitch/json"))
    filed = by_file(tmp_path, "a.cdr.json", case["body"])
    hooked = by_webhook("freeswitch/json")
    assert (hooked.record_id, hooked.call_id, hooked.billsec) == (filed.record_id, filed.call_id, filed.billsec)


def test_call_of_bitrix24_meets_its_row_by_call(tmp_path: Path) -> None:
    """The event does not hold the row's ID."""
    hooked = by_webhook("bitrix24/call_end")
    row = {
        "ID": "77", "CALL_ID": hooked.call_id, "CALL_TYPE": "1", "PHONE_NUMBER": "+74950000001", "PORTAL_USER_ID": "7",
        "CALL_DURATION": "60", "CALL_START_DATE": "2026-11-02T10:00:00+03:00", "CALL_FAILED_CODE": "200",
    }  # fmt: skip
    filed = by_file(tmp_path, "statistic.json", json.dumps({"result": [row]}))
    assert hooked.call_id == filed.call_id
    assert (hooked.started_at, hooked.billsec) == (filed.started_at, filed.billsec)
