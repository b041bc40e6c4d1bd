"""One activity stands in one place, whatever was decided before, and however often the program died in between."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pipeline.assign_cell import assign_cell, retract
from schemas.records import Activity
from tests.pipeline.unit.making import NINE, activity

BUCKET = int(NINE.timestamp())
Cell = tuple[int, str]


def cell_of(one: Activity) -> Cell:
    return one.bucket, one.manager_id


decisions = st.fixed_dictionaries(
    {
        "bucket": st.sampled_from([BUCKET, BUCKET + 300, BUCKET + 600]),
        "manager_id": st.sampled_from(["", "m1", "m2"]),
        "stage": st.sampled_from(["new", "customer"]),
        "talk_s": st.sampled_from([0, 60]),
        "cause": st.sampled_from(["monday", "tuesday"]),
    }
)


class PlacementMachine(RuleBasedStateMachine):
    """`placements` and `activities` as ReplacingMergeTree keeps them, a deciding agent that may die before it sends,
    and a clock that may go back."""

    def __init__(self) -> None:
        super().__init__()
        self.placements: dict[Cell, Activity] = {}
        self.activities: dict[Cell, Activity] = {}
        self.decided: Activity | None = None
        self.sent = True
        self.clock = 1000

    def decide(self, said: dict[str, Any], *, dies: bool) -> None:
        before = dict(self.placements)
        decided = activity(**said, version=self.clock, caused_at=self.clock)
        placed = assign_cell(decided, list(before.values()))
        for row in placed.changed:
            known = before.get(cell_of(row))
            assert known is None or row.version > known.version
            self.placements[cell_of(row)] = row
        if not dies:
            self.publish(placed.published)
        self.decided, self.sent = decided, not dies

    def publish(self, rows: list[Activity]) -> None:
        assert len({cell_of(row) for row in rows}) == len(rows)
        for row in rows:
            known = self.activities.get(cell_of(row))
            if known is None or row.version >= known.version:
                self.activities[cell_of(row)] = row

    @rule(said=decisions, dies=st.booleans())
    def decide_something(self, said: dict[str, Any], dies: bool) -> None:
        self.decide(said, dies=dies)

    @rule(steps=st.integers(-50, 50))
    def turn_the_clock(self, steps: int) -> None:
        self.clock = max(0, self.clock + steps)

    @precondition(lambda self: self.decided is not None)
    @rule(cause=st.sampled_from(["wednesday", "thursday"]))
    def decide_the_same_again(self, cause: str) -> None:
        """Another import says the same: nothing changes, and all of it is sent, since it may never have been."""
        assert self.decided is not None
        before = dict(self.placements)
        again = msgspec.structs.replace(self.decided, version=self.clock, cause=cause, caused_at=self.clock)
        placed = assign_cell(again, list(before.values()))
        assert placed.changed == []
        assert {cell_of(row): row for row in placed.published} == before
        self.publish(placed.published)
        self.sent = True

    @precondition(lambda self: bool(self.placements))
    @rule(dies=st.booleans())
    def withdraw_it(self, dies: bool) -> None:
        """It is no activity any more: a proposal whose organisation is not known."""
        before = dict(self.placements)
        placed = retract(list(before.values()), cause="friday", caused_at=self.clock, version=self.clock)
        for row in placed.changed:
            assert not before[cell_of(row)].retracted
            assert row.version > before[cell_of(row)].version
            self.placements[cell_of(row)] = row
        if not dies:
            self.publish(placed.published)
        self.decided, self.sent = None, not dies

    @invariant()
    def exactly_the_last_decision_stands(self) -> None:
        standing = [row for row in self.placements.values() if not row.retracted]
        if self.decided is None:
            assert standing == []
        else:
            assert [cell_of(row) for row in standing] == [cell_of(self.decided)]
            assert (standing[0].stage, standing[0].talk_s) == (self.decided.stage, self.decided.talk_s)

    @invariant()
    def everything_published_elsewhere_is_retracted(self) -> None:
        if self.sent:
            assert self.activities == self.placements


PlacementMachine.TestCase.settings = settings(max_examples=80, stateful_step_count=20, deadline=None)
TestPlacing = PlacementMachine.TestCase


def test_first_decision_is_stored_and_sent() -> None:
    first = activity()
    assert assign_cell(first, []) == ([first], [first])


def test_call_of_another_manager_moves_and_names_the_cause_on_both_sides() -> None:
    first = activity(manager_id="m1", version=10, cause="monday", caused_at=9)
    moved = activity(manager_id="m2", version=20, cause="tuesday", caused_at=19)
    gone = msgspec.structs.replace(first, retracted=1, version=20, cause="tuesday", caused_at=19)
    assert assign_cell(moved, [first]) == ([moved, gone], [moved, gone])


def test_call_that_moves_back_is_later_than_its_retraction_though_the_clock_is_not() -> None:
    gone = activity(manager_id="m1", version=50, retracted=1)
    elsewhere = activity(manager_id="m2", version=50)
    placed = assign_cell(activity(manager_id="m1", version=3), [gone, elsewhere])
    assert {row.manager_id: (row.version, row.retracted) for row in placed.changed} == {"m1": (51, 0), "m2": (51, 1)}


def test_call_that_changed_within_its_cell_is_one_row_of_a_later_version() -> None:
    first, longer = activity(talk_s=5, version=10), activity(talk_s=65, version=20)
    assert assign_cell(longer, [first]) == ([longer], [longer])


def test_two_standing_places_of_a_broken_past_become_one() -> None:
    """Two workers decided at a time: both places stand until the next decision."""
    here, there = activity(manager_id="m1", version=10), activity(manager_id="m2", version=10)
    placed = assign_cell(activity(manager_id="m1", version=11), [here, there])
    assert {row.manager_id: (row.version, row.retracted) for row in placed.changed} == {"m1": (11, 0), "m2": (11, 1)}
