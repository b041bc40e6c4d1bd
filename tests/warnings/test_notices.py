"""Who is told what: nothing twice, nothing while it must be quiet, an end only of what was told, and only once."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.warnings.notices import Notice, NoticeKind, digest_day, digest_id, due_notices, latest_marks
from pipeline.warnings.receivers import QuietHours, Receiver
from schemas.alerts import Urgency
from schemas.warnings import Incident, IncidentMark, IncidentState, MarkKind
from tests.warnings.worlds import NOON, ZONE, incident, receiver


def due(
    *incidents: Incident,
    heard: set[str] | None = None,
    marks: tuple[IncidentMark, ...] = (),
    to: Receiver | None = None,
    now: datetime = NOON,
    is_open: bool = True,
) -> list[Notice]:
    return due_notices(incidents, latest_marks(marks), heard or set(), to or receiver(), now, is_open=is_open)


def ids(notices: list[Notice]) -> list[str]:
    return [one.notice_id for one in notices]


def mark(kind: MarkKind, at: datetime, until: datetime | None = None, of: str = "calls_drop-anna") -> IncidentMark:
    return IncidentMark(incident_id=of, kind=kind, at=at, until=until)


OVER: dict[str, Any] = {"state": IncidentState.RESOLVED, "resolved_at": NOON}
TOLD = {"calls_drop-anna:firing"}


def test_what_was_told_is_not_told_again_and_its_end_is_told_once() -> None:
    assert ids(due(incident())) == ["calls_drop-anna:firing"]
    assert due(incident(), heard=TOLD) == []
    assert ids(due(incident(**OVER), heard=TOLD)) == ["calls_drop-anna:resolved"]
    assert due(incident(**OVER), heard=TOLD | {"calls_drop-anna:resolved"}) == []


def test_end_of_what_nobody_was_told_of_and_of_long_ago_is_not_told() -> None:
    assert due(incident(**OVER)) == []
    assert due(incident(**OVER), heard=TOLD, now=NOON + timedelta(days=15)) == []


def test_pending_is_not_told() -> None:
    assert due(incident(state=IncidentState.PENDING)) == []


def test_acknowledged_is_quiet_but_its_end() -> None:
    acked = (mark(MarkKind.ACK, NOON),)
    assert due(incident(), marks=acked) == []
    assert ids(due(incident(**OVER), marks=acked, heard=TOLD)) == ["calls_drop-anna:resolved"]


def test_snoozed_is_quiet_until_then_and_told_once_if_it_still_stands() -> None:
    until = NOON + timedelta(hours=4)
    snoozed = (mark(MarkKind.SNOOZE, NOON, until),)
    assert due(incident(), marks=snoozed, heard=TOLD, now=until - timedelta(seconds=1)) == []
    (still,) = due(incident(), marks=snoozed, heard=TOLD, now=until)
    assert still.kind is NoticeKind.STILL
    assert due(incident(), marks=snoozed, heard=TOLD | {still.notice_id}, now=until + timedelta(hours=1)) == []
    assert due(incident(**OVER), marks=snoozed, heard=TOLD, now=NOON + timedelta(hours=1)) == []
    assert ids(due(incident(**OVER), marks=snoozed, heard=TOLD, now=until)) == ["calls_drop-anna:resolved"]


def test_woken_is_as_if_nobody_had_said_anything() -> None:
    marks = (mark(MarkKind.ACK, NOON), mark(MarkKind.WAKE, NOON + timedelta(minutes=1)))
    assert ids(due(incident(), marks=marks)) == ["calls_drop-anna:firing"]


def test_lead_is_told_of_the_own_team_and_not_of_exchanges_or_the_department() -> None:
    lead = receiver(teams=("Север",), about=frozenset({Urgency.HEAD}))
    everything = (incident(), incident(manager="ivan"), incident("department_drop"), incident("feed_dead"))
    assert ids(due(*everything, to=lead)) == ["calls_drop-anna:firing"]
    assert len(due(*everything)) == 4


@pytest.mark.parametrize(
    ("clock", "is_quiet"),
    [("19:59", False), ("20:00", True), ("23:59", True), ("00:00", True), ("07:59", True), ("08:00", False)],
)
def test_quiet_hours_go_over_midnight(clock: str, is_quiet: bool) -> None:
    assert QuietHours(time(20), time(8)).hold(time.fromisoformat(clock)) is is_quiet


def test_days_off_are_quiet_unless_somebody_wants_them() -> None:
    here = NOON.astimezone(ZONE)
    assert receiver().is_open(here, is_worked=True)
    assert not receiver().is_open(here, is_worked=False)
    assert receiver(days_off=True).is_open(here, is_worked=False)


WORKED = {date(2026, 11, n): n not in (21, 22, 28, 29) for n in range(20, 31)}


@pytest.mark.parametrize(
    ("here", "day"),
    [
        (datetime(2026, 11, 27, 8, 59, tzinfo=ZONE), None),
        (datetime(2026, 11, 27, 9, 0, tzinfo=ZONE), date(2026, 11, 26)),
        (datetime(2026, 11, 27, 18, 0, tzinfo=ZONE), None),
        (datetime(2026, 11, 28, 9, 0, tzinfo=ZONE), None),
        (datetime(2026, 11, 30, 9, 30, tzinfo=ZONE), date(2026, 11, 27)),
    ],
    ids=["too early", "friday", "the day is over", "saturday", "monday tells of friday"],
)
def test_digest_is_of_the_latest_working_day_on_working_mornings(here: datetime, day: date | None) -> None:
    assert digest_day(receiver(), here, WORKED, time(18), ()) == day
    assert digest_day(receiver(), here, WORKED, time(18), {digest_id(here.date())}) is None
    assert digest_day(receiver(digest=None), here, WORKED, time(18), ()) is None


events = st.lists(
    st.one_of(
        st.tuples(st.just("fire"), st.integers(0, 2)),
        st.tuples(st.just("end"), st.integers(0, 2)),
        st.tuples(st.just("ack"), st.integers(0, 2)),
        st.tuples(st.just("snooze"), st.integers(0, 2)),
        st.tuples(st.just("wake"), st.integers(0, 2)),
        st.tuples(st.just("wait"), st.integers(1, 40)),
        st.tuples(st.just("forget memory"), st.just(0)),
    ),
    max_size=60,
)


@given(events)
def test_whatever_happens_nothing_is_told_twice_or_in_a_quiet_hour_and_what_stands_is_told_after_it(
    happened: list[tuple[str, int]],
) -> None:
    to, now = receiver(), datetime(2026, 11, 27, 9, tzinfo=UTC)
    incidents: dict[str, Incident] = {}
    current: dict[int, str] = {}
    marks: list[IncidentMark] = []
    heard: list[str] = []
    for what, n in (*happened, ("wait", 24 * 4)):
        if what == "fire" and n not in current:
            one = incident(incident_id=f"{n}-{len(incidents)}", since=now, last_at=now)
            incidents[one.incident_id], current[n] = one, one.incident_id
        elif what == "end" and n in current:
            over = current.pop(n)
            incidents[over] = msgspec.structs.replace(
                incidents[over], state=IncidentState.RESOLVED, resolved_at=now, changed_at=now
            )
        elif what in ("ack", "snooze", "wake") and n in current:
            until = now + timedelta(hours=5) if what == "snooze" else None
            marks.append(mark(MarkKind(what), now, until, current[n]))
        for _ in range(n if what == "wait" else 1):
            now += timedelta(hours=1)
            here = now.astimezone(ZONE)
            is_open = to.is_open(here, is_worked=here.weekday() < 5)
            found = due(*incidents.values(), heard=set(heard), marks=tuple(marks), now=now, is_open=is_open)
            assert not found or (here.weekday() < 5 and 8 <= here.hour < 20)
            heard += ids(found)
    assert len(heard) == len(set(heard)), "nothing twice"
    silenced = {one for one, said in latest_marks(marks).items() if said.kind is MarkKind.ACK}
    for one in incidents.values():
        is_told = f"{one.incident_id}:firing" in heard
        if one.state is IncidentState.FIRING and one.incident_id not in silenced:
            assert is_told, "four days later everything that stands was told"
        if one.state is IncidentState.RESOLVED:
            assert (f"{one.incident_id}:resolved" in heard) == is_told, "an end is told of what was told, once"
            if is_told and f"{one.incident_id}:resolved" in heard:
                assert heard.index(f"{one.incident_id}:firing") < heard.index(f"{one.incident_id}:resolved")
