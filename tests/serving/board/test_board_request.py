"""What an address asks for: periods that move with the clock, days, variables, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.readouts.board_request import PERIODS, Wrong, moment, parse_request
from schemas.screens.boards import BOARDS
from schemas.screens.boards.manager import MANAGER
from schemas.screens.boards.today import TODAY

MOSCOW = ZoneInfo("Europe/Moscow")
NOW = datetime(2026, 3, 13, 12, 31, 7, tzinfo=UTC)
"""A Friday, 15:31:07 in Moscow."""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("now", "2026-03-13T15:31:07"),
        ("now/d", "2026-03-13T00:00:00"),
        ("now-1d/d", "2026-03-12T00:00:00"),
        ("now/w", "2026-03-09T00:00:00"),
        ("now-1h", "2026-03-13T14:31:07"),
        ("now-6M/M", "2025-09-01T00:00:00"),
        ("now/y", "2026-01-01T00:00:00"),
        ("now-1M", "2026-02-13T15:31:07"),
        ("now-1w/w", "2026-03-02T00:00:00"),
        ("now-1M/M", "2026-02-01T00:00:00"),
        ("now/Q", "2026-01-01T00:00:00"),
        ("now-1Q/Q", "2025-10-01T00:00:00"),
    ],
)
def test_grafana_s_words_are_moments_of_the_reporting_zone(words: str, said: str) -> None:
    assert moment(words, NOW, MOSCOW) == datetime.fromisoformat(f"{said}+03:00")


def test_a_month_back_from_the_31st_is_that_month_s_last_day() -> None:
    assert moment("now-1M/d", datetime(2026, 3, 31, 12, tzinfo=UTC), MOSCOW).date().isoformat() == "2026-02-28"


def test_days_through_a_clock_change_are_whole_days_of_the_local_clock() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    noon = datetime(2026, 3, 30, 10, tzinfo=UTC)
    start, end = parse_request([("first", "2026-03-29"), ("last", "2026-03-29")], TODAY, "en").moments(
        TODAY, noon, berlin
    )
    assert (end.astimezone(UTC) - start.astimezone(UTC)) == timedelta(hours=23)
    assert moment("now-1d/d", noon, berlin) == start


@pytest.mark.parametrize(
    ("period", "first", "after"),
    [
        ("last_week", "2026-03-02", "2026-03-09"),
        ("last_month", "2026-02-01", "2026-03-01"),
        ("last_quarter", "2025-10-01", "2026-01-01"),
    ],
)
def test_a_finished_period_is_whole(period: str, first: str, after: str) -> None:
    start, end = parse_request([("period", period)], TODAY, "ru").moments(TODAY, NOW, MOSCOW)
    assert (f"{start:%F %T}", f"{end:%F %T}") == (f"{first} 00:00:00", f"{after} 00:00:00")


@pytest.mark.parametrize(
    ("now", "period", "offered"),
    [
        ("2026-03-16T09:00", "week", "last_week"),
        ("2026-03-16T23:59", "week", "last_week"),
        ("2026-03-17T00:00", "week", ""),
        ("2026-04-01T09:00", "month", "last_month"),
        ("2026-04-01T09:00", "quarter", "last_quarter"),
        ("2026-04-02T09:00", "quarter", ""),
        ("2026-03-16T09:00", "today", ""),
        ("2026-03-16T09:00", "", ""),
    ],
)
def test_of_a_period_that_begins_today_the_one_before_is_offered(now: str, period: str, offered: str) -> None:
    asked = parse_request([("period", period)], TODAY, "ru")
    assert asked.finished(TODAY, datetime.fromisoformat(f"{now}+03:00"), MOSCOW) == offered


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.id)
def test_every_board_opens_with_a_period_that_is_not_empty(board: object) -> None:
    assert isinstance(board, type(TODAY))
    start, end = parse_request([], board, "ru").moments(board, NOW, MOSCOW)
    assert start < end


def test_both_days_are_included_and_in_either_order() -> None:
    for pairs in ([("first", "2026-03-02"), ("last", "2026-03-08")], [("first", "2026-03-08"), ("last", "2026-03-02")]):
        start, end = parse_request(pairs, TODAY, "ru").moments(TODAY, NOW, MOSCOW)
        assert (f"{start:%F}", f"{end:%F}") == ("2026-03-02", "2026-03-09")


def test_one_day_is_that_day() -> None:
    start, end = parse_request([("first", "2026-03-02"), ("last", "")], TODAY, "ru").moments(TODAY, NOW, MOSCOW)
    assert (f"{start:%F}", f"{end:%F}") == ("2026-03-02", "2026-03-03")


def test_what_was_chosen_binds_the_parameters_of_metrics() -> None:
    pairs = [
        ("team", "A"),
        ("team", "B"),
        ("manager", "m01"),
        ("stage", "new"),
        ("conversation_s", "60"),
        ("call", "x"),
    ]
    chosen = parse_request(pairs, TODAY, "en").chosen(TODAY, NOW, MOSCOW)
    assert chosen.values == {"teams": ("A", "B"), "managers": ("m01",), "in_stages": ("new",), "conversation_s": 60}


def test_a_variable_of_one_value_takes_one() -> None:
    assert parse_request([("manager", "m01"), ("manager", "m02")], MANAGER, "en").variables["manager"] == ("m01",)


@pytest.mark.parametrize(
    "pairs",
    [[("period", "fortnight")], [("first", "yesterday")], [("first", "0001-01-01")], [("conversation_s", "-1")],
     [("conversation_s", "½")]],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_with_words(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(Wrong, match=pairs[0][1].replace("½", ".")):
        parse_request(pairs, TODAY, "en")


_TEXT = st.text(st.characters(codec="utf-8"), max_size=30)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from(["team", "manager", "direction", "stage"]), _TEXT),
            st.tuples(st.just("period"), st.sampled_from(list(PERIODS))),
            st.tuples(st.just("now"), st.just("last")),
            st.tuples(st.sampled_from(["first", "last"]), st.dates(min_value=datetime(1990, 1, 1).date()).map(str)
                      .filter(lambda day: day < "2100")),
        ),
        max_size=12,
    )
)  # fmt: skip
def test_an_address_written_again_asks_the_same(pairs: list[tuple[str, str]]) -> None:
    question = parse_request(pairs, TODAY, "ru")
    assert parse_request(parse_qsl(question.query()), TODAY, "en") == question


def test_a_number_leads_to_the_calls_of_its_own_period() -> None:
    """Today opens with today, the Manager board with thirty days: 39 calls of today are not the 329 of a month."""
    behind = [("manager", "m01"), ("of", "calls_to_potential")]
    for pairs in ([], [("period", "week")], [("first", "2026-03-02"), ("last", "2026-03-08")]):
        here = parse_request([*pairs, ("conversation_s", "60"), ("stage", "new")], TODAY, "en")
        there = parse_request(parse_qsl(here.leading(TODAY, MANAGER, behind)), MANAGER, "ru")
        assert there.moments(MANAGER, NOW, MOSCOW) == here.moments(TODAY, NOW, MOSCOW)
        assert there.language == "en"
        assert there.variables == {
            "manager": ("m01",), "conversation_s": ("60",), "of": ("calls_to_potential",),
        }  # fmt: skip


def test_the_legs_of_a_call_leave_the_list_that_it_stands_in() -> None:
    here = parse_request([("manager", "m01"), ("of", "answered"), ("call", "old")], MANAGER, "ru")
    there = parse_request(
        parse_qsl(here.leading(MANAGER, MANAGER, [("call", "c1"), ("manager", "m01")])), MANAGER, "ru"
    )
    assert there.variables == {"manager": ("m01",), "of": ("answered",), "call": ("c1",)}
    assert there.moments(MANAGER, NOW, MOSCOW) == here.moments(MANAGER, NOW, MOSCOW)


def test_the_period_of_a_board_with_numbers_that_lead_elsewhere_can_stand_in_an_address() -> None:
    for board in BOARDS:
        if any(column.link and column.link.board for panel in board.panels for column in panel.columns):
            assert (board.start, board.end) in PERIODS.values()
