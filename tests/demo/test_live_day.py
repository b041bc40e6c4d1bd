"""The department lives on: its rows come through the connectors, and what is counted is what happened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from department.comparison import Comparison
from department.live_department import LiveDepartment
from department.simulation import Simulation
from department.truth import Truth
from pipeline.demo.department import LoadedDepartment
from pipeline.drawing.floor.board import Around, board
from pipeline.loading.live_feed import LiveFeed
from pipeline.readouts.activity import activity
from pipeline.readouts.floor import Floor, read_floor, read_plans
from pipeline.readouts.period import Period
from pipeline.transport import Transport
from tests.stack.deployment import wait_for

pytestmark = pytest.mark.stack
README = (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")
TODAY, TOMORROW = date(2026, 5, 12), date(2026, 5, 13)


@pytest.fixture(scope="module")
def feed(default: LoadedDepartment) -> Iterator[LiveFeed]:
    feed = LiveFeed(
        LiveDepartment(default.options), default.exports, default.folder, default.endpoints, default.settings
    )
    yield feed
    feed.close()


def at(department: LoadedDepartment, hour: int) -> datetime:
    return datetime(2026, 5, 12, hour, tzinfo=department.settings.time_zone)


def stored(department: LoadedDepartment) -> None:
    """Return once everything that was sent is counted."""
    transport = Transport(department.endpoints)
    topics = ("organisations", "stage-changes", "proposals", "call-legs", "plans", "absences", "activities")
    try:
        wait_for(
            "end of the wire",
            lambda: all(not transport.position(transport.ends([topic])).lag for topic in (*topics, *topics)),
        )
    finally:
        transport.close()


def test_noon_of_the_first_day_is_the_board_of_the_readme(default: LoadedDepartment, feed: LiveFeed) -> None:
    noon = at(default, 12)
    feed.send(noon.timestamp())
    stored(default)
    plans = read_plans(default.numbers, noon, default.settings)
    floor = read_floor(default.numbers, noon, default.settings, plans)
    drawn = [line.plain.rstrip() for line in board(floor, Around(60, 0), 80, 24)]
    shown = README[README.index(" callfunnel   Tue 12 May 12:00:00") :].partition("\n```")[0].splitlines()
    assert len(shown) > 15
    assert drawn[: len(shown)] == shown, "\n".join(drawn)
    _is_what_activity_says(default, floor)


def _is_what_activity_says(department: LoadedDepartment, floor: Floor) -> None:
    """Every number of the floor is the command's; those of nobody's calls are on neither."""
    days = Period(TODAY, TOMORROW, department.settings.time_zone)
    rows = {row.of["manager_id"]: row.numbers for row in activity(department.numbers, days, ("manager",))}
    assert {one.manager_id: one.numbers for one in floor.people} == rows
    assert floor.total.calls == sum(one.calls for one in rows.values()) > 100
    assert all(sum(one.pulse) == one.numbers.calls for one in floor.people)
    assert {one.manager_id: one.why for one in floor.people if one.why not in ("working", "")} == {
        "m10": "away",
        "m11": "silent",
    }


def test_whole_day_is_the_true_one_however_often_it_is_sent(default: LoadedDepartment, feed: LiveFeed) -> None:
    feed.send(datetime(2026, 5, 13, 4, tzinfo=default.settings.time_zone).timestamp())
    stored(default)
    assert _differences(default) == []
    feed.again()
    feed.send(datetime(2026, 5, 13, 4, 30, tzinfo=default.settings.time_zone).timestamp())
    stored(default)
    assert _differences(default) == []
    assert feed.rejected == 0


def _differences(department: LoadedDepartment) -> list[str]:
    days = Period(TODAY, TOMORROW, department.settings.time_zone)
    rows = activity(department.numbers, days, ("manager", "day"), unassigned=True)
    compared = Comparison(_truth(department))
    compared.activity([row.flat() for row in rows])
    assert compared.numbers == 14 * len(rows) > 100
    return compared.differences


def _truth(department: LoadedDepartment) -> dict[str, Any]:
    """The truth of the first live day, from the story told once more."""
    simulation = Simulation(department.options)
    for _ in simulation.run():
        pass
    truth = Truth(simulation.country.zone, simulation.country.currency)
    recorded = next(simulation.live_on())
    truth.add(recorded.day, recorded.calls, recorded.lost)
    truth.propose(simulation.proposals)
    rows: list[dict[str, Any]] = [msgspec.to_builtins(row) for row in truth.rows()]
    today = [row for row in rows if row["day"] == TODAY.isoformat()]
    return {
        "activity": [row for row in today if row["manager_id"]],
        "nobody": [row for row in today if not row["manager_id"]],
    }
