"""Every variable of the boards, with texts that no department has: they filter as any other unknown value does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from clickhouse_connect.driver.client import Client

from pipeline.readouts.numbers import Numbers
from pipeline.serving.board.screens import BoardScreens
from pipeline.serving.board.server import NotUnderstood, Pairs
from pipeline.store import connect
from schemas.screens.boards import BOARDS
from schemas.screens.panel import Board
from tests.grafana.conftest import StoredDepartment

UNKNOWN = "nobody has this value"
ODD = (
    "'", '"', "\\", "\\'", "'); DROP TABLE calls; --", "{from:DateTime}", "%s", "%(x)s", "a\0b", "\0", "\n\t",
    "$__timeFilter(at)", "<script>alert(1)</script>", "\u202e", "\U0001f4de", "null", "-1", "x" * 200,
)  # fmt: skip
ONE_BY_ONE = ("');--\\", "\0", "<script>alert(1)</script>")
"""Of a variable that has one value."""
PERIOD: Pairs = [("first", "2026-03-02"), ("last", "2026-03-08")]


@pytest.fixture(scope="module")
def screens(stored_department: StoredDepartment) -> BoardScreens:
    client: Client = connect(stored_department.reader)
    return BoardScreens(Numbers(client), stored_department.settings, clock=lambda: datetime(2026, 3, 16, 9, tzinfo=UTC))


def variables() -> list[tuple[Board, str]]:
    """Each variable, on the board with the fewest panels that has it."""
    names = dict.fromkeys(name for board in BOARDS for name in board.variables if name != "conversation_s")
    return [
        (min((one for one in BOARDS if name in one.variables), key=lambda one: len(one.panels)), name) for name in names
    ]


def panels(screens: BoardScreens, board: Board, pairs: Pairs) -> dict[str, bytes]:
    return {panel.id: screens.panel(board.id, panel.id, pairs, "en") for panel in board.panels}


@pytest.mark.parametrize(("board", "variable"), variables(), ids=lambda one: one if isinstance(one, str) else one.id)
def test_odd_value_filters_as_one_that_nobody_has(screens: BoardScreens, board: Board, variable: str) -> None:
    if variable in board.single:
        for odd in ONE_BY_ONE:
            page = screens.page(board.id, [*PERIOD, (variable, odd)], "ru")
            assert "<script>alert" not in page
            panels(screens, board, [*PERIOD, (variable, odd)])
        return
    pairs: Pairs = [*PERIOD, *((variable, odd) for odd in ODD)]
    assert "<script>alert" not in screens.page(board.id, pairs, "ru")
    shown, expected = panels(screens, board, pairs), panels(screens, board, [*PERIOD, (variable, UNKNOWN)])
    assert not any(b"<script>alert" in answer for answer in shown.values())
    numbers = {name: answer.count(b"data-v=") for name, answer in shown.items()}
    assert numbers == {name: answer.count(b"data-v=") for name, answer in expected.items()}


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([("manager", "x" * 201)], "manager: a value of 201 characters"),
        ([("manager", f"m{number}") for number in range(201)], "201 values"),
    ],
)
def test_filter_that_is_too_large_is_refused_and_never_dropped(
    screens: BoardScreens, pairs: Pairs, message: str
) -> None:
    """Without its filter a board would show everybody."""
    with pytest.raises(NotUnderstood, match=message):
        screens.page("today", pairs, "en")
