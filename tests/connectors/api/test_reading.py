"""One stream being read: windows, halving at a vendor's cap, guards. The vendor is a list of moments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.api.adapter import ApiRequest, Order, PulledPage, PulledRow, PullStream, PullWindow, Reader
from connectors.api.progress import StreamProgress, begin, halved, next_window
from connectors.api.reading import StreamFault, StreamReading
from connectors.reading.source import Context
from schemas.records import Reason, Rejected
from tests.connectors.conftest import context

BEGIN = datetime(2026, 11, 2, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def item(name: str) -> Rejected:
    return Rejected(rejected_id=name, source="s", reason=Reason.BAD_KIND, payload=name, origin="o", at=BEGIN, version=1)


class Vendor:
    """Events newest first, at most `cap` of a window, whatever is asked: as lists of events are."""

    def __init__(self, cap: int = 10_000) -> None:
        self.events: list[datetime] = []
        self.cap = cap
        self.requests = 0

    def stream(self) -> PullStream:
        return PullStream("events", Order.BY_TIME, self.read, overlap=10 * MINUTE, step=DAY)

    def read(self, window: PullWindow, cursor: str, fresh: Callable[[], Context]) -> Reader:
        answer = yield ApiRequest("/events", "events", body=[window.since, window.until])
        rows = tuple(PulledRow(0, at, (item(f"{number}"),)) for number, at in answer[: self.cap])
        yield PulledPage(rows, "", True, is_cut=len(rows) >= self.cap)

    def answer(self, window: PullWindow) -> list[tuple[int, datetime]]:
        self.requests += 1
        rows = [
            (number, at)
            for number, at in enumerate(self.events)
            if at >= window.since and (window.until is None or at < window.until)
        ]
        return rows[::-1]

    def pull(self, stream: PullStream, until: datetime, progress: StreamProgress | None = None) -> set[str]:
        """Everything that a reading gives until it has come to the present."""
        reading = StreamReading(stream, begin(BEGIN, progress), context, until)
        found: set[str] = set()
        while reading.is_in_history:
            request = reading.request(until)
            assert isinstance(request.body, list)
            for items in reading.receive(self.answer(PullWindow(*request.body)), until):
                found |= {one.rejected_id for one in items if isinstance(one, Rejected)}
        return found


@given(st.lists(st.integers(0, 3 * 24 * 60), max_size=150, unique=True))
def test_window_that_the_vendor_cuts_off_is_halved_until_nothing_is_missing(minutes: list[int]) -> None:
    vendor = Vendor(cap=5)
    vendor.events = sorted(BEGIN + minute * MINUTE for minute in minutes)
    assert vendor.pull(vendor.stream(), BEGIN + 4 * DAY) == {str(number) for number in range(len(minutes))}


def test_window_of_a_minute_that_is_cut_off_ends_the_stream_and_is_never_taken_for_whole() -> None:
    vendor = Vendor(cap=5)
    vendor.events = [BEGIN + timedelta(seconds=second) for second in range(9)]
    with pytest.raises(StreamFault, match="load an export"):
        vendor.pull(vendor.stream(), BEGIN + HOUR)


def test_burst_of_the_last_minutes_is_read_once_it_is_old_enough_to_be_read_for_good() -> None:
    vendor = Vendor(cap=5)
    stream, now = vendor.stream(), BEGIN + DAY
    vendor.events = [now - minute * MINUTE for minute in range(9)]
    progress = StreamProgress(began=BEGIN, since=now - 10 * MINUTE)
    reading = StreamReading(stream, progress, context, now)
    request = reading.request(now)
    assert isinstance(request.body, list)
    assert list(reading.receive(vendor.answer(PullWindow(*request.body)), now)) == []
    assert (reading.progress, reading.due) == (progress, now + stream.overlap)
    later = now + 30 * MINUTE
    assert vendor.pull(stream, later, progress) == {str(number) for number in range(9)}


def test_windows_meet_and_the_last_one_is_open() -> None:
    stream = Vendor().stream()
    progress, now = begin(BEGIN, None), BEGIN + 2.5 * DAY
    settled = now - 10 * MINUTE
    assert next_window(stream, progress, now) == PullWindow(BEGIN, BEGIN + DAY)
    assert next_window(stream, StreamProgress(BEGIN, BEGIN + 2 * DAY), now) == PullWindow(BEGIN + 2 * DAY, settled)
    assert next_window(stream, StreamProgress(BEGIN, settled), now) == PullWindow(settled, None)
    halved_once = StreamProgress(BEGIN, BEGIN, span_s=3600.0)
    assert next_window(stream, halved_once, now) == PullWindow(BEGIN, BEGIN + 2 * HOUR)
    assert halved(PullWindow(BEGIN, None), BEGIN + HOUR) == PullWindow(BEGIN, BEGIN + HOUR / 2)
    assert halved(PullWindow(BEGIN, BEGIN + MINUTE), now) is None


def test_earlier_beginning_than_ever_begins_there_and_a_later_one_goes_on() -> None:
    before = StreamProgress(began=BEGIN, since=BEGIN + DAY)
    assert begin(BEGIN + HOUR, before) is before
    assert begin(BEGIN - DAY, before) == StreamProgress(began=BEGIN - DAY, since=BEGIN - DAY)


def test_order_that_is_not_kept_ends_the_stream() -> None:
    def read(window: PullWindow, cursor: str, fresh: Callable[[], Context]) -> Reader:
        answer = yield ApiRequest("/rows", "rows")
        yield PulledPage(tuple(PulledRow(key, BEGIN, ()) for key in answer), "9", True)

    def reading() -> StreamReading:
        progress = StreamProgress(began=BEGIN, since=BEGIN, cursor="5")
        found = StreamReading(PullStream("rows", Order.BY_ID, read), progress, context, BEGIN)
        found.request(BEGIN)
        return found

    list(reading().receive([6, 7, 9], BEGIN))
    for rows in ([7, 6], [5], [6, 6]):
        with pytest.raises(StreamFault, match="ignores the order by id"):
            list(reading().receive(rows, BEGIN))
