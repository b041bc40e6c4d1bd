"""No row is missed, however late it appears below the overlap, whatever the clocks and the polls do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.sql.window import Slice, next_slice, read_to, settled, skip_to

OVERLAP = timedelta(hours=4)
DAYS = (
    ("Europe/Berlin", datetime(2026, 10, 25, tzinfo=UTC)),  # clocks are turned back at 01:00 UTC
    ("Europe/Berlin", datetime(2026, 3, 29, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, tzinfo=UTC)),  # by half an hour
    ("Europe/Moscow", datetime(2026, 7, 1, tzinfo=UTC)),
    ("UTC", datetime(2026, 10, 25, tzinfo=UTC)),
)
"""A zone, and a day of it."""


class Row(NamedTuple):
    """A call that starts so many seconds after the day does, and is written so many seconds later."""

    start_s: int
    late_s: int


class Poll(NamedTuple):
    """A look, so many seconds after the last; whether its end is written down before the next."""

    after_s: int
    kept: bool


def holds(part: Slice, wall: datetime) -> bool:
    return part.since <= wall and (part.until is None or wall < part.until)


def wall_at(day: datetime, seconds: int, zone: ZoneInfo) -> datetime:
    return (day + timedelta(seconds=seconds)).astimezone(zone).replace(tzinfo=None)


# In steps of ten minutes, so that calls, looks and changes of clocks fall together often.
TEN_MIN_S = 600
starts = st.integers(0, 20 * 6).map(lambda steps: steps * TEN_MIN_S)
late = st.one_of(st.just(int(OVERLAP.total_seconds())), st.integers(0, int(OVERLAP.total_seconds())))
rows = st.lists(st.builds(Row, starts, late), min_size=1, max_size=30)
polls = st.lists(
    st.builds(Poll, st.integers(1, 24).map(lambda steps: steps * TEN_MIN_S), st.sampled_from((True, True, False))),
    min_size=5,
    max_size=40,
)


@settings(max_examples=400, deadline=None)
@given(rows, polls, st.sampled_from(DAYS), st.sampled_from((1, 6, 48)))
def test_every_row_is_read_at_least_once(
    calls: list[Row], looks: list[Poll], zone_and_day: tuple[str, datetime], step_h: int
) -> None:
    zone, day, step = ZoneInfo(zone_and_day[0]), zone_and_day[1], timedelta(hours=step_h)
    table = [(wall_at(day, row.start_s, zone), day + timedelta(seconds=row.start_s + row.late_s)) for row in calls]
    since = settled(day, OVERLAP, zone)
    read: set[int] = set()
    now = day
    for look in [*looks, Poll(60 * 3600, True)]:
        now += timedelta(seconds=look.after_s)
        limit = settled(now, OVERLAP, zone)
        reached, part = since, Slice(since, since)
        while part.until is not None:
            part = next_slice(reached, limit, step)
            there = {number for number, (_, written_at) in enumerate(table) if written_at <= now}
            found = {number for number in there if holds(part, table[number][0])}
            read |= found
            reached = read_to(part, limit)
            if part.until is not None and not found:
                later = [table[number][0] for number in there if table[number][0] >= reached]
                reached = skip_to(reached, min(later, default=None), limit)
        if look.kept:  # else the process died before Kafka had it
            since = reached
    assert read == set(range(len(table)))


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2026, 1, 1)),
    st.datetimes(datetime(2020, 1, 1), datetime(2026, 1, 1)),
    st.timedeltas(timedelta(days=1), timedelta(days=40)),
)
def test_slices_leave_no_hole_and_only_the_last_is_read_again(
    since: datetime, limit: datetime, step: timedelta
) -> None:
    parts = [next_slice(since, limit, step)]
    while parts[-1].until is not None:
        parts.append(next_slice(read_to(parts[-1], limit), limit, step))
    assert parts[0].since == since
    assert [part.until for part in parts[:-1]] == [part.since for part in parts[1:]]
    assert all(part.until is not None and part.until <= limit for part in parts[:-1])
    assert read_to(parts[-1], limit) == max(limit, parts[-1].since)


def test_a_clock_that_is_turned_back_makes_earlier_wall_times() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    before = datetime(2026, 10, 25, 0, 59, tzinfo=UTC)  # 02:59 there; a minute later it is 02:00 again
    limit = settled(before + OVERLAP, OVERLAP, berlin)
    assert limit <= (before + timedelta(minutes=1)).astimezone(berlin).replace(tzinfo=None)
