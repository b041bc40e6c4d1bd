"""The board is a function of what is counted, the width and the height: it always fits, and nobody is forgotten."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.text import Text

from pipeline.demo.first_calls import PATIENCE_S, FirstCalls
from pipeline.drawing.floor.board import Around, board
from pipeline.drawing.floor.columns import FloorLine, bars, fit
from pipeline.readouts.activity import ActivityNumbers
from pipeline.readouts.floor import Floor, Latest, Person, Plans
from pipeline.readouts.floor_notes import Sign, notes
from tests.pipeline.unit.test_simulated_clock import Wall

ZONE = ZoneInfo("Europe/Moscow")
NOON = datetime(2026, 5, 12, 12, 0, tzinfo=ZONE)
AROUND = Around(60, 1.5, ["Ask: . /somewhere/env", "ClickHouse: http://127.0.0.1:1234 as reader"])
WHYS = ("working", "quiet", "silent", "away", "moved", "feed_dead", "closed", "day_off", "")
NAMES = ("Анна Волкова", "Bo", "王小明", "Иннокентий Константинопольский-Римский", "Vera Stone")


def person(number: int, why: str = "working", calls: int = 20, talks: int = 12, plan: float | None = 1.0) -> Person:
    return Person(
        manager_id=f"m{number:02d}",
        name=f"{NAMES[number % len(NAMES)]} {number}",
        team="AB"[number % 2],
        numbers=ActivityNumbers(
            calls=calls,
            conversations=talks,
            organisations=calls // 2,
            calls_per_organisation=2.0 if calls > 1 else None,
            individual_amount={"RUB": Decimal(number * 1_000_000)} if number else {},
        ),
        first_at=int(NOON.timestamp()) - 9_000 if calls else None,
        last_at=int(NOON.timestamp()) - 60 * number if calls else None,
        pulse=[0] * 36 + [number % 3] * 12,
        why=why,
        moved_to="105" if why == "moved" else "",
        plan_fact=plan,
    )


def floor(people: list[Person]) -> Floor:
    latest = [
        Latest(local_time=f"2026-05-12 11:{n:02d}:00", manager_id="m01", direction="outbound", disposition="busy",
               organisation_id="o1", stage="new", talk_s=0)
        for n in range(60)
    ]  # fmt: skip
    return Floor(
        now=NOON,
        people=people,
        total=ActivityNumbers(calls=sum(one.numbers.calls for one in people), match_coverage=0.91),
        teams={one.team: ActivityNumbers(calls=1) for one in people},
        last_at=int(NOON.timestamp()) - 75,
        plans=Plans(total=0.9),
        records=123_456,
        latest=latest,
    )


people = st.lists(
    st.builds(
        person,
        st.integers(0, 99),
        st.sampled_from(WHYS),
        st.sampled_from([0, 1, 14, 15, 99_999]),
        st.integers(0, 14),
        st.one_of(st.none(), st.floats(0, 99)),
    ),
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(people, st.integers(40, 300), st.integers(10, 100), st.booleans())
def test_any_board_fits_and_nobody_is_forgotten(some: list[Person], width: int, height: int, plain: bool) -> None:
    lines = board(floor(some), AROUND, width, height, plain=plain)
    assert len(lines) <= height
    assert all(line.cell_len <= width for line in lines)
    rows = [line.plain for line in lines]
    shown = rows[2 : next(n for n, row in enumerate(rows) if row.startswith("  all "))]
    more = [int(found[1]) for row in shown if (found := re.match(r"  and (\d+) more", row))]
    assert len([row for row in shown if row.strip()]) - len(more) + sum(more) == len(some)


@settings(max_examples=50, deadline=None)
@given(people, st.integers(40, 300))
def test_a_wider_board_shows_what_a_narrower_one_did(some: list[Person], width: int) -> None:
    lines = [FloorLine(label=one.name, numbers=one.numbers, remark="silent today") for one in some]
    narrow, wide = ({column.head for column, _ in fit(lines, w, ZONE).columns} for w in (width, width + 40))
    assert narrow <= wide
    assert {"calls", "A"} <= narrow


def rows(some: list[Person], width: int = 80, height: int = 24) -> list[Text]:
    return board(floor(some), AROUND, width, height)


def test_warnings_have_a_sign_a_word_and_a_style() -> None:
    some = [
        person(1),
        person(2, "silent"),
        person(3, "silent", calls=0),
        person(4, "away", calls=0),
        person(5, talks=4),
        person(6, plan=0.5),
        person(7, "moved"),
    ]
    lines = rows(some)[2:9]
    assert [line.plain[0] for line in lines] == [" ", "!", "!", "-", "?", "<", ">"]
    words = ["", "silent 0:02 h", "silent today", "away", "few talks 20%", "behind plan", "moved to 105"]
    assert all(word in line.plain for word, line in zip(words, lines, strict=True))
    assert len({str(line.style) for line in lines}) >= 5
    legend = " ".join(line.plain for line in rows(some, 200, 50))
    assert all(f"{sign} " in legend for sign in Sign)


def test_few_calls_are_not_few_talks() -> None:
    assert [note.sign for note in notes(floor([person(1, calls=14, talks=0), person(2, calls=16, talks=4)]))] == [
        *(Sign.NONE, Sign.NONE),
    ]


def test_a_dead_feed_is_one_warning_in_the_head_and_none_of_anybody() -> None:
    lines = rows([person(n, "feed_dead", calls=0) for n in range(5)])
    assert "! nothing is recorded" in lines[0].plain
    assert all(line.plain[0] == " " for line in lines[2:7])


def test_before_the_first_calls_the_head_waits_and_nothing_is_dead() -> None:
    nobody_yet = Floor(now=NOON, people=[person(n, "feed_dead", calls=0) for n in range(5)])
    wall = Wall()
    first_calls = FirstCalls(wall)

    def head(floor: Floor) -> str:
        return board(floor, AROUND._replace(is_waiting=first_calls.are_awaited(floor)), 80, 24)[0].plain

    assert "waiting for the first calls" in head(nobody_yet)
    wall.at += PATIENCE_S - 1
    assert "nothing is recorded" not in head(nobody_yet)
    wall.at += 1
    assert "nothing is recorded" in head(nobody_yet), "patience has an end"


def test_a_feed_that_dies_after_its_first_calls_is_dead_at_once() -> None:
    first_calls = FirstCalls(Wall())
    assert not first_calls.are_awaited(floor([person(1)]))
    assert not first_calls.are_awaited(Floor(now=NOON, people=[person(1, "feed_dead", calls=0)]))


def test_trouble_takes_the_place_of_freshness() -> None:
    (head, *_) = board(floor([person(1)]), AROUND._replace(problem="clickhouse: away"), 80, 24)
    assert "! clickhouse: away" in head.plain


def test_whoever_needs_a_look_stays_on_a_low_board() -> None:
    some = [person(n) for n in range(20)] + [person(20, "silent")]
    lines = [line.plain for line in rows(some, height=10)]
    assert any(line.startswith("! ") for line in lines)
    assert any(line.startswith("  and 15 more") for line in lines)


def test_standard_terminal_shows_the_four_indicators() -> None:
    heads = rows([person(n) for n in range(12)])[1].plain.split()
    assert heads[:9] == ["manager", "calls", "talks", "orgs", "A", "B", "C", "D", "plan"]


def test_no_plan_no_column() -> None:
    some = floor([person(1, plan=None)])
    some = Floor(now=some.now, people=some.people)
    assert "plan" not in board(some, AROUND, 80, 24)[1].plain


@pytest.mark.parametrize(("plain", "drawn"), [(False, "  ▁█▄"), (True, "  .#=")])
def test_pulse_is_as_high_as_its_highest(plain: bool, drawn: str) -> None:
    assert bars([0, 1, 10, 5], 5, 10, plain=plain) == drawn


def test_moments_of_the_head_are_of_the_reporting_zone() -> None:
    some = floor([person(1)])
    later = Floor(now=NOON + timedelta(hours=5), people=some.people, last_at=some.last_at)
    assert "17:00:00" in board(later, AROUND, 80, 24)[0].plain
    assert "5:01 h ago" in board(later, AROUND, 80, 24)[0].plain
