"""A worker's life: check the tables and topics, run the Faust application, and end when it stalls."""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from urllib3.exceptions import HTTPError

from pipeline.admin import ensure_topics
from pipeline.app import StepRunner, assigned, exit_now, make_app, make_steps
from pipeline.endpoints import Endpoints
from pipeline.migrate import pending
from pipeline.privacy.key import key_file
from pipeline.settings import read_settings
from pipeline.sign_of_life import SignOfLife
from pipeline.stall import PATIENCE_S, StallWatch
from pipeline.store import Store, connect, store_error
from pipeline.transport import Transport
from pipeline.wire import Wire
from pipeline.working_calendar import keep_base_calendar
from schemas.errors import Terminal, Transient

log = logging.getLogger("callfunnel.worker")

T = TypeVar("T")

STALLED = 3
"""The exit code of a worker that has stalled: start it again."""
_MOST_WAIT_S = 10.0
_COLLECT = (200_000, 20, 20)
"""Containers made and not freed before a look at the young, the older, the oldest."""


def work(
    endpoints: Endpoints, datadir: Path, ready_file: Path | None, log_level: str, *, patience_s: float = PATIENCE_S
) -> None:
    """Work until SIGTERM or SIGINT. Raises Terminal when tables are missing or old.

    Waits for a store or broker that does not answer yet. Ends with the exit code STALLED when nothing moves for
    `patience_s` though frames wait.
    """
    settings = read_settings()
    client = patiently(lambda: _checked(endpoints))
    store = Store(client)
    today = datetime.now(settings.time_zone).date()
    patiently(lambda: keep_base_calendar(store, settings.calendar, today))
    patiently(lambda: ensure_topics(endpoints.kafka, endpoints.prefix))
    steps = make_steps(store, settings, key_file(endpoints.data))
    runner = StepRunner(Wire(endpoints.kafka, endpoints.prefix), len(steps))
    app = make_app(endpoints.kafka, steps, runner, datadir=str(datadir), prefix=endpoints.prefix)
    watch = StallWatch(
        lambda: Transport(endpoints),
        [step.topic.name for step in steps],
        mine=lambda: assigned(app, endpoints.prefix),
        seen=lambda: (set(runner.busy), dict(runner.settled)),
        patience_s=patience_s,
    )
    threading.Thread(target=_watch, args=(watch,), name="watch", daemon=True).start()

    if ready_file is not None:
        sign = SignOfLife(ready_file)

        @app.on_rebalance_complete.connect  # type: ignore[untyped-decorator]
        async def ready(*_: object, **__: object) -> None:
            sign.begin()

    _collect_seldom()
    _run(app, log_level)


def _collect_seldom() -> None:
    """Look for garbage in cycles now and then only: a chunk is many values without one, and walking them is a fifth
    of the worker's CPU. What was imported is not walked at all."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT)


def _checked(endpoints: Endpoints) -> Client:
    client = connect(endpoints.clickhouse)
    try:
        todo = pending(client)
    except (ClickHouseError, HTTPError, OSError) as error:
        raise store_error(error) from None
    if todo:
        raise Terminal(f"the database lacks {todo[0].name}: run `callfunnel migrate`")
    return client


def patiently(what: Callable[[], T], sleep: Callable[[float], None] = time.sleep) -> T:
    """The answer of `what`, asked again for as long as it raises Transient."""
    failures = 0
    while True:
        try:
            return what()
        except Transient as error:
            wait_s = min(_MOST_WAIT_S, error.retry_after_s * 1.5**failures)
            failures += 1
            log.warning("%s; again in %.1f s", error, wait_s)
            sleep(wait_s)


def _watch(watch: StallWatch) -> None:
    """The body of a thread: an event loop that hangs cannot watch itself."""
    while True:
        time.sleep(watch.pause_s)
        try:
            why = watch.check()
        except Exception:  # a broker that comes and goes upsets its client in many ways; the next look is a new one
            log.exception("the watch could not look")
            continue
        if why:
            exit_now(f"stalled: {why}; ending, to be started again", STALLED)


def _run(app: object, log_level: str) -> None:
    import faust

    worker = faust.Worker(app, loglevel=log_level, redirect_stdouts=False)
    worker.execute_from_commandline()
