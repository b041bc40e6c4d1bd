"""The metrics of the boards equal counts by hand, on random departments."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from functools import partial
from random import Random
from typing import Any

import pytest

from schemas.alerts import rule
from schemas.parameters import Chosen, Department, Query
from schemas.screens.panel import query, settled
from tests.grafana import by_hand, squeeze_by_hand, warnings_by_hand
from tests.grafana.asking import Asker
from tests.grafana.by_hand import Question, Rows
from tests.grafana.worlds import IDS, STAGES, TEAMS, World, world
from tests.pipeline.property.tables import Database

pytestmark = pytest.mark.stack

WORLDS = 6
QUESTIONS = 3

Count = Callable[[Question], Rows]
METRICS: dict[str, tuple[Query, Count, str]] = {
    "hours": (query("hours"), by_hand.hours, ""),
    "talks": (query("call_rates"), by_hand.talks, ""),
    "depth": (query("calls_per_organisation"), by_hand.depth, ""),
    "depth_distribution": (query("calls_per_organisation_distribution"), by_hand.depth_distribution, ""),
    "proposal_sums": (query("proposal_sums"), by_hand.proposal_sums, ""),
    "calls_to_terminal": (query("calls_to_terminal"), by_hand.calls_to_terminal, ""),
    "own_baseline": (query("own_baseline"), by_hand.own_baseline, ""),
    "course": (query("trend"), by_hand.course, ""),
    "novelty": (query("novelty"), warnings_by_hand.novelty, ""),
    "squeezers": (settled("squeezers", alpha_new=squeeze_by_hand.ALPHA_NEW), squeeze_by_hand.squeezers, "manager_id"),
    "funnel_top": (query("funnel_top", by=""), warnings_by_hand.funnel_top, ""),
    "silent": (
        query("silent", quiet_min=60, **dict(rule("manager_silent").parameters)),
        partial(warnings_by_hand.silent, quiet_min=60),
        "manager_id",
    ),
    "untouched": (
        query("idle_organisations", days=3, limit=1000),
        partial(warnings_by_hand.untouched, days=3),
        "organisation_id",
    ),
    "missed": (
        query("missed", patience_s=5, hours=8, limit=1000),
        partial(warnings_by_hand.missed, patience_s=5, hours=8),
        "",
    ),
}
"""Metric -> (what is asked, the count by hand, the column to sort by where the metric's own order is not compared)."""


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    return Database(store_dsn)


def question(random: Random, there: World) -> Question:
    """A period that ends about when the world does, often within a day; now is then, or later."""
    last = there.last + timedelta(days=random.choice((0, 1, 1)))
    end = datetime.combine(last, time(), there.zone) + timedelta(seconds=random.choice((0, 0, 43_200, 57_600)))
    now = end + random.choice((timedelta(), timedelta(), timedelta(minutes=-90), timedelta(days=9)))
    start = datetime.combine(end.date(), time(), there.zone) - timedelta(days=random.choice((0, 1, 6, 40, 120)))
    return Question(
        world=there,
        start=start.astimezone(UTC),
        end=max(end, start + timedelta(hours=9)).astimezone(UTC),
        now=now.astimezone(UTC),
        managers=random.choice(((), (), IDS[:2], ("eve",))),
        teams=random.choice(((), (), TEAMS[:1])),
        directions=random.choice(((), ("outbound",), ("inbound", "unknown"))),
        in_stages=random.choice(((), ("new", "customer"))),
        conversation_s=random.choice((30, 30, 31)),
    )


@pytest.mark.parametrize("seed", range(WORLDS))
def test_metrics_equal_a_count_by_hand(database: Database, store_dsn: str, seed: int) -> None:
    random = Random(seed)
    there = world(random)
    there.keep(database)
    asker = Asker(store_dsn, Department(zone=there.zone.key, conversation_s=30, stages=STAGES))
    for _ in range(QUESTIONS):
        case = question(random, there)
        chosen = Chosen(
            start=case.start,
            end=case.end,
            now=case.now,
            values={
                "managers": case.managers,
                "teams": case.teams,
                "directions": case.directions,
                "in_stages": case.in_stages,
                "conversation_s": case.conversation_s,
            },
        )
        for name, (metric, count, order) in METRICS.items():
            expected, found = count(case), asker.natively(metric, chosen)
            if order:
                found.sort(key=lambda row: str(row[order]))
            same_rows(name, expected, found, case)


def same_rows(name: str, expected: Rows, found: Rows, case: Question) -> None:
    """Rows as counted by hand, in their order."""
    context = f"{name} {case.start} {case.end} {case.now} {case.managers} {case.teams} {case.world.zone}"
    assert len(found) == len(expected), (context, found, expected)
    for row, wanted in zip(found, expected, strict=True):
        for column, value in wanted.items():
            assert _equal(row[column], value), f"{column} {row[column]} {value}\n{row}\n{wanted}\n{context}"


def _equal(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, datetime):
        return datetime.fromisoformat(found).replace(tzinfo=UTC) == wanted
    if isinstance(wanted, float) and found is not None:
        return math.isclose(float(found), wanted, rel_tol=1e-9, abs_tol=1e-9)
    return bool(found == wanted)
