"""Any legs of one call, in any order and any number of times: the base facts of docs/metrics.md, second by second."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipeline.agents.stitch_calls import merge_legs
from pipeline.stitch import _several, stitch
from schemas.records import CallLeg, Direction, Disposition
from tests.pipeline.unit.making import CUSTOMER, NINE, at, leg

MOBILE = "+79160000077"
SECOND = timedelta(seconds=1)


@given(st.lists(st.tuples(st.integers(-30, 30), st.integers(0, 60), st.integers(0, 2**32 - 1)), min_size=1))
def test_nobody_talks_longer_than_the_call_whatever_the_legs_say(said: list[tuple[int, int, int]]) -> None:
    legs = [
        leg(
            f"r{number}", start="09:10:00", answer="09:10:00", extension=f"10{number % 3}", billsec=billsec,
            answered_at=at("09:10:00") + answer * SECOND, ended_at=at("09:10:00") + end * SECOND,
        )
        for number, (answer, end, billsec) in enumerate(said)
    ]  # fmt: skip
    call = stitch(legs)
    assert 0 <= call.talk_s <= max(end for _, end, _ in said)


@st.composite
def one_leg(draw: st.DrawFn, record_id: str) -> CallLeg:
    start = draw(st.integers(0, 20))
    answer = start + draw(st.integers(0, 10))
    end = answer + draw(st.integers(0, 20))
    return leg(
        record_id,
        started_at=NINE + start * SECOND,
        answered_at=NINE + answer * SECOND,
        ended_at=NINE + end * SECOND,
        billsec=end - answer,
        direction=draw(st.sampled_from(Direction)),
        disposition=draw(st.sampled_from(Disposition)),
        extension=draw(st.sampled_from(["", "101", "102", "103"])),
        contact=draw(st.sampled_from(["", CUSTOMER, MOBILE])),
        queue=draw(st.sampled_from(["", "sales", "service"])),
        recording=draw(st.sampled_from(["", "a.wav"])),
    )


@st.composite
def legs_of_a_call(draw: st.DrawFn) -> list[CallLeg]:
    return [draw(one_leg(f"1793610000.{number}:{number}")) for number in range(8, 8 + draw(st.integers(1, 6)))]


def took_over(machine: CallLeg, one: CallLeg) -> bool:
    return (
        machine.disposition is Disposition.MACHINE
        and machine.billsec > 0
        and (machine.extension, machine.direction) == (one.extension, one.direction)
        and one.extension != ""
        and machine.started_at >= one.started_at
        and abs(machine.ended_at - one.ended_at) <= SECOND
    )


def bridged_seconds(legs: Sequence[CallLeg], direction: Direction) -> dict[str, set[int]]:
    """Each person's seconds with the external party (of an internal call: with the other end), one by one.

    A queue's own leg holds the ringing: where the phone's leg stands within it, the phone's alone tells; of a member
    whose phone did not talk it tells nothing while another phone did. A leg that ends in a machine of its extension
    was answered by that.
    """
    inside = {Direction.INTERNAL} - {direction}
    bridged = [
        (one, (start := int((one.answered_at - NINE).total_seconds())), start + one.billsec)
        for one in legs
        if one.disposition is Disposition.ANSWERED
        and one.direction not in inside
        and one.answered_at is not None
        and not any(took_over(machine, one) for machine in legs)
    ]
    phones = [(one.extension, start, end) for one, start, end in bridged if not one.queue and end > start]
    seconds: dict[str, set[int]] = {}
    for one, first, last in bridged:
        exact = any(whose == one.extension and first <= start and end <= last + 1 for whose, start, end in phones)
        talking = [whose for whose, start, end in phones if whose and start < last and first < end]
        has_phone = any(other.extension == one.extension and not other.queue for other, _, _ in bridged)
        alias = bool(talking) and not (has_phone and one.extension)
        if not (one.queue and ((one.extension and exact) or alias)):
            seconds.setdefault(one.extension, set()).update(range(first, last))
    return seconds


@given(legs_of_a_call())
def test_call_is_what_the_base_facts_say(legs: list[CallLeg]) -> None:
    call = stitch(legs)
    in_order = sorted(legs, key=lambda one: (one.started_at, int(one.record_id.rpartition(":")[2])))
    trunk = [one for one in in_order if one.direction in (Direction.INBOUND, Direction.OUTBOUND)]
    assert call.direction is (trunk or in_order)[0].direction
    assert (call.started_at, call.ended_at) == (in_order[0].started_at, max(one.ended_at for one in legs))
    assert call.legs == len(legs)
    if trunk and trunk[0].contact:
        assert call.contact == trunk[0].contact

    seconds = bridged_seconds(legs, call.direction)
    assert call.answered == bool(seconds)
    people = {person: talked for person, talked in seconds.items() if person}
    if people:
        assert call.talk_s == max(map(len, people.values()))
        assert len(people[call.extension]) == call.talk_s
    elif seconds:
        assert call.talk_s == len(seconds[""])
        assert call.extension == "" or call.direction is not Direction.INBOUND  # else the dialler's
    else:
        assert call.talk_s == 0
        assert call.disposition in {one.disposition for one in legs}
        if call.direction is Direction.INBOUND:
            assert call.extension == ""
    assert call.talk_s <= (call.ended_at - call.started_at).total_seconds()
    assert call.wait_s <= (call.ended_at - call.started_at).total_seconds()


@given(legs_of_a_call(), st.data())
def test_any_order_and_repetition_of_legs_gives_the_same_call(legs: list[CallLeg], data: st.DataObject) -> None:
    repeated = legs + data.draw(st.lists(st.sampled_from(legs), max_size=6))
    _, settled = merge_legs(data.draw(st.permutations(repeated)), (), now=10**18)
    assert stitch(settled) == stitch(legs)
    assert stitch(data.draw(st.permutations(legs))) == stitch(legs)


@given(one_leg("1793610000.1:1"))
def test_short_way_of_a_single_leg_says_what_the_long_way_says(leg: CallLeg) -> None:
    assert stitch([leg]) == _several([leg])
