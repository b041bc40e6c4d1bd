"""The live demo: the department's next days arrive at their time, and the floor board shows what is counted."""

from __future__ import annotations

import signal
import threading
import time
from datetime import datetime, timedelta

import click
import msgspec

from department.live_department import LiveDepartment
from pipeline.demo.department import LoadedDepartment
from pipeline.demo.first_calls import FirstCalls
from pipeline.demo.simulated_clock import SimulatedClock
from pipeline.drawing.floor.board import Around
from pipeline.drawing.floor.show import Show, show
from pipeline.loading.live_feed import LiveFeed
from pipeline.readouts.floor import Floor, Plans, read_floor, read_plans
from schemas.errors import CallfunnelError, Transient

_OPENS_S = 10 * 3_600
"""The board begins on a day that has begun: what happened before arrives at once."""
_QUIET_S, _LEAD_S = 1_800, 60
"""Nights and weekends are skipped, up to a minute before something happens."""
_READ_EVERY_S, _PLANS_EVERY_S, _DRAW_EVERY_S = 2.0, 15.0, 0.25
_RATE_OVER_S = 10.0


class Arriving(threading.Thread):
    """Sends what is due, until told to stop. What goes wrong is on the board, and tried again."""

    def __init__(self, feed: LiveFeed, clock: SimulatedClock, stopping: threading.Event) -> None:
        super().__init__(name="arriving", daemon=True)
        self._feed = feed
        self._clock = clock
        self._stopping = stopping
        self._again = threading.Event()
        self.problem = ""
        self.failure: Exception | None = None
        """What should not have been possible: for the main thread to raise."""

    def again(self) -> None:
        """The broker forgot what it had."""
        self._again.set()

    def run(self) -> None:
        try:
            self._run()
        except Exception as failure:
            self.failure = failure
        finally:
            self._feed.close()

    def _run(self) -> None:
        while not self._stopping.wait(0.1):
            try:
                if self._again.is_set():
                    self._again.clear()
                    self._feed.again()
                self._clock.skip_quiet(self._feed.next_at, longest_s=_QUIET_S, lead_s=_LEAD_S)
                self._feed.send(self._clock.now())
                rejected = self._feed.rejected
                self.problem = f"{rejected} rows rejected: see `callfunnel rejected`" if rejected else ""
            except Transient as problem:
                self.problem = str(problem)
                self._stopping.wait(problem.retry_after_s)
            except CallfunnelError as problem:
                self.problem = f"nothing arrives any more: {problem}"
                return


def live(department: LoadedDepartment, speed: float) -> None:
    """Show the board until Ctrl-C or SIGTERM."""
    living = LiveDepartment(department.options)
    feed = LiveFeed(living, department.exports, department.folder, department.endpoints, department.settings)
    today = living.first_working_day
    opens = datetime.combine(today, datetime.min.time(), department.settings.time_zone) + timedelta(seconds=_OPENS_S)
    where = department.where(today)
    click.echo("\n".join(("", _WORDS.format(today=f"{today:%A %d %B %Y}", speed=f"x{speed:g}"), *where, "")))
    clock = SimulatedClock(opens.timestamp(), speed)
    stopping, wake = threading.Event(), threading.Event()

    def stop(*_: object) -> None:
        stopping.set()
        wake.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    signal.signal(signal.SIGWINCH, lambda *_: wake.set())
    arriving = Arriving(feed, clock, stopping)
    arriving.start()
    try:
        with show() as shown:
            _Watch(department, clock, arriving, where, shown).until(stopping, wake)
    finally:
        stopping.set()
        arriving.join(15)


_WORDS = """\
{today}, {speed}: a day at the telephones, counted while it happens.
Look for who talks with new organisations (A), who only dials (? few talks), who
is at work and silent (!), and who is away, which is not an alarm (-). A plan that is
missed next month is missed here first. Ctrl-C stops everything."""


class _Watch:
    """Reads the store now and then, draws more often, and keeps the stack up."""

    def __init__(
        self, department: LoadedDepartment, clock: SimulatedClock, arriving: Arriving, where: list[str], shown: Show
    ) -> None:
        self._department = department
        self._clock = clock
        self._arriving = arriving
        self._where = where
        self._shown = shown
        self._floor: Floor | None = None
        self._first_calls = FirstCalls()
        self._plans = Plans()
        self._plans_at = 0.0
        self._problem = ""
        self._records: list[tuple[float, int]] = []
        self._read_at = 0.0

    def until(self, stopping: threading.Event, wake: threading.Event) -> None:
        while not stopping.is_set():
            self._tend()
            if self._arriving.failure is not None:
                raise self._arriving.failure
            if time.monotonic() >= self._read_at:
                self._read()
                self._read_at = time.monotonic() + _READ_EVERY_S
            if self._floor is not None:
                around = Around(
                    self._clock.speed,
                    self._rate(),
                    self._where,
                    self._problem or self._arriving.problem,
                    self._first_calls.are_awaited(self._floor),
                )
                self._shown.draw(msgspec.structs.replace(self._floor, now=self._now()), around)
            wake.wait(_DRAW_EVERY_S)
            wake.clear()

    def _tend(self) -> None:
        """Parts that died are started again; a new broker knows nothing of today."""
        try:
            if "broker" in self._department.stack.tend():
                self._arriving.again()
        except Transient as problem:
            self._problem = str(problem)

    def _read(self) -> None:
        try:
            source, settings, now = self._department.numbers, self._department.settings, self._now()
            if time.monotonic() >= self._plans_at:
                self._plans = read_plans(source, now, settings)
                self._plans_at = time.monotonic() + _PLANS_EVERY_S
            self._floor = read_floor(source, now, settings, self._plans)
            self._problem = ""
        except Transient as problem:
            self._problem = str(problem)
            return
        read_at = time.monotonic()
        recent = [one for one in self._records if read_at - one[0] <= _RATE_OVER_S]
        self._records = [*recent, (read_at, self._floor.records)]

    def _rate(self) -> float:
        """Legs a second that came into the store lately."""
        (since, before), (until, after) = self._records[0], self._records[-1]
        return max(0, after - before) / (until - since) if until > since else 0.0

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now(), self._department.settings.time_zone)
