"""What is reachable, how far behind, what is wrong, and what to do: the checks of `callfunnel doctor`."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from pipeline.endpoints import Endpoints, Running
from pipeline.migrate import pending
from pipeline.readouts import Numbers, Period
from pipeline.settings import Settings
from pipeline.store import connect
from pipeline.transport import STAGES, Transport
from pipeline.verify import verify
from schemas.topics import ALL
from schemas.trouble import Trouble

_STALL_S = 5.0
_LEAST_FREE = 1 << 30


class Check(msgspec.Struct, frozen=True):
    """One thing looked at. `todo` says what to do when it is not well."""

    name: str
    well: bool
    found: str
    todo: str = ""


class _Last(msgspec.Struct):
    records: int
    at: str


def examine(endpoints: Endpoints, settings: Settings, embedded: Running | None, data: Path | None) -> Iterator[Check]:
    """Every check in order; one that fails does not stop the rest."""
    if embedded is not None:
        yield from _parts(embedded)
    yield _guarded("kafka", lambda: _topics(endpoints), "start `callfunnel up`, or check CALLFUNNEL_KAFKA")
    yield _guarded("workers", lambda: _workers(endpoints), "start `callfunnel worker`")
    yield _guarded("lag", lambda: _lag(endpoints), "look at the worker's log; start more workers")
    yield _guarded("clickhouse", lambda: _tables(endpoints), "start the store, or check CALLFUNNEL_CLICKHOUSE")
    yield _guarded("last call", lambda: _last_call(endpoints), "")
    yield _guarded("stream = batch", lambda: _drift(endpoints, settings), "`callfunnel verify` lists the differences")
    if data is not None:
        yield _disk(data)


def _guarded(name: str, look: Callable[[], Check], todo: str) -> Check:
    try:
        return look()
    except Trouble as trouble:
        return Check(name, False, str(trouble), todo)


def _parts(running: Running) -> Iterator[Check]:
    for name, pid in running.parts.items():
        alive = Path(f"/proc/{pid}").exists()
        found = f"process {pid}" if alive else f"process {pid} is gone"
        yield Check(name, alive, found, "" if alive else "`callfunnel up` starts it again by itself; else see its log")


def _topics(endpoints: Endpoints) -> Check:
    transport = Transport(endpoints)
    try:
        present = transport.topic_ids()
    finally:
        transport.close()
    missing = [topic.name for topic in ALL if topic.name not in present]
    if missing:
        return Check("kafka", False, f"topics are missing: {', '.join(missing)}", "start a `callfunnel worker`")
    return Check("kafka", True, f"{endpoints.kafka}, {len(present)} topics")


def _workers(endpoints: Endpoints) -> Check:
    transport = Transport(endpoints)
    try:
        members = transport.members()
    finally:
        transport.close()
    if not members:
        return Check("workers", False, "nobody is at work", "start `callfunnel worker`, or `callfunnel up`")
    return Check("workers", True, f"{members} at work")


def _lag(endpoints: Endpoints) -> Check:
    """Frames that wait; well when there are none, or when there get fewer."""
    transport = Transport(endpoints)
    topics = [name for stage in STAGES for name in stage]
    try:
        ends = transport.ends(topics)
        first = transport.position(ends)
        if not first.lag:
            return Check("lag", True, "nothing waits")
        until = time.monotonic() + _STALL_S
        while time.monotonic() < until:
            time.sleep(0.25)
            now = transport.position(ends)
            if now.consumed > first.consumed or not now.lag:
                return Check("lag", True, f"{now.lag:,} frames wait, and get fewer")
    finally:
        transport.close()
    words = f"{now.lag:,} frames wait and nothing moved for {_STALL_S:.0f} s"
    return Check("lag", False, words, "look at the worker's log; restarting it loses nothing")


def _tables(endpoints: Endpoints) -> Check:
    todo = pending(connect(endpoints.clickhouse))
    host = endpoints.clickhouse.rsplit("@", 1)[-1]
    if todo:
        return Check("clickhouse", False, f"{host}: lacks {todo[0].name}", "run `callfunnel migrate`")
    return Check("clickhouse", True, f"{host}, tables are up to date")


def _last_call(endpoints: Endpoints) -> Check:
    """Never unwell: whether a quiet hour is a dead feed is for whoever knows the exchange."""
    last = Numbers(connect(endpoints.clickhouse)).rows("last_call", _Last, {})[0]
    return Check(
        "last call", True, f"{last.records:,} legs, the last began {last.at}" if last.records else "no calls yet"
    )


def _drift(endpoints: Endpoints, settings: Settings) -> Check:
    today = datetime.now(UTC).astimezone(settings.time_zone).date()
    period = Period(today - timedelta(days=7), today + timedelta(days=1), settings.time_zone)
    cells, differences = verify(Numbers(connect(endpoints.clickhouse)), period, settings)
    if differences:
        words = f"{len(differences)} numbers of the last 7 days differ from their facts"
        return Check("stream = batch", False, words, "wait until nothing lags, then `callfunnel verify`")
    return Check("stream = batch", True, f"{cells:,} cells of the last 7 days are what the facts say")


def _disk(data: Path) -> Check:
    free = shutil.disk_usage(data).free
    well = free >= _LEAST_FREE
    return Check("disk", well, f"{free / (1 << 30):.1f} GiB free for {data}", "" if well else "make room")
