"""From instances to incidents: begun once, kept while it wavers, ended once."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from pipeline.warnings.incidents import advance, hold_s
from schemas.alerts import RULES, rule
from schemas.warnings import Incident, IncidentState
from tests.warnings.worlds import NOON, instance

STEP = timedelta(minutes=5)


def after(known: list[Incident], name: str, at: datetime, *people: str) -> list[Incident]:
    """All incidents after a round in which the rule fired of these people."""
    changed = advance(known, [instance(name, at, who) for who in people], {name: at}, RULES, at)
    return list(({one.incident_id: one for one in known} | {one.incident_id: one for one in changed}).values())


def test_what_fires_begins_once_and_keeps_its_beginning_and_latest_numbers() -> None:
    known = after([], "calls_drop", NOON, "anna")
    known = after(known, "calls_drop", NOON + STEP, "anna")
    (one,) = known
    assert (one.state, one.since, one.last_at) == (IncidentState.FIRING, NOON, NOON + STEP)
    assert (one.labels["manager"], one.labels["frame"], one.numbers["calls"]) == ("Анна Петрова", "today", 12)


def test_it_is_over_once_it_has_not_fired_for_an_hour() -> None:
    known = after([], "calls_drop", NOON, "anna")
    known = after(known, "calls_drop", NOON + timedelta(minutes=55))
    assert [one.state for one in known] == [IncidentState.FIRING]
    known = after(known, "calls_drop", NOON + timedelta(minutes=60))
    (one,) = known
    assert (one.state, one.resolved_at) == (IncidentState.RESOLVED, NOON + timedelta(minutes=60))
    again = after(known, "calls_drop", NOON + timedelta(minutes=65), "anna")
    assert len({one.incident_id for one in again}) == 2, "what begins again is another one"


def test_what_waits_is_told_of_only_when_it_lasts_and_ends_without_a_word() -> None:
    wait = timedelta(seconds=rule("stale_data").pending_s)
    known = after([], "stale_data", NOON, "anna")
    assert [one.state for one in known] == [IncidentState.PENDING]
    lasting = after(known, "stale_data", NOON + wait, "anna")
    assert [one.state for one in lasting] == [IncidentState.FIRING]
    gone = after(known, "stale_data", NOON + timedelta(seconds=60))
    assert [one.state for one in gone] == [IncidentState.RESOLVED]


def test_rule_that_could_not_be_asked_changes_nothing() -> None:
    known = after([], "calls_drop", NOON, "anna")
    assert advance(known, [], {"squeeze": NOON + timedelta(days=30)}, RULES, NOON) == []


def test_who_leaves_the_roster_or_gets_another_name_is_no_new_incident() -> None:
    (one,) = after([], "manager_silent", NOON, "anna")
    married = msgspec.structs.replace(
        instance("manager_silent", NOON + STEP), labels={**one.labels, "manager": "Анна Орлова"}
    )
    (renamed,) = advance([one], [married], {"manager_silent": NOON + STEP}, RULES, NOON)
    assert (renamed.incident_id, renamed.labels["manager"]) == (one.incident_id, "Анна Орлова")
    (gone,) = advance([one], [], {"manager_silent": NOON + timedelta(hours=2)}, RULES, NOON)
    assert gone.state is IncidentState.RESOLVED


@given(st.lists(st.tuples(st.integers(1, 90), st.booleans()), max_size=60))
def test_incidents_of_one_thing_never_overlap_and_every_firing_moment_is_in_one(rounds: list[tuple[int, bool]]) -> None:
    known: list[Incident] = []
    at, fired = NOON, []
    for minutes, fires in rounds:
        at += timedelta(minutes=minutes)
        known = after(known, "calls_drop", at, *(["anna"] if fires else []))
        fired += [at] if fires else []
    assert sum(one.state is not IncidentState.RESOLVED for one in known) <= 1
    spans = sorted((one.since, one.last_at) for one in known)
    assert all(later[0] > earlier[1] for earlier, later in pairwise(spans))
    assert all(sum(first <= moment <= last for first, last in spans) == 1 for moment in fired)
    hold = timedelta(seconds=hold_s(rule("calls_drop")))
    for one in known:
        if one.resolved_at is not None:
            assert one.resolved_at - one.last_at >= hold
