"""A call from the API, from the vendor's file and of its webhook is one record: the same source, ids and facts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.api.adapter import Adapter, ApiRequest, PulledPage, PullOptions, PullWindow
from connectors.http.webhook import Answered
from connectors.mango.api import MangoAdapter
from connectors.megafon.api import MegafonAdapter
from connectors.uis.api import UisAdapter
from connectors.zadarma.api import ZadarmaAdapter
from schemas.records import CallLeg, Record, Rejected
from tests.connectors import webhook_requests
from tests.connectors.conftest import context, read

VENDORS = Path(__file__).parent.parent
WINDOW = PullWindow(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC))
ZONE = {"result": {"data": [{"timezone": "Europe/Moscow"}], "metadata": {}}}


def pulled(adapter: Adapter, answers: Sequence[Any]) -> list[Record | Rejected]:
    """What the stream of calls makes of these answers, in turn."""
    stream = next(one for one in adapter.streams() if one.name == "calls")
    reader = stream.read(WINDOW, "", lambda: context("auto"))
    left, items = [*answers], []
    step: ApiRequest | PulledPage = next(reader)
    while True:
        if isinstance(step, ApiRequest):
            step = reader.send(left.pop(0))
            continue
        items += [item for row in step.rows for item in row.items]
        if step.is_last:
            return items
        step = next(reader)


def facts(items: Sequence[Record | Rejected]) -> list[Record]:
    """The legs, without where they stood."""
    return [msgspec.structs.replace(one, origin="") for one in items if isinstance(one, CallLeg)]


def objects(name: str) -> list[dict[str, Any]]:
    """The rows of a fixture of one row a line, without those that are cut or are not objects: no answer has them."""
    found = []
    for line in (VENDORS / name).read_text(encoding="utf-8").splitlines():
        try:
            found.append(msgspec.json.decode(line.strip().rstrip(","), type=dict[str, Any]))
        except msgspec.MsgspecError:
            continue
    return [row for row in found if len(row) > 4]


FILES: dict[str, tuple[str, Adapter]] = {
    "mango": ("mango/golden/mango/usual_12.csv", MangoAdapter(PullOptions())),
    "uis": ("uis/golden/uis/calls_report.body", UisAdapter(PullOptions())),
    "megafon": ("megafon/golden/megafon/history_api.body", MegafonAdapter(PullOptions())),
    "zadarma": ("zadarma/golden/zadarma/statistics_api.body", ZadarmaAdapter(PullOptions())),
}


@pytest.mark.parametrize("vendor", sorted(FILES))
def test_answer_that_is_pulled_and_the_same_answer_in_a_file_are_the_same_records(vendor: str, tmp_path: Path) -> None:
    name, adapter = FILES[vendor]
    rows = objects(name)
    bodies: dict[str, Any] = {"uis": {"result": {"data": rows}}, "megafon": rows, "zadarma": {"stats": rows}}
    file = tmp_path / "answer.json"
    if vendor == "mango":
        text = (VENDORS / name).read_text(encoding="utf-8")
        file.write_text(text, encoding="utf-8")
        answers: list[Any] = [{"key": "k"}, text]
    else:
        file.write_bytes(msgspec.json.encode(bodies[vendor]))
        answers = [{"uis": ZONE, "zadarma": {"timezone": "UTC+3"}}.get(vendor), bodies[vendor]]
    found, loaded = pulled(adapter, [one for one in answers if one is not None]), read(file)
    assert len(facts(found)) >= 3
    assert facts(found) == facts(loaded)
    reasons = [[one.reason for one in items if isinstance(one, Rejected)] for items in (found, loaded)]
    assert reasons[0] == reasons[1]


def notified(vendor: str, name: str) -> CallLeg:
    case = webhook_requests.read(VENDORS / vendor / "webhook" / name)
    kind = {"megafon": "megapbx"}.get(vendor, vendor)
    answer = webhook_requests.answered(kind, case)
    assert isinstance(answer, Answered)
    (leg,) = answer.items
    assert isinstance(leg, CallLeg)
    return leg


ROWS: dict[str, tuple[Adapter, str, list[Any]]] = {
    "mango": (
        MangoAdapter(PullOptions()),
        "summary_inbound.json",
        [
            {"key": "k"},
            "[MToxMDAwMDA1MDE=];1793602800;1793602868;1793602808;;74950000001;101;"
            "sip:anna@vpbx000000001.mangosip.ru;1110;74950000099;abonent;MTAwMDAwMDAwMQ==\n",
        ],
    ),
    "uis": (
        UisAdapter(PullOptions()),
        "finished_json.json",
        [ZONE, {"result": {"data": [{
            "id": 2147000001, "start_time": "2026-11-02 10:00:00", "finish_time": "2026-11-02 10:01:08",
            "direction": "in", "is_lost": False, "talk_duration": 60, "total_duration": 68,
            "contact_phone_number": "74950000001", "virtual_phone_number": "74950000099",
            "last_answered_employee_id": 11}]}}],
    ),
    "megafon": (
        MegafonAdapter(PullOptions()),
        "history_in.json",
        [[{"uid": "270101000000001", "type": "in", "status": "success", "client": "74950000001", "user": "anna",
           "diversion": "74950000098", "start": "2026-11-02T07:00:00Z", "wait": 4, "duration": 60}]],
    ),
    "zadarma": (
        ZadarmaAdapter(PullOptions()),
        "end_inbound.json",
        [{"timezone": "UTC+3"}, {"stats": [{
            "call_id": "1793602800.100001", "sip": "74950000001", "callstart": "2026-11-02 10:00:00",
            "clid": "74950000001", "destination": 101, "disposition": "answered", "seconds": 60, "is_recorded": True,
            "pbx_call_id": "in_0000000000000000000000000000000000000001"}]}],
    ),
}  # fmt: skip


@pytest.mark.parametrize("vendor", sorted(ROWS))
def test_row_that_is_pulled_and_the_webhook_of_its_call_are_one_record(vendor: str) -> None:
    adapter, name, answers = ROWS[vendor]
    (leg,) = pulled(adapter, answers)
    assert isinstance(leg, CallLeg)
    told = notified(vendor, name)
    for field in ("record_id", "call_id", "started_at", "contact", "direction", "disposition", "billsec"):
        assert getattr(leg, field) == getattr(told, field), field
    assert abs(leg.ended_at - told.ended_at) <= timedelta(seconds=8)  # MegaPBX notifies without the wait


def test_zadarma_notification_without_a_recording_names_no_leg_and_is_a_leg_of_the_same_call() -> None:
    told = notified("zadarma", "end_outbound.json")
    row = {"call_id": "1793602800.7", "sip": 102, "callstart": "2026-11-02 10:00:00", "clid": "102",
           "destination": "74950000002", "disposition": "no answer", "seconds": 0,
           "pbx_call_id": told.call_id}  # fmt: skip
    (leg,) = pulled(ZadarmaAdapter(PullOptions()), [{"timezone": "UTC+3"}, {"stats": [row]}])
    assert isinstance(leg, CallLeg)
    assert (leg.call_id, leg.started_at, leg.extension) == (told.call_id, told.started_at, told.extension)
