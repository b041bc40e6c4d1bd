"""Directory records become rows once: two owners are refused, repeats do nothing, what is gone is retracted."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.agents.step import Frame, Outgoing, Step
from pipeline.agents.store_rejected import StoreRejected
from pipeline.agents.update_managers import UpdateManagers, first_clash
from pipeline.agents.update_organisations import UpdateOrganisations
from pipeline.agents.update_stages import UpdateStages
from pipeline.store import Store, connect
from schemas.codec import encode
from schemas.records import CallLeg, Manager, Organisation, Reason, Record, Rejected, StageChange
from tests.pipeline.unit.making import NINE, activity, at, entered, leg, manager, organisation

NOON = at("12:00:00")
MS = timedelta(milliseconds=1)


# Two managers with one extension.


@pytest.mark.parametrize(
    ("one", "other", "clashes"),
    [
        ((NINE, None), (NINE, None), True),
        ((NINE, NOON), (NOON, None), False),  # half-open: handed over at noon
        ((NINE, NOON), (NOON - MS, None), True),
        ((NINE, None), (NOON, at("13:00:00")), True),
        ((NINE, NOON), (at("13:00:00"), None), False),
        ((at("10:00:00"), at("11:00:00")), (NINE, NOON), True),
    ],
)
def test_periods_that_share_a_moment_clash(
    one: tuple[datetime, datetime | None], other: tuple[datetime, datetime | None], clashes: bool
) -> None:
    anna, boris = manager("anna", ["101"], *one), manager("boris", ["102", "101"], *other)
    assert (first_clash(anna, [boris]) == ("101", boris)) == clashes
    assert (first_clash(boris, [anna]) == ("101", anna)) == clashes


def test_other_extensions_and_own_other_periods_do_not_clash() -> None:
    anna = manager("anna", ["101"], NINE)
    assert first_clash(anna, [manager("boris", ["102"], NINE), manager("anna", ["101"], NOON)]) is None


moments = st.integers(0, 6).map(lambda hours: NINE + timedelta(hours=hours))


@given(moments, st.none() | moments, moments, st.none() | moments)
def test_clash_is_a_moment_that_is_in_both_periods(
    since: datetime, until: datetime | None, other_since: datetime, other_until: datetime | None
) -> None:
    def covers(start: datetime, end: datetime | None, moment: datetime) -> bool:
        return start <= moment and (end is None or moment < end)

    assume(until is None or since < until)
    assume(other_until is None or other_since < other_until)
    shared = any(
        covers(since, until, moment) and covers(other_since, other_until, moment)
        for moment in (NINE + timedelta(minutes=30 * half) for half in range(20))
    )
    clash = first_clash(manager("a", ["1"], since, until), [manager("b", ["1"], other_since, other_until)])
    assert (clash is not None) == shared


# The steps, on a store.

TABLES = ("managers", "organisations", "organisation_phones", "stage_changes", "rejected", "directory_log",
          "directory_spread", "placements", "call_legs", "proposals")  # fmt: skip


@pytest.fixture
def store(store_dsn: str) -> Iterator[Store]:
    client = connect(store_dsn)
    for table in TABLES:
        client.command(f"TRUNCATE TABLE {table}")
    yield Store(client)
    for table in TABLES:
        client.command(f"TRUNCATE TABLE {table}")


ticks = itertools.count(1_000)


def send(step: Step, *records: Record | bytes) -> list[Outgoing]:
    """One chunk through the step, and what it rejects through that step; gives everything sent on."""
    lines = [record if isinstance(record, bytes) else encode(record) for record in records]
    settled = step.settle_chunk([Frame(b"\n".join(lines), "place")])
    outgoing = list(settled.outgoing)
    settled.then()
    rejects = [Frame(line.line, "place") for line in outgoing if line.topic.name == "rejected"]
    StoreRejected(step.store, lambda: next(ticks)).settle_chunk(rejects)  # type: ignore[attr-defined]
    return outgoing


def rows(store: Store, kind: type, table: str) -> Sequence[object]:
    return sorted(store.rows(msgspec.json.Decoder(kind), f"SELECT * FROM {table} FINAL"), key=repr)


class Counted(msgspec.Struct):
    n: int


def logged(store: Store) -> int:
    return store.rows(msgspec.json.Decoder(Counted), "SELECT toUInt32(count()) AS n FROM directory_log")[0].n


def test_second_owner_is_refused_with_both_periods_and_accepted_once_the_first_has_left(store: Store) -> None:
    step = UpdateManagers(store, lambda: next(ticks))
    anna, boris = manager("anna", ["101"], NINE), manager("boris", ["101"], NOON)
    send(step, anna)
    (refused,) = send(step, boris)
    rejected = msgspec.json.decode(refused.line, type=Rejected)
    assert (rejected.reason, rejected.field, rejected.resolved) == (Reason.OVERLAPPING_EXTENSION, "extensions", 0)
    assert "extension 101 of boris (2026-11-02 to now) belongs to anna (2026-11-02 to now)" in rejected.detail
    assert msgspec.json.decode(rejected.payload, type=Manager) == boris
    assert rows(store, Manager, "managers") == [anna]

    left = manager("anna", ["101"], NINE, NOON, version=2)
    send(step, left)
    send(step, msgspec.structs.replace(boris, version=3))
    assert rows(store, Manager, "managers") == [left, msgspec.structs.replace(boris, version=3)]
    (row,) = rows(store, Rejected, "rejected")
    assert (row.rejected_id, row.resolved) == (rejected.rejected_id, 1)  # type: ignore[attr-defined]


def test_owners_who_swap_in_one_chunk_do_not_clash_with_what_they_were(store: Store) -> None:
    step = UpdateManagers(store, lambda: next(ticks))
    send(step, manager("anna", ["101"], NINE), manager("boris", ["102"], NINE))
    send(step, manager("anna", ["102"], NINE, version=2), manager("boris", ["101"], NINE, version=2))
    found = {row.manager_id: row.extensions for row in rows(store, Manager, "managers")}  # type: ignore[attr-defined]
    assert found == {"anna": ["102"], "boris": ["101"]}
    assert rows(store, Rejected, "rejected") == []


@pytest.mark.parametrize(
    ("extension", "at_first", "more"),
    [
        ("101", "101", {"extensions": ["101"]}),
        ("101@a.example", "101@a.example", {"extensions": ["101"]}),
        ("101@a.example", "101@a.example", {"extensions": ["101@a.example"]}),
        ("101", "101", {"extensions": ["101"], "source": "office"}),
        ("Ivanova", "Ivanova", {"logins": ["IVANOVA"]}),
        ("Анна", "Анна", {"name": "анна"}),
        ("+79169990001", "+79169990001", {"mobiles": ["+79169990001"]}),
        # Of whoever forwards there, until somebody has the mobile.
        ("+79169990001", "101", {"mobiles": ["+79169990001"]}),
    ],
)
def test_past_calls_of_what_a_manager_gets_are_decided_again(
    store: Store, extension: str, at_first: str, more: dict[str, object]
) -> None:
    one = leg(extension=extension)
    store.keep("call_legs", [encode(one), encode(leg("other", call_id="2", extension="102"))])
    of_office = {"source": "office", "manager_id": ""}
    placed = activity(activity_id="call:office:1793610000.1", extension=at_first, **of_office)
    store.keep(
        "placements", [encode(placed), encode(activity(activity_id="call:office:2", extension="102", **of_office))]
    )
    fields: dict[str, object] = {"extensions": [], "name": "", **more}
    new = Manager(manager_id="anna", valid_from=NINE, version=1, **fields)  # type: ignore[arg-type]
    sent = send(UpdateManagers(store, lambda: next(ticks)), new)
    assert [msgspec.json.decode(line.line, type=CallLeg).record_id for line in sent] == [one.record_id]


def test_repeat_of_the_directory_changes_nothing(store: Store) -> None:
    step = UpdateOrganisations(store, lambda: next(ticks))
    first = organisation("o1", ["+74950000012"], version=1, import_id="monday")
    send(step, first)
    before = logged(store)
    assert send(step, msgspec.structs.replace(first, version=2, import_id="tuesday")) == []
    assert rows(store, Organisation, "organisations") == [first]
    assert logged(store) == before


def test_stage_change_that_a_stranger_writes_in_another_zone_is_known_when_it_comes_again(store: Store) -> None:
    step = UpdateStages(store, lambda: next(ticks))
    change = entered("o1", "active", at("09:00:00.123"))
    strange = encode(change).replace(b"2026-11-02T09:00:00.123000Z", b"2026-11-02T12:00:00.123456+03:00")
    assert strange != encode(change)
    send(step, strange)
    before = logged(store)
    assert send(step, strange) == []
    assert send(step, change) == []
    assert (rows(store, StageChange, "stage_changes"), logged(store)) == ([change], before)


def test_two_rows_of_one_organisation_in_one_file_stand_the_same_in_one_chunk_and_in_two(store: Store) -> None:
    small, large = organisation("o1", ["+74950000012"]), organisation("o1", ["+74950000013"])
    step = UpdateOrganisations(store, lambda: next(ticks))
    for chunks in ([[small, large]], [[large, small]], [[small], [large]], [[large], [small]]):
        for chunk in chunks:
            send(step, *chunk)
        assert rows(store, Organisation, "organisations") == [large]


class Phone(msgspec.Struct):
    phone: str


def test_number_that_was_taken_away_is_nobodys(store: Store) -> None:
    step = UpdateOrganisations(store, lambda: next(ticks))
    send(step, organisation("o1", ["+74950000012", "+74950000013"]))
    send(step, organisation("o1", ["+74950000013"], version=2))
    assert rows(store, Phone, "organisation_phones") == [Phone("+74950000013")]
    send(step, organisation("o1", ["+74950000012"], version=3))
    assert rows(store, Phone, "organisation_phones") == [Phone("+74950000012")]


def test_record_that_was_stored_and_never_spread_is_spread_when_it_comes_again(store: Store) -> None:
    step = UpdateOrganisations(store, lambda: next(ticks))
    record = organisation("o1", ["+74950000012"])
    step.settle_chunk([Frame(encode(record), "place")])  # and dies before anything is sent
    before = logged(store)
    again = msgspec.structs.replace(record, version=5)
    send(step, again)
    assert logged(store) == before + 1
    assert rows(store, Organisation, "organisations") == [record]
    send(step, again)
    assert logged(store) == before + 1
