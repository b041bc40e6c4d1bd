"""What an account has, before anything is pulled: rights, pipelines with their stages, users, how much there is."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

import msgspec

from connectors.api.adapter import (
    Account,
    Adapter,
    ApiRequest,
    FreshContext,
    PulledPage,
    PullStream,
    PullWindow,
    Verdict,
    VerdictKind,
)
from connectors.api.limiter import RequestLimiter
from connectors.api.progress import halved
from connectors.api.transport import ApiTransport
from connectors.api.wire import decoded
from connectors.live.backoff import Backoff
from connectors.reading.rejects import Misread
from schemas.errors import Terminal, Transient

T = TypeVar("T")
_MOST_TRIES = 5
_MOST_WAIT = timedelta(minutes=10)
"""For one answer: a report takes minutes."""


class StageKind(StrEnum):
    """What the vendor says of a stage."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


class VendorStage(msgspec.Struct, frozen=True):
    """A stage of a vendor's pipeline, in the order of the pipeline."""

    key: str
    """As settings name it: pipeline/stage."""
    title: str
    pipeline: str
    kind: StageKind = StageKind.OPEN
    deals: int | None = None
    """That stand in it now; None where the vendor does not count."""

    @property
    def count(self) -> str:
        """For people."""
        return "" if self.deals is None else f"{self.deals:,} deals"


class VendorUser(msgspec.Struct, frozen=True):
    user_id: str
    name: str
    extension: str = ""
    mobile: str = ""
    is_active: bool = True
    names: tuple[str, ...] = ()
    """What else calls of this source name them by: an id, a login."""
    team: str = ""

    @property
    def extensions(self) -> tuple[str, ...]:
        """What calls of this source may name them by."""
        return tuple(dict.fromkeys(filter(None, (self.extension, *self.names))))


class HistorySize(msgspec.Struct, frozen=True):
    """How much one stream has since the beginning, and what reading it costs."""

    stream: str
    rows: int
    requests: int


class AccountSurvey(msgspec.Struct, frozen=True, kw_only=True):
    stages: tuple[VendorStage, ...] = ()
    users: tuple[VendorUser, ...] = ()
    sizes: tuple[HistorySize, ...] = ()
    missing: tuple[str, ...] = ()
    """Rights that the credential lacks, and what is not pulled without them."""
    warnings: tuple[str, ...] = ()
    """What it may read and is not sure to be whole."""
    quotes: int = 0
    time_zone: str = ""
    """Of the account, where its times have no offset: what the source's files and webhooks are to be read with."""

    def history_s(self, per_s: float) -> float:
        """Seconds that the vendor's limit makes of reading it all."""
        return sum(size.requests for size in self.sizes) / per_s


Survey = Generator[ApiRequest, Any, AccountSurvey]


class CredentialRefused(Terminal):
    """Nothing more may be asked with it: vendors block who insists."""


class Asking:
    """Asks one thing after the other, within the vendor's limits. For a command that waits."""

    def __init__(
        self,
        adapter: Adapter,
        account: Account,
        transport: ApiTransport,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
        note: Callable[[str], None] = lambda text: None,
        on_answer: Callable[[ApiRequest, object], None] = lambda request, answer: None,
    ) -> None:
        """`note` is told why something is asked again, and when; `on_answer` is called with every answer."""
        self._on_answer = on_answer
        self._note = note
        self._adapter = adapter
        self._account = account
        self._transport = transport
        self._limiter = RequestLimiter(adapter.limits)
        self._now = now
        self._sleep = sleep

    def survey(self, reader: Generator[ApiRequest, Any, T]) -> T:
        """Drive a reader to its value. Raises Terminal in the vendor's words, Transient when it does not answer."""
        request = next(reader)
        while True:
            try:
                request = reader.send(self._ask(request))
            except StopIteration as end:
                value: T = end.value
                return value
            except Misread as misread:
                raise _changed(misread) from None

    def pages(self, stream: PullStream, window: PullWindow, context: FreshContext) -> list[PulledPage]:
        """Every page of a stream's window, halved where the vendor cuts it off."""
        try:
            return self._pages(stream, window, context)
        except Misread as misread:
            raise _changed(misread) from None

    def _pages(self, stream: PullStream, window: PullWindow, context: FreshContext) -> list[PulledPage]:
        found: list[PulledPage] = []
        reader = stream.read(window, "", context)
        step = next(reader)
        while True:
            if isinstance(step, ApiRequest):
                step = reader.send(self._ask(step))
                continue
            if step.is_cut:
                if (half := halved(window, self._now())) is None or half.until is None:
                    raise Terminal(f"{stream.name}: the vendor gives no more than a part of one minute")
                rest = window._replace(since=half.until)
                return [*self._pages(stream, half, context), *self._pages(stream, rest, context)]
            found.append(step)
            if step.is_last:
                return found
            step = next(reader)

    def _ask(self, request: ApiRequest) -> Any:
        backoff = Backoff(2.0, 30.0)
        detail = ""
        tries, ends_at = 0, self._now() + _MOST_WAIT
        while tries < _MOST_TRIES and self._now() < ends_at:
            while wait_s := self._limiter.wait_s(request.group, self._now()):
                self._sleep(wait_s)
            self._limiter.sent(request.group, self._now())
            try:
                response = self._transport.send(self._account, request)
            except Transient as trouble:
                detail, tries = str(trouble), tries + 1
                self._pause(detail, backoff.next_s())
                continue
            verdict = self._adapter.classify(response, self._now())
            if verdict.kind is VerdictKind.OK:
                if (answer := decoded(request, response)) is not None:
                    self._on_answer(request, answer)
                    return answer
                verdict = Verdict(VerdictKind.RETRY, "an answer that was cut")
            if verdict.kind is VerdictKind.EMPTY:
                return None
            if verdict.kind is VerdictKind.FORBIDDEN and request.optional:
                return None
            if verdict.kind is VerdictKind.NOT_READY:
                self._sleep(verdict.wait_s or 5.0)
                continue
            if verdict.kind in (VerdictKind.SLOW_DOWN, VerdictKind.RETRY, VerdictKind.STALE):
                tries += 1
                detail = verdict.detail
                self._limiter.hold(request.group, self._now() + timedelta(seconds=verdict.wait_s))
                self._pause(detail, backoff.next_s())
                continue
            if verdict.kind in (VerdictKind.AUTH, VerdictKind.PLAN, VerdictKind.EXPIRED):
                raise CredentialRefused(verdict.detail)
            raise Terminal(verdict.detail)
        raise Transient(f"{detail or 'the vendor does not make the report'}: try again later")

    def _pause(self, why: str, seconds: float) -> None:
        self._note(f"{why}: asked again in {seconds:.0f} s")
        self._sleep(seconds)


def _changed(misread: Misread) -> Terminal:
    return Terminal(f"{misread.bad.detail}: the vendor's API has changed")
