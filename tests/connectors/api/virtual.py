"""A puller in a time of its own: waiting moves the clock, and things happen in the portal meanwhile. No thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import msgspec

from connectors.api.adapter import Account, Adapter, ApiRequest, ApiResponse, PullOptions, SourceMapping
from connectors.api.progress import PullState, with_mapping
from connectors.api.puller import PullListener
from connectors.api.wire import on_wire
from connectors.bitrix24.api import Bitrix24Adapter
from connectors.live.delivery_queue import DeliveryQueue
from connectors.reading.source import Context
from schemas.errors import Transient
from schemas.pulling import Copies
from schemas.records import Record, Rejected
from tests.connectors.api.exchanges.vendor import Vendor
from tests.connectors.api.kommo_account import KommoAccount
from tests.connectors.api.portal import PATH, Portal
from tests.connectors.conftest import context

BEGIN = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
"""A Monday, nine in Moscow."""


class Killed(BaseException):
    """The process is gone."""


class Checkpoints:
    """A checkpoint in memory."""

    def __init__(self) -> None:
        self.state: PullState | None = None

    def read(self) -> PullState | None:
        return self.state

    def write(self, state: PullState) -> None:
        self.state = msgspec.json.decode(msgspec.json.encode(state), type=PullState)


class World:
    """The clock, the portal, the journal that outlives the process, and what is to happen when."""

    def __init__(self, now: datetime = BEGIN) -> None:
        self.now = now
        self.portal = Portal(lambda: self.now)
        self.kommo = KommoAccount(lambda: self.now)
        self.vendor: Vendor | None = None
        """What answers instead of these two, where it is there."""
        self.adapter: Callable[[PullOptions], Adapter] = Bitrix24Adapter
        self.account = Account(f"https://portal.example{PATH}")
        self.journal: list[Record | Rejected] = []
        self.checkpoints = Checkpoints()
        self.changed: set[str] | None = None
        """Streams that a webhook has marked; None where there is no webhook."""
        self.copies: Copies = "match"
        self.renew: Callable[[], Account] | None = None
        self.events: list[tuple[datetime, Callable[[], object]]] = []
        self.kills: list[int] = []
        """At which of the moments when something is sent or kept the process dies."""
        self.moments = 0
        self.version = 0

    def at(self, when: datetime, event: Callable[[], object]) -> None:
        self.events.append((when, event))
        self.events.sort(key=lambda pair: pair[0])

    def pass_time(self, seconds: float) -> None:
        until = self.now + timedelta(seconds=seconds)
        while self.events and self.events[0][0] <= until:
            when, event = self.events.pop(0)
            self.now = max(self.now, when)
            event()
        self.now = until

    def may_die(self) -> None:
        self.moments += 1
        if self.kills and self.moments >= self.kills[0]:
            self.kills.pop(0)
            raise Killed

    def context(self, **more: object) -> Context:
        self.version += 1
        found = context("auto", **more)
        return msgspec.structs.replace(found, source="b24", version=self.version, copies=self.copies)

    def pull(
        self,
        until: datetime,
        *,
        begin: datetime = BEGIN,
        options: PullOptions | None = None,
        wanted: Sequence[str] = (),
        stages: dict[str, str] | None = None,
    ) -> VirtualLine:
        """Run listeners until a moment, a new one for each that is killed."""
        while True:
            line = VirtualLine(self, until)
            chosen = options or PullOptions()
            mapping = SourceMapping(dict(stages or {}), dict(chosen.managers), chosen.deals)
            state = with_mapping(self.checkpoints.state or PullState(), mapping)
            listener = PullListener(
                self.adapter((options or PullOptions())._replace(before=state.before)),
                self.account,
                self,
                self.checkpoints,  # type: ignore[arg-type]  # the file's twin
                lambda: self.context(stage_words=stages or {}),
                begin,
                wanted=wanted,
                mapping=mapping,
                import_id="import-1",
                renew=self.renew,
                take_changed=None if self.changed is None else self.take_changed,
            )
            try:
                listener.run(line)
            except Killed:
                continue
            return line

    def take_changed(self, streams: Sequence[str]) -> list[str]:
        assert self.changed is not None
        found = [stream for stream in streams if stream in self.changed]
        self.changed.difference_update(found)
        return found

    def send(self, account: Account, request: ApiRequest) -> ApiResponse:
        """The transport. An answer takes a tenth of a second."""
        self.may_die()
        self.pass_time(0.1)
        sent = on_wire(account, request)
        parts = urlsplit(sent.address)
        found: object
        if self.vendor is not None:
            status, found = self.vendor.answer(sent.method, parts.path, parts.query, sent.headers, sent.body or b"")
        elif request.method == "GET":
            status, found = self.kommo.answer(parts.path, parts.query, sent.headers)
        else:
            status, found = self.portal.answer(parts.path, msgspec.json.decode(sent.body or b""))
        if status == 0:
            raise Transient("portal.example: no answer")
        return ApiResponse(status, {}, found if isinstance(found, bytes) else msgspec.json.encode(found))


class VirtualLine(DeliveryQueue):
    """Waiting moves the world's clock; what is delivered is kept at once, unless the process dies before."""

    def __init__(self, world: World, until: datetime) -> None:
        super().__init__("b24", "api", "s1", lambda: int(world.now.timestamp() * 1e9))
        self._world = world
        self._until = until

    def wait(self, seconds: float) -> bool:
        self._world.pass_time(seconds)
        if self._world.now >= self._until:
            self.stopping.set()
        return self.stopping.is_set()

    def deliver(self, items: Sequence[Record | Rejected], done: Callable[[], None] = lambda: None) -> None:
        self._world.may_die()
        self._world.journal += items
        self._world.may_die()
        done()
