"""Calls of an exchange and a CRM's notes of them, in any order, with corrections, repeats, two workers and deaths: what
counts is what plain Python says, and which notes are copies too.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.agents.step import Frame, Outgoing
from pipeline.app import make_steps
from pipeline.readouts.noted_calls import NotedCalls, noted_calls
from pipeline.store import Store
from schemas.codec import encode
from schemas.errors import Transient
from schemas.provenance import taking_back
from schemas.records import Activity, CallLeg, Direction, Disposition, Manager
from schemas.topics import CALL_LEGS
from tests.pipeline.property.brute import Tables, World, cells
from tests.pipeline.property.department import PHONES, START, VERSION, Department, Said
from tests.pipeline.property.memory_wire import Delivery, MemoryWire, deliver, deliveries, lines, run
from tests.pipeline.property.tables import ALWAYS, SETTINGS, Database, same
from tests.pipeline.property.test_side_by_side import MeetingStore

OFFICE, CRM = "office", "crm"


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    return Database(store_dsn)


def _told(number: int) -> dict[str, object]:
    return {"version": VERSION + number * 10**9, "import_id": f"load-{number}", "origin": f"file-{number}:7"}


@st.composite
def _versions_of_a_call(draw: st.DrawFn, source: str, call_id: str) -> list[CallLeg]:
    """One row each; a correction may move it in time, to another number, person or length."""
    versions: list[CallLeg] = []
    for _ in range(draw(st.integers(1, 2))):
        started_at = START + timedelta(hours=9, seconds=draw(st.sampled_from((0, 30, 90, 91, 181, 290))))
        billsec = draw(st.sampled_from((0, 0, 5, 6, 31)))
        answered = {"disposition": Disposition.ANSWERED, "answered_at": started_at} if billsec else {}
        leg = CallLeg(
            source=source,
            call_id=call_id,
            record_id=call_id,
            started_at=started_at,
            ended_at=started_at + timedelta(seconds=max(billsec, 20)),
            billsec=billsec,
            direction=draw(st.sampled_from((Direction.OUTBOUND, Direction.INBOUND))),
            extension=draw(st.sampled_from({OFFICE: ("101", "102"), CRM: ("701", "702")}[source])),
            contact=draw(st.sampled_from((*PHONES, PHONES[0]))),
            noted=int(source == CRM),
            **{"disposition": Disposition.NO_ANSWER, "version": 0, **answered},  # type: ignore[arg-type]
        )
        if not any(msgspec.structs.replace(leg, **_told(n)) == one for n, one in enumerate(versions)):
            versions.append(msgspec.structs.replace(leg, **_told(len(versions))))
    return versions


@st.composite
def _worlds(draw: st.DrawFn) -> Department:
    legs = [leg for n in range(draw(st.integers(1, 3))) for leg in draw(_versions_of_a_call(OFFICE, f"{OFFICE}.{n}"))]
    for number in range(draw(st.integers(1, 3))):
        # Some have the exchange's own id.
        call_id = draw(st.sampled_from((f"{CRM}.{number}", f"{CRM}.{number}", f"{OFFICE}.{number}")))
        legs += draw(_versions_of_a_call(CRM, call_id))
    since = START - timedelta(days=30)
    owned = draw(st.lists(st.sampled_from((("101", "701"), ("101",), ("701",))), min_size=1, max_size=2, unique=True))
    managers = [
        Manager(manager_id="ann", name="Ann", extensions=[*ends], valid_from=since, **_told(n))  # type: ignore[arg-type]
        for n, ends in enumerate(owned)
    ]
    bob = Manager(manager_id="bob", name="Bob", extensions=["102", "702"], valid_from=since, **_told(0))  # type: ignore[arg-type]
    return Department([*managers, bob], [], [], [], legs)


def expected(department: Department) -> tuple[Tables, dict[str, list[str]]]:
    """What the tables hold in the end; note -> what it is a copy of."""
    world = World(department)
    calls = [world.call([leg]) for leg in world.legs.values()]
    copies = {note.activity_id: _originals(note, calls) for note in calls if note.source == CRM}
    counted = {
        one.activity_id: msgspec.structs.replace(one, noted=int(one.source == CRM))
        for one in calls
        if not copies.get(one.activity_id)
    }
    return Tables(world.legs, counted, cells(counted.values()), set()), copies


def _originals(note: Activity, calls: Sequence[Activity]) -> list[str]:
    near = [
        one for one in calls
        if one.source == OFFICE and one.contact == note.contact
        and -90 <= (note.at - one.at).total_seconds() <= 90 + one.wait_s + one.talk_s
    ]  # fmt: skip
    same = [one for one in near if one.activity_id.split(":")[2] == note.activity_id.split(":")[2]]
    alike = [
        one for one in near
        if one.manager_id == note.manager_id and -5 <= one.talk_s - note.talk_s <= 5
        and (note.at - one.at).total_seconds() <= 90
    ]  # fmt: skip
    return sorted(one.activity_id for one in same or alike)


def holds(database: Database, department: Department) -> None:
    tables, copies = expected(department)
    same(tables, database.tables())
    assert database.differences() == []
    rows = database.client.query(
        "SELECT activity_id, copies_of FROM placements FINAL WHERE noted AND (NOT retracted OR notEmpty(copies_of))"
    ).result_rows
    assert {name: list(of) for name, of in rows} == copies
    assert len(rows) == len(copies), "a note in one place"


@st.composite
def _delivered(draw: st.DrawFn) -> tuple[Department, Delivery]:
    department = draw(_worlds())
    return department, draw(deliveries(len(department.said)))


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    print_blob=True,
    phases=[Phase.explicit, Phase.generate],
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(_delivered())
def test_each_call_counts_once_whichever_way_it_and_its_note_come(
    database: Database, delivered: tuple[Department, Delivery]
) -> None:
    department, delivery = delivered
    database.empty()
    deliver(department.said, delivery, database.store, SETTINGS)
    holds(database, department)


@settings(max_examples=6, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate])
@given(_worlds(), st.randoms(use_true_random=False))
def test_note_counts_again_when_the_call_is_taken_back(
    database: Database, department: Department, random: Random
) -> None:
    database.empty()
    taken: list[Said] = [
        (CALL_LEGS, taking_back(leg, leg.version, leg.import_id, "undo"))
        for leg in department.legs
        if leg.source == OFFICE
    ]
    said = department.said
    random.shuffle(said)
    for some in (said, taken, taken):
        wire = MemoryWire()
        wire.send(lines(some))
        run(wire, [], database.store, SETTINGS)
    left = department._replace(legs=[leg for leg in department.legs if leg.source == CRM])
    tables, copies = expected(left)
    assert database.tables().activities == tables.activities
    assert database.tables().cells == tables.cells
    assert not any(copies.values())
    assert database.differences() == []


_meetings = st.lists(st.integers(1, 16), unique=True, min_size=1, max_size=5)


@settings(max_examples=8, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate])
@given(department=_worlds(), meetings=st.tuples(_meetings, _meetings))
def test_note_and_call_that_two_workers_settle_at_one_time_see_each_other(
    database: Database, department: Department, meetings: tuple[Sequence[int], Sequence[int]]
) -> None:
    """Whatever either of them does first: what both decide beside each other is put right."""
    database.empty()
    wire = MemoryWire()
    wire.send(lines(one for one in department.said if one[0] is not CALL_LEGS))
    run(wire, [], database.store, SETTINGS)
    barrier = threading.Barrier(2)
    chunks = ([leg for leg in department.legs if leg.source == source] for source in (OFFICE, CRM))
    with ThreadPoolExecutor(2) as threads:
        running = [
            threads.submit(_settle, MeetingStore(database.store, barrier, meets_at), chunk, barrier)
            for chunk, meets_at in zip(chunks, meetings, strict=True)
        ]
        published = [line for one in running for line in one.result()]
    wire.send(published)
    run(wire, [], database.store, SETTINGS)
    holds(database, department)


def _settle(store: Store, legs: Sequence[CallLeg], barrier: threading.Barrier) -> list[Outgoing]:
    step = next(one for one in make_steps(store, SETTINGS) if one.topic is CALL_LEGS)
    try:
        for _ in range(20):
            try:
                return list(step.settle_chunk([Frame(encode(leg), "here") for leg in legs]).outgoing)
            except Transient:
                continue
        raise AssertionError("it never settled")
    finally:
        barrier.abort()


def test_note_of_a_user_who_turns_out_to_be_somebody_else_counts_and_is_a_copy_again_when_that_is_put_right(
    database: Database,
) -> None:
    """Nobody has the call's extension; nothing of it changes, and nothing of the note."""
    started_at = START + timedelta(hours=9)
    legs = [
        CallLeg(
            source=source, call_id=source, record_id=source, started_at=started_at, answered_at=started_at,
            ended_at=started_at + timedelta(seconds=60), billsec=60, direction=Direction.OUTBOUND,
            disposition=Disposition.ANSWERED, extension=extension, contact=PHONES[0], noted=int(source == CRM),
            version=VERSION,
        )
        for source, extension in ((OFFICE, "101"), (CRM, "701"))
    ]  # fmt: skip
    since = START - timedelta(days=30)
    managers = [
        Manager(manager_id="bob", name="Bob", extensions=ends, valid_from=since, version=VERSION + number)
        for number, ends in enumerate((["103"], ["701"], ["103"]))
    ]
    database.empty()
    for number, manager in enumerate(managers, 1):
        wire = MemoryWire()
        wire.send(lines(Department([manager], [], [], [], legs if number == 1 else []).said))
        run(wire, [], database.store, SETTINGS)
        holds(database, Department(managers[:number], [], [], [], legs))
        assert len(database.tables().activities) == 1 + (number == 2)


def test_ambiguous_and_doubtful_notes_are_shown_by_source(database: Database) -> None:
    """Two calls of one manager half a minute apart, and notes: of both, twice of one, of another length, of no call."""

    def call(source: str, call_id: str, after_s: int, talk_s: int, contact: str) -> CallLeg:
        started_at = START + timedelta(hours=9, seconds=after_s)
        return CallLeg(
            source=source, call_id=call_id, record_id=call_id, started_at=started_at, answered_at=started_at,
            ended_at=started_at + timedelta(seconds=talk_s), billsec=talk_s, direction=Direction.OUTBOUND,
            disposition=Disposition.ANSWERED, extension={OFFICE: "101", CRM: "701"}[source], contact=contact,
            noted=int(source == CRM), version=VERSION,
        )  # fmt: skip

    one, two, three, four, five = (f"+7495000000{number}" for number in range(1, 6))
    legs = [
        call(OFFICE, "1", 0, 60, one), call(OFFICE, "2", 30, 62, one), call(CRM, "a", 10, 61, one),
        call(OFFICE, "3", 0, 60, two), call(CRM, "b", 0, 60, two), call(CRM, "c", 60, 60, two),
        call(OFFICE, "4", 0, 60, three), call(CRM, "d", 0, 20, three),
        call(CRM, "e", 0, 60, four), call(OFFICE, "5", 91, 60, four),
        call(OFFICE, "6", 0, 7, four), call(CRM, "6", 60, 30, four),
        call(OFFICE, "7", 0, 400, five), call(CRM, "f", 405, 400, five),  # noted when it had ended
    ]  # fmt: skip
    ann = Manager(manager_id="ann", name="Ann", extensions=["101", "701"], valid_from=START, version=VERSION)
    database.empty()
    wire = MemoryWire()
    wire.send(lines(Department([ann], [], [], [], legs).said))
    run(wire, [], database.store, SETTINGS)
    (found,) = noted_calls(database.numbers, ALWAYS)
    # a, b, c and 6 (by its id) are copies; of d the length differs, of e (call 6) too, of f the start
    assert found == NotedCalls(CRM, notes=7, copies=4, ambiguous=3, counted=3, doubtful=3)
    assert "3 ambiguous: several calls or notes fit" in str(found)
    assert noted_calls(database.numbers, ALWAYS, ["other"]) == []
