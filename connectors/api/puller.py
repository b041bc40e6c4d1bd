"""The puller: every stream of one account in turn, one request at a time, until it is asked to end.

It is the listener of a feed: what it reads is delivered to the feed's journal, and how far it has come is written down
behind it. One thread, one connection: the vendors' limits are the account's, and two streams would only share them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Protocol

import msgspec

from connectors.api.adapter import (
    Account,
    Adapter,
    ApiRequest,
    ApiResponse,
    FreshContext,
    SourceMapping,
    Verdict,
    VerdictKind,
)
from connectors.api.limiter import RequestLimiter
from connectors.api.progress import BEGINNING, PullState, begin, with_mapping
from connectors.api.reading import StreamFault, StreamReading
from connectors.api.transport import ApiTransport, Stopping
from connectors.api.wire import decoded
from connectors.live.backoff import Backoff
from connectors.live.checkpoint import Checkpoint
from connectors.live.delivery_queue import DeliveryQueue, moment
from schemas.errors import Terminal, Transient
from schemas.records import FeedState

log = logging.getLogger("callfunnel.listen")

SKEW_MATTERS = timedelta(seconds=60)
_NOT_READY_S = 5.0
_NO_MAPPING = SourceMapping()
_TELL_EVERY = timedelta(seconds=20)
_MOST_SLEEP_S = 30.0
_LOOK_S = 1.0
"""How often it is looked for what a webhook has marked."""
_FAULT_AGAIN = timedelta(hours=1)
"""A stream that has ended is tried again then: somebody may have given the right that it lacks."""


class Renew(Protocol):
    """Gets a new access token. Raises Terminal when the old one cannot be renewed, Transient."""

    def __call__(self) -> Account: ...


class PullListener:
    """`context` gives the context of what is read now; `begin_at` is where histories begin."""

    def __init__(
        self,
        adapter: Adapter,
        account: Account,
        transport: ApiTransport,
        checkpoint: Checkpoint[PullState],
        context: FreshContext,
        begin_at: datetime,
        *,
        wanted: Sequence[str] = (),
        mapping: SourceMapping = _NO_MAPPING,
        import_id: str = "",
        renew: Renew | None = None,
        take_changed: Callable[[Sequence[str]], Sequence[str]] | None = None,
    ) -> None:
        """`take_changed` gives those of these streams that a webhook has marked since it was called last.

        `wanted` names streams; () for all. With another `mapping` than the last time histories are read again, and
        the adapter's options say with what they were before.
        """
        self._adapter = adapter
        self._account = account
        self._transport = transport
        self._checkpoint = checkpoint
        self._context = context
        self._begin_at = begin_at
        self._wanted = frozenset(wanted)
        self._mapping = mapping
        self._import_id = import_id
        self._renew = renew
        self._take_changed = take_changed
        self._skew = timedelta(0)
        self._backoff = Backoff(1.0, 300.0)
        self._told_at: datetime | None = None
        self._renewed = False

    def run(self, line: DeliveryQueue) -> None:
        state = self._checkpoint.read() or PullState()
        self._limiter = RequestLimiter(self._adapter.limits, state.spent)
        self._readings = self._opened(line, state)
        self._kept = msgspec.structs.replace(with_mapping(state, self._mapping), import_id=self._import_id)
        self._others = {name: one for name, one in state.streams.items() if name not in self._names}
        while not line.stopping.is_set():
            if all(reading.fault for reading in self._readings):
                raise Terminal("; ".join(reading.fault for reading in self._readings))
            self._wake(self._now(line))
            reading = min(self._readings, key=lambda one: one.due)
            now = self._now(line)
            wait_s = (reading.due - now).total_seconds()
            if wait_s > 0:
                self._tell(line, now)
                line.wait(min(wait_s, self._most_sleep_s))
                continue
            try:
                self._step(line, reading, now)
            except StreamFault as fault:
                reading.ends(str(fault), now + _FAULT_AGAIN)
                self._told_at = None
                log.error("%s: %s", line.name, fault)
            except Stopping:
                return

    @property
    def _most_sleep_s(self) -> float:
        return _MOST_SLEEP_S if self._take_changed is None else _LOOK_S

    def _wake(self, now: datetime) -> None:
        """Read what a webhook has marked at once, unless the server wants to be left alone."""
        if self._take_changed is None:
            return
        names = set(self._take_changed([reading.stream.name for reading in self._readings]))
        for reading in self._readings:
            if reading.stream.name in names:
                reading.wake(now, is_away=bool(self._backoff.waits))

    @property
    def _names(self) -> set[str]:
        return {reading.stream.name for reading in self._readings}

    def _opened(self, line: DeliveryQueue, state: PullState) -> list[StreamReading]:
        now, is_new = self._now(line), state.mapping != self._mapping
        before = state.streams
        streams = [one for one in self._adapter.streams() if not self._wanted or one.name in self._wanted]
        readings = []
        for stream in streams:
            begin_at = BEGINNING if stream.from_beginning else self._begin_at
            known = None if is_new and stream.is_mapped else before.get(stream.name)
            readings.append(StreamReading(stream, begin(begin_at, known), self._context, now))
        return readings

    def _now(self, line: DeliveryQueue) -> datetime:
        """The server's clock, where it is known to differ from ours."""
        return moment(line.clock()) + self._skew

    def _step(self, line: DeliveryQueue, reading: StreamReading, now: datetime) -> None:
        """One request of a stream, and what follows from its answer."""
        request = reading.request(now)
        if wait_s := self._limiter.wait_s(request.group, now):
            reading.due = now + timedelta(seconds=wait_s)
            if wait_s > _MOST_SLEEP_S:
                left = self._limiter.left_today(now)
                why = "the day's requests are used up" if left == 0 else "a limit of the vendor is near"
                at = f"{reading.due:%Y-%m-%d %H:%M} UTC"
                reading.waits_for = f"{reading.stream.name}: {why}, it goes on at {at}"
            return
        reading.waits_for = ""
        self._limiter.sent(request.group, now)
        try:
            response = self._transport.send(self._account, request)
        except Transient as trouble:
            self._away(line, str(trouble), now)
            return
        now = self._after(line, response)
        verdict = _redirected(response) or self._adapter.classify(response, now)
        self._judge(line, reading, request, response, verdict, now)

    def _after(self, line: DeliveryQueue, response: ApiResponse) -> datetime:
        """Hold the clock against the server's."""
        line.seen()
        ours = moment(line.clock())
        if (theirs := _date(response)) is not None:
            skew = theirs - ours
            self._skew = skew if abs(skew) > SKEW_MATTERS else timedelta(0)
        return ours + self._skew

    def _judge(
        self,
        line: DeliveryQueue,
        reading: StreamReading,
        request: ApiRequest,
        response: ApiResponse,
        verdict: Verdict,
        now: datetime,
    ) -> None:
        kind, name = verdict.kind, reading.stream.name
        if kind in (VerdictKind.OK, VerdictKind.EMPTY):
            answer = None if kind is VerdictKind.EMPTY else decoded(request, response)
            if kind is VerdictKind.OK and answer is None:
                self._again(line, reading, "an answer that is not JSON", now)
                return
            if verdict.hold_s:
                self._limiter.hold(request.group, now + timedelta(seconds=verdict.hold_s))
            self._renewed = False
            reading.fault = ""
            reading.backoff.succeeded()
            self._backoff.succeeded()
            self._deliver(line, reading, answer, now)
        elif kind is VerdictKind.FORBIDDEN and request.optional:
            self._deliver(line, reading, None, now)
        elif kind is VerdictKind.NOT_READY and not reading.is_waiting_too_long(now):
            reading.due = now + timedelta(seconds=verdict.wait_s or _NOT_READY_S)
            reading.waits_for = reading.report_note(now)
        elif kind in (VerdictKind.NOT_READY, VerdictKind.STALE):
            reading.forget()
            self._again(line, reading, verdict.detail or "a report was not made in time: it is ordered anew", now)
        elif kind is VerdictKind.SLOW_DOWN:
            wait_s = verdict.wait_s or reading.backoff.next_s()
            self._limiter.hold(request.group, now + timedelta(seconds=wait_s))
        elif kind is VerdictKind.RETRY:
            self._again(line, reading, verdict.detail, now)
        elif kind is VerdictKind.EXPIRED and self._renew is not None and not self._renewed:
            try:
                self._account = self._renew()
            except Transient as error:
                self._away(line, str(error), now)
                return
            self._renewed = True
        elif kind in (VerdictKind.AUTH, VerdictKind.PLAN, VerdictKind.EXPIRED):
            raise Terminal(verdict.detail)
        else:
            raise StreamFault(f"{name}: {verdict.detail}")

    def _deliver(self, line: DeliveryQueue, reading: StreamReading, answer: object, now: datetime) -> None:
        for items in reading.receive(answer, now):
            line.deliver(items, partial(self._checkpoint.write, self._state()))
            if line.stopping.is_set():
                return
        # The end of a window moves the checkpoint without a row.
        line.deliver([], partial(self._checkpoint.write, self._state()))
        self._tell(line, now)

    def _state(self) -> PullState:
        streams = self._others | {one.stream.name: one.progress for one in self._readings}
        again = any(one.is_in_history for one in self._readings if one.stream.is_mapped)
        before = self._kept.before if again else None
        return msgspec.structs.replace(self._kept, streams=streams, before=before, spent=self._limiter.spent)

    def _again(self, line: DeliveryQueue, reading: StreamReading, why: str, now: datetime) -> None:
        reading.due = now + timedelta(seconds=reading.backoff.next_s())
        line.state(FeedState.AWAY, f"{reading.stream.name}: {why}")
        self._told_at = None

    def _away(self, line: DeliveryQueue, why: str, now: datetime) -> None:
        """Nobody answers: no stream is tried until it is time again."""
        until = now + timedelta(seconds=self._backoff.next_s())
        for reading in self._readings:
            reading.due = max(reading.due, until)
        line.state(FeedState.AWAY, why)
        self._told_at = None

    def _tell(self, line: DeliveryQueue, now: datetime) -> None:
        """The feed's state, now and then: what is odd, and how far histories have come."""
        if any(reading.backoff.waits for reading in self._readings) or self._backoff.waits:
            return
        if self._told_at is not None and timedelta(0) <= now - self._told_at < _TELL_EVERY:
            return
        self._told_at = now
        parts = [reading.fault for reading in self._readings if reading.fault]
        parts += [note for reading in self._readings for note in (*reading.notes, reading.waits_for) if note]
        if self._skew:
            parts.append(f"this machine's clock differs from the server's by {abs(self._skew.total_seconds()):.0f} s")
        parts += [
            f"{one.stream.name}: history is read up to {one.latest:%Y-%m-%d}"
            for one in self._readings
            if one.is_in_history and one.latest and not one.fault
        ]
        line.state(FeedState.LIVE, "; ".join(dict.fromkeys(parts)))


def _redirected(response: ApiResponse) -> Verdict | None:
    if not 300 <= response.status < 400 or response.status == 304:
        return None
    return Verdict(
        VerdictKind.FATAL, "the server answers with a redirect, which is not followed with a secret: is the host right?"
    )


def _date(response: ApiResponse) -> datetime | None:
    try:
        return parsedate_to_datetime(response.headers["date"]).astimezone(UTC)
    except (KeyError, ValueError):
        return None
