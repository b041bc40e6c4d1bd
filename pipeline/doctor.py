"""What is reachable, how far behind, what is wrong, and what to do: the checks of `callfunnel doctor`."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NoReturn

import msgspec

from pipeline import clocks
from pipeline.embedded.part import resident_bytes
from pipeline.endpoints import Endpoints, Running
from pipeline.feeds import freshness, last_call
from pipeline.gaps import in_words as gaps_in_words
from pipeline.gaps import latest_gaps
from pipeline.migrate import lacking_durability, pending
from pipeline.parts.broken import SETTLE, in_words, look
from pipeline.readouts import Numbers, Period
from pipeline.settings import Settings
from pipeline.store import Store, connect
from pipeline.stored import STAGES
from pipeline.transport import Transport
from pipeline.verify import verify
from schemas.topics import ALL
from schemas.trouble import Trouble

_STALL_S = 5.0
_LEAST_FREE = 1 << 30
_MOST_RESIDENT = 2 << 30
_GAPS_KEPT = timedelta(days=30)
_MOST_GAPS = 1_000


class Check(msgspec.Struct, frozen=True):
    """One thing looked at. `todo` says what to do when it is not well."""

    name: str
    well: bool
    found: str
    todo: str = ""


def examine(endpoints: Endpoints, settings: Settings, embedded: Running | None, data: Path | None) -> Iterator[Check]:
    """Every check in order; one that fails does not stop the rest."""
    if embedded is not None:
        yield from _parts(embedded)
    with _reached(endpoints) as transport:
        todo = "start `callfunnel up`, or check CALLFUNNEL_KAFKA"
        yield _guarded("kafka", lambda: _topics(transport(), endpoints), todo)
        yield _guarded("workers", lambda: _workers(transport()), todo)
        yield _guarded("lag", lambda: _lag(transport()), todo)
    yield _guarded("clickhouse", lambda: tables(endpoints), "start the store, or check CALLFUNNEL_CLICKHOUSE")
    yield _guarded("parts", lambda: _whole(endpoints), "look at the store's log; `callfunnel parts` asks again")
    yield _guarded("clocks", lambda: _clocks(endpoints), "")
    yield _guarded("last call", lambda: _last_call(endpoints), "")
    yield _guarded("feeds", lambda: _feeds(endpoints), "")
    yield _guarded("gaps", lambda: _gaps(endpoints), "")
    yield _guarded("stream = batch", lambda: _drift(endpoints, settings), "`callfunnel verify` lists the differences")
    if data is not None:
        yield _disk(data)


def _guarded(name: str, look: Callable[[], Check], todo: str) -> Check:
    try:
        return look()
    except Trouble as trouble:
        return Check(name, False, str(trouble), todo)


@contextmanager
def _reached(endpoints: Endpoints) -> Iterator[Callable[[], Transport]]:
    """The broker, asked for its address once: who does not answer does not answer thrice."""
    try:
        transport = Transport(endpoints)
    except Trouble as trouble:
        yield partial(_raise, trouble)
        return
    try:
        yield lambda: transport
    finally:
        transport.close()


def _raise(trouble: Trouble) -> NoReturn:
    raise trouble


def _parts(running: Running) -> Iterator[Check]:
    for name, pid in running.parts.items():
        resident = resident_bytes(pid)
        if resident is None:
            yield Check(
                name, False, f"process {pid} is gone", "`callfunnel up` starts it again by itself; else see its log"
            )
        elif resident > _MOST_RESIDENT:
            # A new broker takes the place of one that holds much, unless somebody sends all the time.
            todo = "when nothing lags, stop `callfunnel up` and start it again: nothing is lost"
            yield Check(name, False, f"process {pid}, {resident / 1e6:,.0f} MB of memory", todo)
        else:
            yield Check(name, True, f"process {pid}, {resident / 1e6:,.0f} MB of memory")


def _topics(transport: Transport, endpoints: Endpoints) -> Check:
    present = transport.topic_ids()
    missing = [topic.name for topic in ALL if topic.name not in present]
    if missing:
        return Check("kafka", False, f"topics are missing: {', '.join(missing)}", "start a `callfunnel worker`")
    return Check("kafka", True, f"{endpoints.kafka}, {len(present)} topics")


def _workers(transport: Transport) -> Check:
    members = transport.members()
    if not members:
        return Check("workers", False, "nobody is at work", "start `callfunnel worker`, or `callfunnel up`")
    return Check("workers", True, f"{members} at work")


def _lag(transport: Transport) -> Check:
    """Frames that wait; well when there are none, or when there get fewer."""
    ends = transport.ends([name for stage in STAGES for name in stage])
    first = now = transport.position(ends)
    if not first.lag:
        return Check("lag", True, "nothing waits")
    until = time.monotonic() + _STALL_S
    while time.monotonic() < until:
        time.sleep(0.25)
        now = transport.position(ends)
        if now.consumed > first.consumed or not now.lag:
            return Check("lag", True, f"{now.lag:,} frames wait, and get fewer")
    words = f"{now.lag:,} frames wait and nothing moved for {_STALL_S:.0f} s"
    return Check("lag", False, words, "look at the worker's log; restarting it loses nothing")


def tables(endpoints: Endpoints) -> Check:
    client = connect(endpoints.clickhouse)
    todo = pending(client)
    host = endpoints.clickhouse.rsplit("@", 1)[-1]
    if todo:
        return Check("clickhouse", False, f"{host}: lacks {todo[0].name}", "run `callfunnel migrate`")
    if volatile := lacking_durability(client):
        found = f"{host}: a power cut could take rows that were reported as stored: {', '.join(volatile)}"
        return Check("clickhouse", False, found, "run `callfunnel migrate`, which sets fsync for these tables")
    return Check("clickhouse", True, f"{host}, tables are up to date")


def _whole(endpoints: Endpoints) -> Check:
    """Unwell until what is broken or gone is settled; says which files to load again."""
    losses = look(Store(connect(endpoints.clickhouse)))
    if not losses:
        return Check("parts", True, "the store has all that it reported as stored")
    found = f"the store has lost rows that were reported as stored\n{in_words(losses)}"
    return Check("parts", False, found, f"do what is said above, then `{SETTLE}`")


def _clocks(endpoints: Endpoints) -> Check:
    """Unwell when one is more than five minutes off: a listener on that machine would look alive when it is dead."""
    store = Store(connect(endpoints.clickhouse))
    found = clocks.compare_clocks(clocks.read_clocks(store))
    stored = clocks.stored_ahead(store, time.time_ns())
    words = f"{found.found}\n{stored.found}" if stored.found != clocks.NOTHING_AHEAD else found.found
    return Check("clocks", found.well, words, found.todo)


def _last_call(endpoints: Endpoints) -> Check:
    """Never unwell: whether a quiet hour is a dead feed is for whoever knows the exchange."""
    last = last_call(Numbers(connect(endpoints.clickhouse)))
    return Check(
        "last call", True, f"{last.records:,} legs, the last began {last.at}" if last.records else "no calls yet"
    )


def _feeds(endpoints: Endpoints) -> Check:
    """Unwell when a live door fell silent, gave up, or cannot reach its source; a quiet hour is none of these."""
    doors = freshness(Numbers(connect(endpoints.clickhouse)))
    todo = "look at what `callfunnel listen` of that door says; starting it again loses nothing that its source keeps"
    found = "\n".join(map(str, doors))
    return Check("feeds", all(door.well for door in doors), found or "nothing was loaded, nothing listens", todo)


def _gaps(endpoints: Endpoints) -> Check:
    """Never unwell: not every exchange keeps what its feed has missed, and a door that is restarted has a gap."""
    told = latest_gaps(Store(connect(endpoints.clickhouse)), datetime.now(UTC) - _GAPS_KEPT, _MOST_GAPS)
    return Check("gaps", True, gaps_in_words(told) or f"none in {_GAPS_KEPT.days} days")


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
