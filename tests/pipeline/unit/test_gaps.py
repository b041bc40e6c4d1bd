"""Which gaps a file fills: those that it spans, whatever its order, and none that it only touches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.live.delivery_queue import DeliveryQueue
from pipeline.clock import as_datetime
from pipeline.gaps import CallSpan, describe_gaps, resolved_gap, spanned
from schemas.gaps import Gap, gap_of
from schemas.records import Reason, Rejected

NINE = datetime(2026, 11, 2, 9, tzinfo=UTC)
NOW = 1_793_700_000_000_000_000


def gap(since: int, until: int, source: str = "office", **more: object) -> Rejected:
    """A gap from and to minutes after nine, as a door reports it."""
    line = DeliveryQueue(source, "ami", "session-1", clock=lambda: NOW)
    told = line.gap(NINE + timedelta(minutes=since), NINE + timedelta(minutes=until), "the connection was lost")
    return msgspec.structs.replace(told, **more)


def span(starts: Sequence[int]) -> CallSpan:
    at = [NINE + timedelta(minutes=minute) for minute in starts]
    return CallSpan(min(at), max(at))


MINUTES = st.integers(-600, 600)
TIMES = st.tuples(MINUTES, MINUTES).map(lambda pair: (min(pair), max(pair)))


@given(st.lists(MINUTES, min_size=1, max_size=20), st.lists(TIMES, max_size=20))
def test_gap_is_filled_when_a_call_began_not_after_it_and_another_not_before_its_end(
    starts: list[int], times: list[tuple[int, int]]
) -> None:
    gaps = [gap(*time) for time in times]
    expected = [
        one
        for one, (since, until) in zip(gaps, times, strict=True)
        if any(start <= since for start in starts) and any(start >= until for start in starts)
    ]
    assert spanned(gaps, span(starts)) == expected
    assert spanned(gaps, span(starts[::-1])) == expected


@given(st.lists(MINUTES, min_size=1, max_size=9), st.lists(MINUTES, max_size=9), st.lists(TIMES, max_size=9))
def test_file_with_more_calls_fills_no_less(starts: list[int], more: list[int], times: list[tuple[int, int]]) -> None:
    gaps = [gap(*time) for time in times]
    fewer, all_ = spanned(gaps, span(starts)), spanned(gaps, span(starts + more))
    assert all(one in all_ for one in fewer)


@given(TIMES)
def test_what_a_door_reports_is_read_as_it_was_meant(times: tuple[int, int]) -> None:
    since, until = (NINE + timedelta(minutes=minute) for minute in times)
    assert gap_of(gap(*times)) == Gap(since, until)


@pytest.mark.parametrize(
    "payload",
    ["", "x", "2026-11-02T09:00:00+00:00", "2026-11-02T09:00:00/2026-11-02T09:05:00",
     "2026-11-02T09:05:00+00:00/2026-11-02T09:00:00+00:00", "2026-11-02T09:00:00+00:00/2026-11-02T09:05:00"],
)  # fmt: skip
def test_gap_without_its_times_is_filled_by_nothing(payload: str) -> None:
    assert spanned([gap(0, 5, payload=payload)], span([-600, 600])) == []


def test_other_rejects_are_no_gaps() -> None:
    assert spanned([gap(0, 5, reason=Reason.BAD_TIME)], span([-600, 600])) == []


@pytest.mark.parametrize("now", [NOW - 10**12, NOW, NOW + 10**12], ids=["behind", "equal", "ahead"])
def test_filled_gap_replaces_the_open_one_whatever_the_clocks_say(now: int) -> None:
    one = gap(0, 5)
    done = resolved_gap(one, "import 7 (Master.csv)", now)
    assert done.version > one.version
    assert (done.rejected_id, done.resolved, done.at) == (one.rejected_id, 1, as_datetime(now))
    assert done.detail == "filled by import 7 (Master.csv)"


def test_words_name_the_open_ones_and_by_what_others_were_filled() -> None:
    assert describe_gaps([]) == ""
    open_, done = gap(0, 5), resolved_gap(gap(60, 90), "import 7 (Master.csv)", NOW)
    assert describe_gaps([open_, done]) == (
        "1 open, to be filled by a file of the source that spans them: office ami 2026-11-02 09:00:00 to 2026-11-02"
        " 09:05:00 UTC; 1 filled: office ami 2026-11-02 10:00:00 to 2026-11-02 10:30:00 UTC, filled by import 7"
        " (Master.csv)"
    )
    assert describe_gaps([gap(n, n) for n in range(7)]).endswith("09:04:00 UTC; and 2 before")
