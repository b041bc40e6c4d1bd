"""Where an organisation stands by its deals: each rule of the module's description, and any order of telling."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from connectors.api.deals import DealMove, standings
from connectors.api.survey import StageKind

BEGIN = datetime(2026, 11, 2, tzinfo=UTC)
ORDER = {"new": 0, "active": 1, "development": 2, "customer": 3, "disqualified": 4}
OPEN, WON, LOST = StageKind.OPEN, StageKind.WON, StageKind.LOST


def move(hour: int, deal: int, stage: str, kind: StageKind = OPEN) -> DealMove:
    return DealMove(BEGIN + timedelta(hours=hour), hour * 100 + deal, deal, stage, kind, f"m{deal}")


def furthest(*moves: DealMove) -> list[tuple[int, str, str]]:
    found = standings(moves, "furthest", ORDER)
    return [(int((at - BEGIN).total_seconds() // 3600), stage, by) for (at, stage), by in sorted(found.items())]


def test_one_deal_is_where_it_is_also_backwards() -> None:
    moves = (move(0, 1, "new"), move(1, 1, "development"), move(2, 1, "active"), move(3, 1, "customer", WON))
    assert furthest(*moves) == [(0, "new", "m1"), (1, "development", "m1"), (2, "active", "m1"), (3, "customer", "m1")]


def test_furthest_open_deal_counts_and_a_lost_one_beside_it_changes_nothing() -> None:
    moves = (move(0, 1, "development"), move(1, 2, "new"), move(2, 2, "disqualified", LOST), move(3, 2, "new"))
    assert furthest(*moves) == [(0, "development", "m1")]


def test_without_an_open_deal_the_won_one_counts_before_a_lost_one() -> None:
    moves = (move(0, 1, "customer", WON), move(1, 2, "new"), move(2, 2, "disqualified", LOST))
    assert furthest(*moves) == [(0, "customer", "m1"), (1, "new", "m2"), (2, "customer", "m2")]


def test_two_moves_at_once_are_one_standing() -> None:
    first, second = move(0, 1, "new"), move(0, 2, "active")
    assert furthest(first, second) == [(0, "active", "m2")]


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(1, 3), st.sampled_from(["new", "active", "development"]))),
)
def test_order_in_which_moves_are_read_changes_nothing(rows: list[tuple[int, int, str]]) -> None:
    moves = list({(hour, deal): move(hour, deal, stage) for hour, deal, stage in rows}.values())
    shuffled = sorted(moves, key=lambda one: hash((one.number * 7919) % 101))
    assert standings(shuffled, "furthest", ORDER) == standings(moves, "furthest", ORDER)
