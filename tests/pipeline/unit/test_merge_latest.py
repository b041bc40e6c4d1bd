"""Twice is once: whatever arrives in whatever chunks, the same rows stand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TypeVar

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from pipeline.agents.record_proposals import merge_revisions
from pipeline.agents.stitch_calls import merge_legs
from pipeline.merge_latest import merge_latest
from schemas.records import CallLeg, Organisation, Proposal, ProposalStatus
from tests.pipeline.unit.making import NINE, leg, organisation, proposal

T = TypeVar("T")

NOW = 10**18
"""Above every version here."""


def chunked(items: Sequence[T], cuts: list[int]) -> Iterator[Sequence[T]]:
    """The items in order, cut at these places."""
    places = sorted({0, len(items), *(cut for cut in cuts if cut < len(items))})
    for start, end in pairwise(places):
        yield items[start:end]


def table_of_legs(chunks: Iterator[Sequence[CallLeg]]) -> dict[str, CallLeg]:
    """The rows of call_legs after these chunks, each decided on what the ones before it had stored."""
    table: dict[str, CallLeg] = {}
    for chunk in chunks:
        new, after = merge_legs(chunk, list(table.values()), NOW)
        table |= {one.record_id: one for _, one in new}
        # Otherwise the call is stitched of other legs than are stored.
        assert sorted(after, key=repr) == sorted(table.values(), key=repr)
    return table


def table_of_revisions(chunks: Iterator[Sequence[Proposal]]) -> dict[int, Proposal]:
    table: dict[int, Proposal] = {}
    for chunk in chunks:
        merged = merge_revisions(chunk, list(table.values()), NOW)
        table |= {revision.revision: revision for revision in merged.new}
        assert sorted(merged.revisions, key=repr) == sorted(table.values(), key=repr)
    return table


said_legs = st.builds(
    lambda record, billsec, version, load: leg(
        f"r{record}", answer="09:00:00", billsec=billsec, version=version, import_id=f"load {load}", origin=f"a:{load}"
    ),
    st.integers(1, 3),
    st.integers(0, 2),
    st.integers(1, 6),
    st.integers(1, 3),
)
said_revisions = st.builds(
    lambda revision, amount, currency, version, load: proposal(
        revision, amount=Decimal(amount), currency=currency, version=version, import_id=f"load {load}"
    ),
    st.integers(1, 2),
    st.sampled_from(["1500", "1500.00", "9.5"]),
    st.sampled_from(["RUB", "USD"]),
    st.integers(1, 6),
    st.integers(1, 3),
)
cuts = st.lists(st.integers(1, 20))


def by_version(record: CallLeg | Proposal) -> int:
    return record.version


@given(st.lists(said_legs, max_size=20), cuts)
def test_legs_in_order_of_version_leave_the_same_rows_however_they_are_cut(
    legs: list[CallLeg], cuts: list[int]
) -> None:
    legs.sort(key=by_version)
    assert table_of_legs(chunked(legs, cuts)) == table_of_legs(iter([legs]))


@given(st.lists(said_revisions, min_size=1, max_size=20), cuts)
def test_revisions_in_order_of_version_leave_the_same_rows_however_they_are_cut(
    revisions: list[Proposal], cuts: list[int]
) -> None:
    revisions.sort(key=by_version)
    assert table_of_revisions(chunked(revisions, cuts)) == table_of_revisions(iter([revisions]))


@given(st.data(), cuts)
def test_in_any_order_the_last_correction_holds(data: st.DataObject, cuts: list[int]) -> None:
    """Provided that no correction goes back to what an earlier one had replaced: each version has its own billsec."""
    versions = data.draw(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 9)), min_size=1, unique=True))
    legs = [leg(record, answer="09:00:00", billsec=100 - version, version=version) for record, version in versions]
    repeated = data.draw(st.permutations(legs + data.draw(st.lists(st.sampled_from(legs), max_size=5))))
    latest = {record: max(version for other, version in versions if other == record) for record, _ in versions}
    table = table_of_legs(chunked(repeated, cuts))
    assert {record: (row.version, row.billsec) for record, row in table.items()} == {
        record: (version, 100 - version) for record, version in latest.items()
    }


@given(st.lists(said_legs, max_size=12), st.data(), cuts)
def test_what_was_said_at_once_stands_the_same_in_any_order(
    legs: list[CallLeg], data: st.DataObject, cuts: list[int]
) -> None:
    at_once = [msgspec.structs.replace(one, version=7) for one in legs]
    longest: dict[str, int] = {}
    for one in at_once:
        longest[one.record_id] = max(longest.get(one.record_id, 0), one.billsec)
    table = table_of_legs(chunked(data.draw(st.permutations(at_once)), cuts))
    assert {record: row.billsec for record, row in table.items()} == longest


@given(st.lists(said_revisions, min_size=1, max_size=12), st.data(), cuts)
def test_revisions_said_at_once_stand_the_same_in_any_order(
    revisions: list[Proposal], data: st.DataObject, cuts: list[int]
) -> None:
    at_once = [msgspec.structs.replace(one, version=7) for one in revisions]

    def content(table: dict[int, Proposal]) -> dict[int, tuple[Decimal, str]]:
        return {revision: (row.amount, row.currency) for revision, row in table.items()}

    shuffled = data.draw(st.permutations(at_once))
    assert content(table_of_revisions(chunked(shuffled, cuts))) == content(table_of_revisions(iter([at_once])))


def test_two_loads_of_one_file_in_one_chunk_keep_the_first() -> None:
    first = leg("r1", version=1, import_id="monday", origin="a.csv:7")
    again = leg("r1", version=2, import_id="tuesday", origin="a.csv:7")
    new, after = merge_legs([again, first], [], NOW)
    assert (new, after) == ([(1, first)], [first])


def test_correction_that_is_corrected_back_in_one_chunk_is_as_late_as_it_was_said() -> None:
    first, other, back = (leg("r1", answer="09:00:01", billsec=n, version=v) for n, v in ((5, 1), (6, 2), (5, 3)))
    assert merge_legs([first, other, back], [], NOW)[1] == [back]
    assert merge_legs([other, back], [first], NOW) == ([(1, back)], [back])


def test_leg_older_than_the_known_one_changes_nothing() -> None:
    known = leg("r1", answer="09:00:01", version=5)
    assert merge_legs([leg("r1", answer="09:00:02", version=4)], [known], NOW) == ([], [known])


def test_revision_of_one_load_that_is_there_twice_does_not_depend_on_the_chunk() -> None:
    small, large = proposal(1, amount=Decimal(10)), proposal(1, amount=Decimal(20))
    assert merge_revisions([small], [large], NOW).revisions == [large]
    assert merge_revisions([large], [small], NOW).revisions == [large]
    assert merge_revisions([small, large], [], NOW).revisions == [large]


def test_cause_is_the_revision_that_changed_something() -> None:
    sent = proposal(1, version=1, import_id="monday")
    withdrawn = proposal(2, version=2, import_id="tuesday", status=ProposalStatus.WITHDRAWN)
    again = proposal(1, version=3, import_id="wednesday")
    merged = merge_revisions([sent, withdrawn, again], [], NOW)
    assert (merged.new, merged.latest.import_id) == ([sent, withdrawn], "tuesday")
    assert merge_revisions([again], [sent, withdrawn], NOW).latest.import_id == "wednesday"  # nothing is new: who asks


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 2), st.integers(1, 4)), max_size=12), cuts)
def test_organisations_in_order_of_version_leave_the_same_rows_however_they_are_cut(
    said: list[tuple[str, int, int]], cuts: list[int]
) -> None:
    records = [organisation(name, [f"+7495000000{digit}"], version=version) for name, digit, version in said]
    records.sort(key=lambda record: record.version)

    def identity(record: Organisation) -> str:
        return record.organisation_id

    def table(chunks: Iterator[Sequence[Organisation]]) -> dict[str, Organisation]:
        standing: dict[str, Organisation] = {}
        for chunk in chunks:
            merge_latest(chunk, standing, identity, now=NOW)
        return standing

    assert table(chunked(records, cuts)) == table(iter([records]))


def least_s(work: Callable[[], object], times: int = 5) -> float:
    """The shortest of some runs: what the work takes when nothing else is in the way."""
    taken = []
    for _ in range(times):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return min(taken)


def test_chunk_of_eight_thousand_unknown_legs_costs_less_than_a_tenth_of_its_budget() -> None:
    """50,000 legs a second for everything are 20 us a leg; calls have two legs each, nothing is known of them."""
    calls = [
        [leg(f"{number}.{side}", started_at=NINE + timedelta(seconds=number), version=1) for side in (1, 2)]
        for number in range(4000)
    ]
    assert least_s(lambda: [merge_legs(call, (), NOW) for call in calls]) < 8000 * 2e-6
