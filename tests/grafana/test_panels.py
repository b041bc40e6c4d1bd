"""Every panel and variable of every board runs over the department, says the same in both forms, and has rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.readouts.department import department_of
from schemas.parameters import SEVERAL, SINGLE, Chosen, Query, Value
from schemas.screens.boards import BOARDS
from schemas.screens.boards.manager import MANAGER
from schemas.screens.panel import Board, Panel
from schemas.screens.variables import QUERIES
from tests.grafana.asking import NOW, Asker, Row, period
from tests.grafana.conftest import StoredDepartment

pytestmark = pytest.mark.stack

PANELS = [(board, panel) for board in BOARDS for panel in board.panels if panel.query is not None]
IDS = [panel.id for _, panel in PANELS]
EMPTY_WHEN_WELL = {"health_verify", "health_unknown_stages", "today_attention"}
NEEDS_A_CALL = {"manager_legs"}

PERIODS = {
    "today": period("2026-03-13T00:00:00", "2026-03-13T15:31:07", now=datetime(2026, 3, 13, 12, 31, 7, tzinfo=UTC)),
    "funnel": period("2026-01-01T00:00:00", "2026-06-01T00:00:00"),
    "manager": period("2026-03-01T00:00:00", "2026-03-31T23:59:59", managers=("m01",)),
    "warning": period("2026-02-01T00:00:00", "2026-05-01T00:00:00"),
}
"""By board: what a reader would look at. Imports and rejects are of the day of the test."""


@pytest.fixture(scope="module")
def asker(stored_department: StoredDepartment) -> Asker:
    return Asker(stored_department.reader, department_of(stored_department.settings))


def period_of(board: Board) -> Chosen:
    today = datetime.now(UTC).replace(microsecond=0)
    return PERIODS.get(board.id) or Chosen(
        start=datetime(2026, 1, 1, tzinfo=UTC), end=today + timedelta(days=1), now=today
    )


def _query_of(panel: Panel) -> Query:
    assert panel.query is not None
    return panel.query


@pytest.mark.parametrize(("board", "panel"), PANELS, ids=IDS)
def test_panel_says_the_same_natively_and_in_grafana_and_has_rows(asker: Asker, board: Board, panel: Panel) -> None:
    chosen = period_of(board)
    rows = asker.as_grafana(_query_of(panel), chosen, board.all_variables)
    assert rows == asker.natively(_query_of(panel), _to_the_end_of_its_day(chosen))
    assert bool(rows) or panel.id in EMPTY_WHEN_WELL | NEEDS_A_CALL
    for row in rows:
        assert {column.name for column in panel.columns} <= row.keys()


def _to_the_end_of_its_day(chosen: Chosen) -> Chosen:
    """Grafana's "today" ends a second before midnight."""
    second = timedelta(seconds=chosen.end.second == 59)
    return Chosen(start=chosen.start, end=chosen.end + second, now=chosen.now, values=chosen.values)


@pytest.mark.parametrize(("board", "panel"), PANELS, ids=IDS)
def test_panel_follows_what_is_chosen_in_both_forms(asker: Asker, board: Board, panel: Panel) -> None:
    found = period_of(board)
    values: dict[str, Value] = {
        "managers": ("m01", "m03"),
        "teams": ("A", "O'Brien's"),
        "directions": ("outbound",),
        "in_stages": ("new", "customer"),
        "conversation_s": 60,
        "of": "conversations",
        "sources": ("pbx",),
    }
    values = {name: value for name, value in values.items() if (SEVERAL | SINGLE)[name] in board.all_variables}
    chosen = Chosen(start=found.start, end=found.end, now=found.now, values=values)
    rows = asker.as_grafana(_query_of(panel), chosen, board.all_variables)
    assert rows == asker.natively(_query_of(panel), _to_the_end_of_its_day(chosen))
    people = {row["manager_id"] for row in rows if row.get("manager_id")}
    assert people <= {"m01", "m03"} or "manager" not in board.variables


@pytest.mark.parametrize("name", QUERIES)
def test_variable_has_an_id_and_a_text_for_each_choice(asker: Asker, name: str) -> None:
    rows = asker.as_grafana(QUERIES[name], period_of(MANAGER))
    assert rows == asker.natively(QUERIES[name], _to_the_end_of_its_day(period_of(MANAGER)))
    assert rows
    # The plugin takes the first column for the value, the second for what is shown.
    assert all(list(row) == ["value", "text"] for row in rows)


def test_a_link_from_a_number_leads_to_as_many_calls_as_it_says(asker: Asker) -> None:
    """From a row of `talks` to the calls of the Manager board, for every number that is linked."""
    talks = next(panel for _, panel in PANELS if panel.id == "today_talks")
    calls = next(panel for _, panel in PANELS if panel.id == "manager_calls")
    linked = [column for column in talks.columns if column.link and ("of", column.name) in column.link.fixed]
    assert len(linked) >= 5
    chosen = period("2026-03-01T00:00:00", "2026-03-31T23:59:59")
    for row in asker.as_grafana(_query_of(talks), chosen):
        for column in linked:
            values: dict[str, Value] = {"managers": (row["manager_id"],), "of": column.name}
            behind = Chosen(start=chosen.start, end=chosen.end, now=NOW, values=values)
            assert len(asker.as_grafana(_query_of(calls), behind)) == int(row[column.name])


@pytest.mark.parametrize("conversation_s", [30, 60])
def test_panels_of_one_screen_say_the_same_of_one_number(asker: Asker, conversation_s: int) -> None:
    """Whatever threshold and period are chosen."""
    for first in ("2026-03-13", "2026-03-09", "2026-02-01"):
        chosen = period(f"{first}T00:00:00", "2026-03-13T23:59:59", conversation_s=conversation_s)
        rows = {
            panel.id: asker.as_grafana(_query_of(panel), chosen, board.all_variables)
            for board, panel in PANELS
            if panel.id in ("today_numbers", "today_baseline", "today_talks", "today_silent")
        }
        (department,) = rows["today_numbers"]
        talks = {row["manager_id"]: row for row in rows["today_talks"]}
        assert int(department["calls"]) == sum(int(row["calls"]) for row in talks.values())
        for name in ("conversations", "calls_to_potential"):
            assert int(department[name]) == sum(int(row[name]) for row in talks.values())
        for row in rows["today_baseline"]:
            for name in ("calls", "calls_to_potential"):
                assert int(row[name]) == int(talks[row["manager_id"]][name])
        for row in rows["today_silent"]:
            assert int(row["calls"]) == int(talks[row["manager_id"]]["calls"])


def test_legs_of_a_call_are_those_that_the_exchange_wrote(asker: Asker) -> None:
    calls = next(panel for _, panel in PANELS if panel.id == "manager_calls")
    legs = next(panel for _, panel in PANELS if panel.id == "manager_legs")
    found: list[Row] = asker.as_grafana(_query_of(calls), period_of(MANAGER))
    for call in found[:20]:
        values = {"source": call["source"], "call_id": call["call_id"]}
        chosen = Chosen(start=NOW, end=NOW, now=NOW, values=values)
        rows = asker.as_grafana(_query_of(legs), chosen)
        assert len(rows) == int(call["legs"])
        assert rows == asker.natively(_query_of(legs), chosen)
