"""What is reachable, how far behind, what is wrong, and what to do: the checks of `callfunnel doctor`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from pipeline import clocks
from pipeline.embedded.health_checks import any_broker_answers, of_board
from pipeline.embedded.heartbeat import beats
from pipeline.embedded.part import process_state, resident_bytes
from pipeline.endpoints import Endpoints, Running
from pipeline.folder_state import folder_state
from pipeline.gaps import describe_gaps, latest_gaps
from pipeline.in_time import InTime
from pipeline.migrate import lacking_durability, pending
from pipeline.parts.losses import SETTLE, describe_losses, find_losses
from pipeline.readouts.feeds import freshness, last_call
from pipeline.readouts.noted_calls import noted_calls
from pipeline.readouts.numbers import Numbers
from pipeline.readouts.period import Period
from pipeline.readouts.verify import verify
from pipeline.settings import Settings
from pipeline.storage_wait import STAGES
from pipeline.store import Store, connect
from pipeline.transport import Transport
from pipeline.warnings.kept import WarningReader
from pipeline.warnings.standing import watch_state
from schemas.errors import CallfunnelError, Transient
from schemas.topics import ALL

WITHIN_S = 6.5
"""All answers are there by then, or missing; with the start of the command it is less than 10 s."""
_STALL_S = 4.0
_BEATS_WITHIN_S = 5.0
_BOARD_WITHIN_S = 4.0
_BROKER_WITHIN_S = 3.0
_REPLACED = "`callfunnel up` replaces a part that hangs within a minute; else see its log, and start `up` again"
_LEAST_FREE = 1 << 30
_LEAST_FILES = 10_000
_MOST_RESIDENT = 2 << 30
_GAPS_KEPT = timedelta(days=30)
_MOST_GAPS = 1_000
_NOTES_FOR = timedelta(days=30)


class Check(msgspec.Struct, frozen=True):
    """One thing looked at. `todo` says what to do when it is not well."""

    name: str
    well: bool
    found: str
    todo: str = ""


class DoctorQuestion(NamedTuple):
    """One thing to look at. `todo` is for when it could not be looked at."""

    name: str
    look: Callable[[], Check]
    todo: str = ""


def examine(
    endpoints: Endpoints,
    settings: Settings,
    embedded: Running | None,
    data: Path | None,
    *,
    within_s: float = WITHIN_S,
) -> Iterator[Check]:
    """Every check in order. All are made at the same time; what gives no answer in time is unwell, and keeps nobody
    waiting for the rest.
    """
    questions = [*_stack(embedded), *_servers(endpoints, settings, embedded)]
    if data is not None:
        questions.append(DoctorQuestion("disk", lambda: disk(data)))
    answers = InTime({question.name: partial(_guarded, question) for question in questions}, within_s)
    for question in questions:
        try:
            yield answers.answer(question.name)
        except TimeoutError:
            todo = question.todo or "it is busy or hangs: ask again in a minute, then look at its log"
            yield Check(question.name, False, f"no answer within {within_s:.0f} s", todo)


def _stack(embedded: Running | None) -> Iterator[DoctorQuestion]:
    if embedded is not None:
        yield DoctorQuestion("supervisor", lambda: _supervisor(embedded))
        for name, pid in embedded.parts.items():
            yield DoctorQuestion(name, partial(_part, embedded, name, pid))


def _servers(endpoints: Endpoints, settings: Settings, embedded: Running | None) -> Iterator[DoctorQuestion]:
    kafka = _REPLACED if embedded else "start `callfunnel up`, or check CALLFUNNEL_KAFKA"
    store = _REPLACED if embedded else "start the store, or check CALLFUNNEL_CLICKHOUSE"
    reading = (embedded and embedded.report) or endpoints.clickhouse
    yield DoctorQuestion("kafka", lambda: _connected(endpoints, partial(_topics, endpoints=endpoints)), kafka)
    yield DoctorQuestion("workers", lambda: _connected(endpoints, _workers), kafka)
    yield DoctorQuestion("lag", lambda: _connected(endpoints, _lag), kafka)
    yield DoctorQuestion("clickhouse", lambda: tables(endpoints), store)
    yield DoctorQuestion("parts", lambda: _whole(endpoints), "look at the store's log; `callfunnel parts` asks again")
    yield DoctorQuestion("clocks", lambda: _clocks(endpoints), store)
    yield DoctorQuestion("last call", lambda: _last_call(reading), store)
    yield DoctorQuestion("feeds", lambda: _feeds(reading), store)
    yield DoctorQuestion("gaps", lambda: _gaps(endpoints.clickhouse), store)
    yield DoctorQuestion("notes of calls", lambda: _noted_calls(reading, settings), store)
    begun = datetime.fromtimestamp(embedded.since, UTC) if embedded else None
    yield DoctorQuestion("warnings", lambda: _warnings(reading, settings, begun), store)
    yield DoctorQuestion("stream = batch", lambda: _drift(reading, settings), "`callfunnel verify` takes its time")


def _guarded(question: DoctorQuestion) -> Check:
    try:
        return question.look()
    except CallfunnelError as error:
        return Check(question.name, False, str(error), question.todo)


def _connected(endpoints: Endpoints, look: Callable[[Transport], Check]) -> Check:
    """Each with a connection of its own: they are asked at the same time."""
    if not any_broker_answers(endpoints.kafka, _BROKER_WITHIN_S):
        raise Transient(f"kafka: nobody answers at {endpoints.kafka}")
    with closing(Transport(endpoints)) as transport:
        return look(transport)


def _supervisor(running: Running) -> Check:
    """Whoever replaces what died: nobody replaces it."""
    state = process_state(running.pid)
    todo = f"`kill -CONT {running.pid}` lets it go on; or end it with `kill -9 {running.pid}` and start `callfunnel up`"
    if state == "stopped":
        return Check("supervisor", False, f"process {running.pid} is stopped: nothing that dies is started again", todo)
    if running.data and not beats(Path(running.data), _BEATS_WITHIN_S):
        message = f"process {running.pid} ({state}) has not looked after its parts for {_BEATS_WITHIN_S:.0f} s"
        return Check("supervisor", False, message, f"ask again in a minute; if it stays so, {todo}")
    return Check("supervisor", True, f"process {running.pid} looks after {len(running.parts)} parts")


def _part(running: Running, name: str, pid: int) -> Check:
    resident = resident_bytes(pid)
    state = process_state(pid)
    if resident is None or state in ("gone", "dead"):
        return Check(
            name, False, f"process {pid} is gone", "`callfunnel up` starts it again by itself; else see its log"
        )
    if state == "stopped":
        return Check(name, False, f"process {pid} is stopped", _REPLACED)
    if name == "board" and not of_board(urlsplit(running.board).port or 0)(_BOARD_WITHIN_S):
        return Check(name, False, f"process {pid} ({state}) does not answer", _REPLACED)
    if resident > _MOST_RESIDENT:
        # A new broker takes the place of one that holds much, unless somebody sends all the time.
        todo = "when nothing lags, stop `callfunnel up` and start it again: nothing is lost"
        return Check(name, False, f"process {pid}, {resident / 1e6:,.0f} MB of memory", todo)
    return Check(name, True, f"process {pid}, {resident / 1e6:,.0f} MB of memory")


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
    message = f"{now.lag:,} frames wait and nothing moved for {_STALL_S:.0f} s"
    return Check("lag", False, message, "look at the worker's log; restarting it loses nothing")


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
    """Unwell until what is broken or gone is closed; names the files to load again."""
    losses = find_losses(Store(connect(endpoints.clickhouse)))
    if not losses:
        return Check("parts", True, "the store has all that it reported as stored")
    found = f"the store has lost rows that were reported as stored\n{describe_losses(losses)}"
    return Check("parts", False, found, f"follow the steps above, then `{SETTLE}`")


def _clocks(endpoints: Endpoints) -> Check:
    """Unwell when one is more than five minutes off: a listener on that machine would look alive when it is dead."""
    store = Store(connect(endpoints.clickhouse))
    found = clocks.compare_clocks(clocks.read_clocks(store))
    stored = clocks.stored_ahead(store, time.time_ns())
    message = f"{found.found}\n{stored.found}" if stored.found != clocks.NOTHING_AHEAD else found.found
    return Check("clocks", found.well, message, found.todo)


def _last_call(dsn: str) -> Check:
    """Never unwell: whether a quiet hour is a dead feed is for whoever knows the exchange."""
    last = last_call(Numbers(connect(dsn)))
    return Check(
        "last call", True, f"{last.records:,} legs, the last began {last.at}" if last.records else "no calls yet"
    )


def _feeds(dsn: str) -> Check:
    """Unwell when a listener fell silent, gave up, or cannot reach its source; a quiet hour is not."""
    feeds = freshness(Numbers(connect(dsn)))
    todo = "look at the output of that `callfunnel listen`; starting it again loses nothing that its source keeps"
    found = "\n".join(map(str, feeds))
    return Check("feeds", all(feed.well for feed in feeds), found or "nothing was loaded, nothing listens", todo)


def _warnings(dsn: str, settings: Settings, begun: datetime | None) -> Check:
    """Unwell when nobody watches who should, or a message could not be delivered."""
    kept = WarningReader(Numbers(connect(dsn)))
    well, found, todo = watch_state(kept, settings.warnings, datetime.now(UTC), begun=begun)
    return Check("warnings", well, found, todo)


def _gaps(dsn: str) -> Check:
    """Never unwell: not every exchange keeps what its feed has missed, and a listener that is restarted has a gap."""
    gaps = latest_gaps(Store(connect(dsn)), datetime.now(UTC) - _GAPS_KEPT, _MOST_GAPS)
    return Check("gaps", True, describe_gaps(gaps) or f"none in {_GAPS_KEPT.days} days")


def _noted_calls(dsn: str, settings: Settings) -> Check:
    """Never unwell: which of two calls is meant may stay open, and each counts once all the same."""
    today = datetime.now(UTC).astimezone(settings.time_zone).date()
    period = Period(today - _NOTES_FOR, today + timedelta(days=1), settings.time_zone)
    found = noted_calls(Numbers(connect(dsn)), period)
    return Check("notes of calls", True, "\n".join(map(str, found)) or f"no CRM noted one in {_NOTES_FOR.days} days")


def _drift(dsn: str, settings: Settings) -> Check:
    today = datetime.now(UTC).astimezone(settings.time_zone).date()
    period = Period(today - timedelta(days=7), today + timedelta(days=1), settings.time_zone)
    cells, differences = verify(Numbers(connect(dsn)), period, settings)
    if differences:
        message = f"{len(differences)} numbers of the last 7 days differ from their facts"
        return Check("stream = batch", False, message, "wait until nothing lags, then `callfunnel verify`")
    return Check("stream = batch", True, f"{cells:,} cells of the last 7 days are what the facts say")


def disk(data: Path) -> Check:
    """The disk of the data folder. Blocks for seconds at most, even when it hangs."""
    found = folder_state(data)
    if found.error:
        todo = "look at the disk or mount of this folder (`dmesg`, `mount`): nothing can be stored until it answers"
        return Check("disk", False, f"{data}: {found.error}", todo)
    message = f"{found.free_bytes / (1 << 30):.1f} GiB free for {data}"
    if found.is_read_only:
        return Check("disk", False, f"{data} is read-only", "mount it for writing")
    if found.free_files < _LEAST_FILES:
        return Check("disk", False, f"{message}, but only {found.free_files:,} files (inodes) more", "make room")
    return Check(
        "disk", found.free_bytes >= _LEAST_FREE, message, "" if found.free_bytes >= _LEAST_FREE else "make room"
    )
