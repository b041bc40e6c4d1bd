"""The Faust application: one agent per step, all moved by the same loop.

An agent only moves frames: take them, settle them in a thread (retrying what may go through later), publish,
acknowledge.
The acknowledgement is the last line: Faust acknowledges an event whose agent raises, so nothing here may raise.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import faust
from faust.exceptions import ConsumerNotStarted

from pipeline.agents.count_activities import CountActivities
from pipeline.agents.decider import Decider
from pipeline.agents.record_proposals import RecordProposals
from pipeline.agents.step import Frame, Outgoing, Step
from pipeline.agents.stitch_calls import StitchCalls
from pipeline.agents.store_feeds import StoreFeeds
from pipeline.agents.store_plans import StoreAbsences, StoreCalendar, StorePlans
from pipeline.agents.store_rejected import StoreRejected
from pipeline.agents.update_managers import UpdateManagers
from pipeline.agents.update_organisations import UpdateOrganisations
from pipeline.agents.update_stages import UpdateStages
from pipeline.directory_cache import DirectoryCache
from pipeline.endpoints import GROUP
from pipeline.flow import App, chunks
from pipeline.privacy.filter import ForgottenList, PrivacyFilter
from pipeline.settings import Settings
from pipeline.store import Store
from pipeline.wire import Wire
from schemas.errors import Terminal, Transient

log = logging.getLogger("callfunnel.worker")

_SEND_LINES = 20_000
_MOST_WAIT_S = 10.0
_POLL_MS = 200
_BROKERS_TIME = 1
"""The type of a Kafka record's timestamp that its broker gave it (LogAppendTime)."""

R = TypeVar("R")


def make_steps(store: Store, settings: Settings, privacy_key: Path | None = None) -> list[Step]:
    """Every step of the pipeline, each with a memory of its own: agents run side by side."""

    def decider() -> Decider:
        return Decider(store, DirectoryCache(store, settings.stages))

    steps: list[Step] = [
        UpdateManagers(store),
        UpdateOrganisations(store),
        UpdateStages(store),
        StitchCalls(decider()),
        RecordProposals(decider()),
        CountActivities(store, settings.rules, settings.time_zone),
        StorePlans(store),
        StoreCalendar(store),
        StoreAbsences(store),
        StoreRejected(store),
        StoreFeeds(store),
    ]
    return [PrivacyFilter(step, ForgottenList(store, privacy_key)) for step in steps]


class StepRunner:
    """Runs chunks through steps; knows which are busy."""

    def __init__(self, wire: Wire, steps: int) -> None:
        self._wire = wire
        # A thread for each step: with fewer (asyncio's own are 6 on two cores), slow steps would hold up the others.
        self._threads = ThreadPoolExecutor(max_workers=steps, thread_name_prefix="step")
        self.busy: set[str] = set()
        """Topics of which a chunk is being settled."""
        self.settled: Counter[str] = Counter()
        """Chunks settled, by topic."""

    async def run(self, step: Step, stream: Any) -> None:
        """The body of an agent; ends with the application."""
        async for chunk in chunks(stream):
            await self._move(step, chunk)

    async def _move(self, step: Step, chunk: Sequence[Any]) -> None:
        """Settle a chunk of events, then acknowledge it."""
        name = step.topic.name
        self.busy.add(name)
        started = time.perf_counter()
        try:
            await self._settle_and_publish(step, [_frame(event) for event in chunk])
        finally:
            self.busy.discard(name)
        for event in chunk:
            event.ack()
        self.settled[name] += 1
        log.debug("%s: %d frames in %.0f ms", name, len(chunk), (time.perf_counter() - started) * 1000)

    async def _in_thread(self, what: Callable[..., R], *about: Any) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._threads, what, *about)

    async def _settle_and_publish(self, step: Step, frames: Sequence[Frame]) -> None:
        """Settle and publish, however long the world stays away. A Terminal ends the process, unacknowledged."""
        failures = 0
        while True:
            try:
                outcome = await self._in_thread(step.settle_chunk, frames)
                await self._publish(outcome.outgoing)
                await self._in_thread(outcome.then)
                return
            except Transient as error:
                failures += 1
                wait_s = min(_MOST_WAIT_S, error.retry_after_s * 1.5 ** min(failures, 10))
                log.warning("%s: %s; again in %.1f s", step.topic.name, error, wait_s)
                await asyncio.sleep(wait_s)
            except Terminal as error:
                exit_now(f"{step.topic.name}: {error}")
            except Exception:
                # A bug. Acknowledging would lose the chunk, so the process ends and says where.
                log.exception("%s: stopped by an internal error", step.topic.name)
                exit_now(f"{step.topic.name}: internal error, see the log above")

    async def stop(self) -> None:
        """Let go of the broker."""
        await self._wire.stop()

    async def _publish(self, outgoing: Any) -> None:
        lines = iter(outgoing)
        while batch := await self._in_thread(_take, lines):
            await self._wire.send(batch)


def _take(lines: Iterator[Outgoing]) -> list[Outgoing]:
    return list(islice(lines, _SEND_LINES))


def _frame(event: Any) -> Frame:
    message = event.message
    appended_ns = None
    if message.timestamp_type == _BROKERS_TIME:  # in milliseconds: of one of them, the offset says what came first
        appended_ns = round(message.timestamp * 1000) * 1_000_000 + message.offset % 1_000_000
    return Frame(event.value, f"{message.topic}:{message.partition}:{message.offset}", appended_ns)


def exit_now(message: str, code: int = 2) -> None:
    """End the process now, from any thread, with nothing acknowledged that is not stored."""
    log.critical("%s", message)
    logging.shutdown()
    os._exit(code)


def make_app(bootstrap: str, steps: Sequence[Step], runner: StepRunner, *, datadir: str, prefix: str = "") -> faust.App:
    """The application over a broker. Topics must exist (`pipeline.admin.ensure_topics`)."""
    app = App(
        prefix + GROUP,
        broker=[f"kafka://{address}" for address in bootstrap.split(",")],
        store="memory://",
        datadir=datadir,
        web_enabled=False,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        broker_commit_interval=0.25,
        broker_session_timeout=6.0,  # Apache Kafka's least; Tansu holds the first join for half of it
        broker_heartbeat_interval=1.5,
        stream_wait_empty=False,
    )
    for step in steps:
        topic = app.topic(
            prefix + step.topic.name, key_serializer="raw", value_serializer="raw", value_type=bytes, internal=False
        )
        app.agent(topic, name=f"{step.topic.name}")(_agent(runner, step))

    @app.on_rebalance_complete.connect  # type: ignore[untyped-decorator]
    async def shorten_fetch_wait(*_: object, **__: object) -> None:
        _shorten_fetch_wait(app)

    @app.on_before_shutdown.connect  # type: ignore[untyped-decorator]
    async def let_go(*_: object, **__: object) -> None:
        await runner.stop()

    return app


def assigned(app: faust.App, prefix: str) -> set[tuple[str, int]] | None:
    """(topic without prefix, partition) that this worker was given; None while a rebalance goes on.

    May be asked from any thread.
    """
    try:
        found = app.consumer.assignment()
    except ConsumerNotStarted:
        return None
    return None if app.rebalancing else {(tp.topic.removeprefix(prefix), tp.partition) for tp in found}


def _shorten_fetch_wait(app: Any) -> None:
    """Shorten the long poll of Faust's consumer, 1.5 s without a setting for it.

    Tansu looks for new records only half-way through a poll, so each hop of a live call took 0.6 s; Kafka answers at
    once, and pays a request more now and then. Should a release rename the attribute, calls are only seen later.
    """
    thread = getattr(app.consumer, "_thread", None)
    fetcher = getattr(getattr(thread, "_consumer", None), "_fetcher", None)
    if fetcher is not None and hasattr(fetcher, "_fetch_max_wait_ms"):
        fetcher._fetch_max_wait_ms = _POLL_MS
    else:
        log.warning("this release of Faust or aiokafka hides its fetcher: live calls are counted a second later")


def _agent(runner: StepRunner, step: Step) -> Any:
    async def agent(stream: Any) -> None:
        await runner.run(step, stream)

    agent.__name__ = step.topic.name
    return agent
