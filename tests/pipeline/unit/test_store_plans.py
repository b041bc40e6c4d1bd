"""Plans, days and absences on a store: twice is once, a correction replaces, and no order or split matters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.agents.step import Frame, Outgoing
from pipeline.agents.store_plans import StoreAbsences, StoreCalendar, StorePlans
from pipeline.store import Store, connect
from schemas.codec import encode
from schemas.plans import Absence, AbsenceKind, CalendarDay, DayKind, Plan
from schemas.records import Reason, Record, Rejected

NOW = int(datetime(2026, 11, 3, 8, 0, tzinfo=UTC).timestamp()) * 10**9
STEPS: dict[type[Any], Any] = {Plan: StorePlans, CalendarDay: StoreCalendar, Absence: StoreAbsences}

PLAN = Plan(manager_id="m1", month="2026-11", calls_to_potential=300, amount=Decimal(500), import_id="a", version=10)
HOLIDAY = CalendarDay(day=date(2026, 11, 4), kind=DayKind.HOLIDAY, title="День", import_id="a", version=10)
LEAVE = Absence(
    manager_id="m1", first=date(2026, 11, 9), last=date(2026, 11, 20), kind=AbsenceKind.LEAVE, import_id="a", version=10
)
CORRECTED: dict[type[Any], Any] = {
    Plan: msgspec.structs.replace(PLAN, calls_to_potential=None, amount=Decimal(700), version=11),
    CalendarDay: msgspec.structs.replace(HOLIDAY, kind=DayKind.SHORT, version=11),
    Absence: msgspec.structs.replace(LEAVE, last=date(2026, 11, 13), withdrawn=1, version=11),
}
RECORDS = pytest.mark.parametrize("record", [PLAN, HOLIDAY, LEAVE], ids=lambda one: type(one).__name__)


@pytest.fixture
def store(store_dsn: str) -> Store:
    empty(store_dsn)
    return Store(connect(store_dsn))


def empty(store_dsn: str) -> None:
    client = connect(store_dsn)
    for step in STEPS.values():
        client.command(f"TRUNCATE TABLE {step.topic.table}")


def send(store: Store, *records: Record | bytes) -> list[Outgoing]:
    """One frame through a new step of the first record's kind."""
    step = STEPS[type(records[0])](store, lambda: NOW)
    lines = [one if isinstance(one, bytes) else encode(one) for one in records]
    settled = step.settle_chunk([Frame(b"\n".join(lines), f"{step.topic.name}:0:7")])
    return list(settled.outgoing)


def rows(store: Store, kind: type[Any], *, folded: bool = True) -> Sequence[Any]:
    table = STEPS[kind].topic.table
    return store.rows(msgspec.json.Decoder(kind), f"SELECT * FROM {table} {'FINAL' if folded else ''} ORDER BY version")


@RECORDS
def test_twice_is_once_in_one_frame_and_in_two(store: Store, record: Any) -> None:
    again = msgspec.structs.replace(record, import_id="b", version=20)
    send(store, record, record, again)
    send(store, again)
    assert rows(store, type(record), folded=False) == [record]


@RECORDS
def test_corrected_version_replaces_and_a_late_older_one_does_not(store: Store, record: Any) -> None:
    corrected = CORRECTED[type(record)]
    send(store, record)
    send(store, corrected)
    send(store, record)
    assert rows(store, type(record)) == [corrected]
    assert rows(store, type(record), folded=False)[-1] == corrected


@RECORDS
def test_line_that_is_no_record_is_rejected_and_the_rest_is_stored(store: Store, record: Any) -> None:
    (rejected,) = send(store, record, b'{"v":1,"manager_id":"m1","month":"November"}')
    said = msgspec.json.decode(rejected.line, type=Rejected)
    assert (said.reason, said.topic) == (Reason.BAD_WIRE, STEPS[type(record)].topic.name)
    assert rows(store, type(record)) == [record]


def test_other_months_days_and_absences_stay(store: Store) -> None:
    december = msgspec.structs.replace(PLAN, month="2026-12")
    send(store, PLAN, december, msgspec.structs.replace(PLAN, manager_id="m'2\\"))
    send(store, msgspec.structs.replace(december, calls_to_potential=1, version=12))
    assert {(one.manager_id, one.month): one.calls_to_potential for one in rows(store, Plan)} == {
        ("m1", "2026-11"): 300,
        ("m'2\\", "2026-11"): 300,
        ("m1", "2026-12"): 1,
    }


plans = st.builds(
    Plan,
    manager_id=st.sampled_from(("m1", "m2")),
    month=st.sampled_from(("2026-11", "2026-12")),
    calls_to_potential=st.none() | st.integers(0, 2),
    amount=st.sampled_from((None, Decimal(0), Decimal("1.50"))),
    version=st.integers(1, 3),
)


@settings(
    max_examples=25,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), said=st.lists(plans, max_size=12))
def test_any_order_repetition_and_split_leaves_what_was_said_last(
    store: Store, store_dsn: str, data: st.DataObject, said: list[Plan]
) -> None:
    # One word at a time, and nobody returns to what was replaced in between: the limit of decision 17.
    said = list({(one.manager_id, one.month, one.version): one for one in said}.values())
    said = list({msgspec.structs.replace(one, version=0): one for one in said}.values())
    again = data.draw(st.lists(st.sampled_from(said), max_size=4)) if said else []
    order = [*data.draw(st.permutations(said)), *again]
    empty(store_dsn)
    while order:
        size = data.draw(st.integers(1, len(order)))
        send(store, *order[:size])
        order = order[size:]
    last: dict[tuple[str, str], Plan] = {}
    for one in sorted(said, key=lambda one: one.version):
        last[one.manager_id, one.month] = one
    found = {(one.manager_id, one.month): msgspec.structs.replace(one, version=0) for one in rows(store, Plan)}
    assert found == {key: msgspec.structs.replace(one, version=0) for key, one in last.items()}
