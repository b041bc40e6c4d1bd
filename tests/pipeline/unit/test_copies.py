"""Which call a CRM's note is a copy of: the ids, else number, manager, start and talk; each note by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.assign_cell import assign_cell, retract
from pipeline.copies import near, originals
from schemas.records import Activity
from tests.pipeline.unit.making import NINE, activity

CALL = "call:office:1"


def call(activity_id: str = CALL, *, after_s: float = 0, **said: Any) -> Activity:
    at = NINE + timedelta(seconds=after_s)
    fields = {"source": "office", "contact": "+74950000012", "talk_s": 60, **said}
    return activity(activity_id=activity_id, at=at, **fields)


def note(activity_id: str = "call:crm:n1", *, after_s: float = 0, **said: Any) -> Activity:
    return call(activity_id, after_s=after_s, **{"source": "crm", "noted": 1, **said})


def found(of: Activity, *calls: Activity) -> list[str]:
    return originals(of, map(near, calls))


def test_note_with_the_calls_number_manager_start_and_talk_is_its_copy() -> None:
    assert found(note(), call()) == [CALL]


@pytest.mark.parametrize(("seconds", "copies"), [(90, True), (-90, True), (90.001, False), (-91, False)])
def test_start_within_ninety_seconds(seconds: float, copies: bool) -> None:
    assert found(note(after_s=seconds), call()) == [CALL] * copies


@pytest.mark.parametrize(("talk_s", "copies"), [(65, True), (55, True), (66, False), (54, False), (0, False)])
def test_talk_within_five_seconds(talk_s: int, copies: bool) -> None:
    assert found(note(talk_s=talk_s), call()) == [CALL] * copies


def test_call_of_another_number_or_manager_or_of_the_crm_itself_is_not_what_it_is_a_copy_of() -> None:
    assert found(note(), call(contact="+74950000013"), call(manager_id="m2"), call("call:crm:1", source="crm")) == []
    assert found(note(contact=""), call(contact="")) == []


def test_exchanges_own_id_decides_whatever_talk_and_manager_say() -> None:
    same_id = call("call:office:n1", talk_s=5, manager_id="")
    assert found(note(), call(), same_id) == ["call:office:n1"]
    assert found(note(after_s=91), same_id) == ["call:office:n1"], "noted when it ended, 5 s after it began"
    assert found(note(after_s=-91), same_id) == [], "a CRM's ids may begin anew"
    assert found(note(after_s=96), same_id) == []


def test_note_that_two_calls_fit_names_both() -> None:
    assert found(note(), call("call:office:2", after_s=60), call()) == [CALL, "call:office:2"]


@given(st.permutations([call(f"call:office:{n}", after_s=40 * n, talk_s=57 + n) for n in range(8)]))
def test_order_in_which_calls_are_found_does_not_matter(calls: list[Activity]) -> None:
    assert found(note(after_s=100), *calls, *calls) == [f"call:office:{n}" for n in range(1, 5)]


def copy(of: Activity, version: int) -> Activity:
    return msgspec.structs.replace(of, retracted=1, copies_of=[CALL], version=version)


def test_note_that_turns_out_to_be_a_copy_leaves_its_cell_and_comes_back_when_it_is_none_any_more() -> None:
    alone = note()
    changed, published = assign_cell(copy(alone, 5), [alone])
    assert changed == published == [copy(alone, 5)]
    assert assign_cell(copy(alone, 9), changed) == ([], changed), "decided again, nothing changes, and it is sent again"
    back, _ = assign_cell(msgspec.structs.replace(alone, version=3), changed)
    assert back == [msgspec.structs.replace(alone, version=6)]


def test_copy_that_moved_or_was_taken_back_is_nowhere_a_copy() -> None:
    before = copy(note(), 5)
    moved = copy(note(manager_id="m2"), 7)
    changed, _ = assign_cell(moved, [before])
    gone = msgspec.structs.replace(before, copies_of=[], version=7)
    assert changed == [moved, gone]
    taken_back = retract([before], cause="", caused_at=0, version=7).changed
    assert taken_back == [gone]
