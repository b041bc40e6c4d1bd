"""Whatever clocks there are: what a right clock says later stands, and a frame is the same however often it comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.agents.step import Frame, read_chunk
from pipeline.merge_latest import merge_latest
from pipeline.version_clamp import MAX_AHEAD_NS, STORED_AHEAD_NS, clamp_versions, format_seconds
from schemas.codec import Codec, encode
from schemas.records import CallLeg, Reason, Rejected
from schemas.topics import CALL_LEGS
from tests.pipeline.unit.making import leg

S = 10**9
NOON = 1_793_620_800 * S


def revision(billsec: int, version: int) -> CallLeg:
    """A revision of one leg."""
    return leg("r1", answer="09:00:01", billsec=billsec, version=version, import_id=f"load {billsec}")


def read(frame: Frame, now: int) -> tuple[list[CallLeg], list[bytes], list[Rejected]]:
    records, lines, rejected = read_chunk(Codec(CallLeg), CALL_LEGS, [frame], lambda: now)
    return records, lines, [msgspec.json.decode(line.line, type=Rejected) for line in rejected]


def test_version_hours_ahead_is_stored_under_kafkas_time_and_reported_once_an_import() -> None:
    frame = b"\n".join(encode(revision(5, NOON + 3 * 3600 * S)) for _ in range(3))
    records, lines, rejected = read(Frame(frame, "call-legs:0:7", NOON), now=NOON + 600 * S)
    assert [record.version for record in records] == [NOON, NOON + 1, NOON + 2]
    assert lines == [encode(record) for record in records]
    (row,) = rejected
    assert (row.reason, row.field, row.source) == (Reason.VERSION_IN_FUTURE, "version", "office")
    assert row.detail.startswith("the sender's clock is 3 h ahead: ")
    assert row.topic == "", "it is stored already: nothing is to be sent again"
    again = read(Frame(frame, "call-legs:0:7", NOON), now=NOON + 9_000 * S)
    assert again[0] == records, "delivered once more it is the same"


@pytest.mark.parametrize("ahead_s", [-86_400, 0, 299, 300])
def test_version_within_five_minutes_of_kafkas_time_is_left_as_it_is(ahead_s: int) -> None:
    line = encode(revision(5, NOON + ahead_s * S))
    records, lines, rejected = read(Frame(line, "call-legs:0:7", NOON), now=NOON - 3600 * S)
    assert (lines, rejected) == ([line], [])
    assert records[0].version == NOON + ahead_s * S


def test_where_only_the_senders_time_is_known_the_clock_of_the_worker_is_held_against_it() -> None:
    line = encode(revision(5, NOON + 301 * S))
    records, _, rejected = read(Frame(line, "call-legs:0:7"), now=NOON)
    assert (records[0].version, len(rejected)) == (NOON, 1)


def test_what_is_stored_ahead_gives_way_to_what_comes_and_is_not_stored_again_by_what_says_the_same() -> None:
    wrong, right, again = revision(5, NOON + 3600 * S), revision(6, NOON), revision(6, NOON + S)
    latest = {"r1": wrong}
    new = merge_latest([right], latest, lambda one: one.record_id, now=NOON)
    above = msgspec.structs.replace(right, version=wrong.version + 1)
    assert (new, latest) == ({"r1": (0, above)}, {"r1": above})
    assert merge_latest([again], latest, lambda one: one.record_id, now=NOON + S) == {}


class Statement(NamedTuple):
    """Something is said of one leg, by a clock that is wrong by `wrong_s`, so long after the last statement."""

    after_s: int
    wrong_s: int
    billsec: int


FIVE_MINUTES = MAX_AHEAD_NS // S
statements = st.lists(
    st.builds(
        Statement,
        st.integers(FIVE_MINUTES + 1, 7200),
        st.sampled_from([0, 0, 200, 10_000, 10**6, -10_000]) | st.integers(-(10**6), 10**6),
        st.integers(1, 3),
    ),
    max_size=6,
)


def frames(history: Sequence[Statement]) -> list[Frame]:
    """As they lie in Kafka, whose clock is right."""
    at, lying = NOON, []
    for number, statement in enumerate(history):
        at += statement.after_s * S
        record = revision(statement.billsec, at + statement.wrong_s * S)
        lying.append(Frame(encode(record), f"call-legs:0:{number}", at))
    return lying


@given(
    statements,
    st.none() | st.integers(-(10**6), 10**6),
    st.lists(st.integers(0, 6), max_size=8),
    st.integers(1, 3),
)
def test_a_later_correction_by_a_right_clock_wins_over_any_other_clock_however_often_everything_is_delivered(
    before: list[Statement], stored_ahead_s: int | None, deliveries: list[int], billsec: int
) -> None:
    lying = frames([*before, Statement(FIVE_MINUTES + 1, 0, billsec)])
    last = lying[-1].appended_ns or 0
    latest: dict[str, CallLeg] = {}
    if stored_ahead_s is not None:  # by an earlier release, or by this machine before its clock was set back
        stored = NOON + stored_ahead_s * S
        assume(not last <= stored <= last + STORED_AHEAD_NS + 60 * S)
        latest["r1"] = revision(9, stored)
    # A worker that dies begins again with any frame that it has not acknowledged; the last one takes all that is left.
    now = NOON
    for start, end in [*((first, first + 2) for first in sorted(deliveries)), (0, len(lying))]:
        for frame in lying[start:end]:
            now = max(now, (frame.appended_ns or 0) + S)
            records, _, _ = read(frame, now)
            merge_latest(records, latest, lambda one: one.record_id, now=now)
    assert latest["r1"].billsec == billsec


@given(st.lists(st.integers(NOON - 1000 * S, NOON + 1000 * S), max_size=8))
def test_belief_keeps_the_order_and_touches_nothing_else(versions: list[int]) -> None:
    records = [revision(number + 1, version) for number, version in enumerate(versions)]
    believed, lines = list(records), list(map(encode, records))
    ahead = clamp_versions(believed, lines, NOON)
    assert all(record.version <= NOON + MAX_AHEAD_NS for record in believed)
    assert lines == list(map(encode, believed))
    kept = [one for one, other in zip(records, believed, strict=True) if one == other]
    assert len(kept) + len(ahead) == len(records)
    assert [r.billsec for r in sorted(believed, key=lambda r: r.version) if r not in records] == [
        r.billsec for r in ahead
    ]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(12.4, "12 s"), (60, "1 min"), (185, "3 min 5 s"), (9000, "2 h 30 min"), (40 * 86_400 + 3 * 3600, "40 d 3 h")],
)
def test_a_length_of_time_has_two_units_at_most(seconds: float, words: str) -> None:
    assert format_seconds(seconds) == words
