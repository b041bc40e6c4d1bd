"""The embedded stack: broker, store and workers as supervised processes over one data folder."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import IO

import msgspec

from pipeline import stacks
from pipeline.admin import ensure_topics
from pipeline.audit import audit_file
from pipeline.embedded import broker, folder_lock, health_checks
from pipeline.embedded.daily import Daily
from pipeline.embedded.gate import Gate
from pipeline.embedded.heartbeat import Heartbeat
from pipeline.embedded.listeners import Listeners
from pipeline.embedded.liveness import PATIENCE_S, LivenessWatch
from pipeline.embedded.part import StackPart, process_state, resident_bytes
from pipeline.embedded.ports import free_port, listens, usual_board_port
from pipeline.endpoints import Endpoints, Running, credentials_file, stack_file
from pipeline.migrate import migrate
from pipeline.parts.losses import Loss, find_losses
from pipeline.privacy.key import key_file
from pipeline.store import Store, connect
from pipeline.transport import Transport, wait_until_stored
from schemas.durable_files import sync_disk, write_whole
from schemas.errors import CallfunnelError, Terminal, Transient

_STORED_WITHIN_S = 1.0
"""How long senders wait at most for a worker that does nothing, before the broker is left as it is for a while."""
_RENEW_AGAIN_S = 30.0
_NEW_BROKER_S = 30.0
_TOPICS_S = 5.0
"""Of a broker that has just answered; meanwhile nothing else is tended."""
_STARTS_S = 90.0
"""A part starts in seconds, on a busy machine in a minute. One that dies meanwhile is not waited for."""


class StackPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What to start. Ports 0 mean any free one; no port of the board page the usual one, where it is free."""

    data: Path
    kafka_port: int = 9092
    store_port: int = 8123
    board_port: int | None = 0
    workers: int = 1
    broker_bytes: int = 1_000_000_000
    """Memory of the broker above which a new one takes its place: it forgets nothing until it stops."""
    patience_s: float = PATIENCE_S
    """How long a part may give no sign of life until another process takes its place."""


class Credentials(msgspec.Struct, frozen=True):
    """Passwords of the store's users and the key of the board page, made once per data folder."""

    writer: str
    reader: str
    board: str = ""
    inner: str = ""
    """Of the users that only parts and commands of ours are."""


class Stack:
    """Starts everything, tends it until told to stop, and stops it in order. One at a time per data folder."""

    def __init__(self, plan: StackPlan, env: Mapping[str, str] = os.environ) -> None:
        self._plan = plan
        self._env = dict(env)
        self._lock: IO[str] | None = None
        self.parts: list[StackPart] = []
        """The broker first, then the store, then the board page, then workers."""
        self.watches: list[LivenessWatch] = []
        self._wire_is_new = False
        """The broker died, and the workers wait for topics on another one."""
        self._renew_at = 0.0
        self.broken: list[Loss] = []
        """What the store has lost, as of the start."""
        self._heartbeat = Heartbeat(plan.data)

    def start(self) -> Running:
        """Return when everything serves. Raises Terminal; nothing is left running then."""
        plan = self._plan
        self._lock = lock(plan.data)
        try:
            return self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> Running:
        plan = self._plan
        logs = plan.data / "logs"
        logs.mkdir(mode=0o700, exist_ok=True)
        kafka_port = free_port(plan.kafka_port, "--kafka-port")
        store_port = free_port(plan.store_port, "--store-port")
        if plan.board_port:
            free_port(plan.board_port, "--board-port")
        passwords = credentials(plan.data)
        bootstrap = f"127.0.0.1:{kafka_port}"
        dsn = _dsn("callfunnel", passwords.writer, store_port)
        secret = {
            "CALLFUNNEL_STORE_PASSWORD": passwords.writer,
            "CALLFUNNEL_STORE_READER_PASSWORD": passwords.reader,
            "CALLFUNNEL_STORE_INNER_PASSWORD": passwords.inner,
        }
        store = [sys.executable, "-m", "pipeline.embedded.store_server", "--data", str(plan.data / "store")]
        of_broker, of_store = health_checks.of_broker(kafka_port), health_checks.of_store(store_port, passwords.inner)
        self._add("broker", broker.command(kafka_port), {}, logs, lambda: broker.answers(bootstrap), of_broker)
        self._add("store", [*store, "--port", str(store_port)], secret, logs, lambda: listens(store_port), of_store)
        for part in self.parts:
            part.start()
        for part in self.parts:
            part.wait_ready(_STARTS_S)
        migrate(connect(dsn))
        sync_disk(plan.data)  # the folders of new tables; from here on what is acknowledged is on the disk by itself
        ensure_topics(bootstrap)
        self.broken = find_losses(Store(connect(dsn)))
        marks = _dsn("marks", passwords.inner, store_port)
        # Chosen as late as can be: another stack that starts meanwhile looks for the same one.
        board_port = free_port(usual_board_port() if plan.board_port is None else plan.board_port, "--board-port")
        self._add_board(logs, bootstrap, _dsn("board", passwords.inner, store_port), marks, passwords.board, board_port)
        self._add_workers(logs, bootstrap, dsn)
        running = Running(
            pid=os.getpid(),
            started=folder_lock.this_process().started,
            since=time.time(),
            data=str(plan.data.resolve()),
            kafka=bootstrap,
            clickhouse=dsn,
            reader=_dsn("reader", passwords.reader, store_port),
            report=_dsn("report", passwords.inner, store_port),
            board=f"http://127.0.0.1:{board_port}/?token={passwords.board}",
            parts={part.name: part.pid for part in self.parts},
            broker_bytes=plan.broker_bytes,
        )
        self._running = running
        self._write_down()
        for watch in self.watches:
            watch.start()
        return running

    def _add(
        self,
        name: str,
        command: list[str],
        extra: Mapping[str, str],
        logs: Path,
        ready: Callable[[], bool],
        ask: health_checks.Ask,
        ready_file: Path | None = None,
    ) -> StackPart:
        env = {**self._env, **extra}
        part = StackPart(name, command, logs=logs, env=env, ready=ready, ready_file=ready_file)
        self.parts.append(part)
        self.watches.append(LivenessWatch(part, ask, self._plan.patience_s))
        return part

    def _add_board(self, logs: Path, bootstrap: str, dsn: str, marks: str, token: str, port: int) -> None:
        """The board page: it asks the store as a reader, keeps what is said of warnings, and knows nothing else of the
        stack."""
        env = {"CALLFUNNEL_KAFKA": bootstrap, "CALLFUNNEL_CLICKHOUSE": dsn, "CALLFUNNEL_NAMESPACE": ""}
        env["CALLFUNNEL_AUDIT"] = str(audit_file(self._plan.data.resolve(), {}))
        command = [sys.executable, "-m", "pipeline.cli", "board", "--port", str(port)]
        env |= {"CALLFUNNEL_BOARD_TOKEN": token, "CALLFUNNEL_BOARD_MARKS": marks}
        self._add("board", command, env, logs, lambda: listens(port), health_checks.of_board(port)).start()

    def _add_workers(self, logs: Path, bootstrap: str, dsn: str) -> None:
        # A namespace is for servers that many companies share; this stack is one company's.
        env = {"CALLFUNNEL_KAFKA": bootstrap, "CALLFUNNEL_CLICKHOUSE": dsn, "CALLFUNNEL_NAMESPACE": ""}
        env["CALLFUNNEL_PRIVACY_KEY"] = str(key_file(self._plan.data.resolve(), {}))
        for number in range(1, self._plan.workers + 1):
            mark = self._plan.data / f"worker-{number}.ready"
            command = [sys.executable, "-m", "pipeline.cli", "worker", "--ready-file", str(mark)]
            self._add(f"worker-{number}", command, env, logs, mark.exists, health_checks.of_worker(mark), mark).start()
        for part in self.parts:
            part.wait_ready(_STARTS_S)

    def tend(self) -> list[str]:
        """Start again what died; the names of what was.

        A new broker has no topics and knows no groups, so the workers start anew with it. They are stopped before it
        is there: one that joined the new group and left it again kept Tansu from ever completing the next one's join.
        Raises Transient when that has to wait for the next time.
        """
        self._heartbeat.beat()
        broker = self.parts[0]
        if not broker.is_running and not self._wire_is_new:
            self._wire_is_new = True
            for worker in self._workers:
                worker.stop(0)
        waiting = self._workers if self._wire_is_new else []
        again = [part.name for part in self.parts if part not in waiting and part.tend()]
        if again:
            self._write_down()
        if self._wire_is_new and broker.serves:
            ensure_topics(self._running.kafka, within_s=_TOPICS_S)
            for worker in self._workers:
                worker.start()
            self._wire_is_new = False
            self._write_down()
        return again

    def end_hung(self) -> list[str]:
        """Kill parts that run and give no sign of life; what was seen of each. `tend` starts them again."""
        found = []
        away = [watch.part.name for watch in self.watches[:2] if watch.is_silent or not watch.part.is_running]
        for watch in self.watches:
            part = watch.part
            if away and part.name not in away:
                watch.forgive()  # it cannot get ready without a broker and a store
            if not part.is_running or not (silent_s := watch.silent_s):
                continue
            state = process_state(part.pid)
            part.kill()
            watch.replaced()
            found.append(f"{part.name} (process {part.pid}, {state}) gave no sign of life for {silent_s:.0f} s: killed")
        return found

    def renew(self) -> int:
        """Put a new broker in the place of one that holds much. What it held, in bytes; 0 when nothing was done.

        Not while somebody sends, nor before all that was sent is stored: then it is tried again after a while.
        """
        broker = self.parts[0]
        held = resident_bytes(broker.pid) or 0
        if held <= self._plan.broker_bytes or time.monotonic() < self._renew_at or self._wire_is_new:
            return 0
        with closing(Gate(self._plan.data)) as gate, gate.shut() as is_shut:
            if not is_shut:
                return 0
            if not _all_stored(self._running.endpoints):
                self._renew_at = time.monotonic() + _RENEW_AGAIN_S
                return 0
            self._wire_is_new = True
            for part in (*self._workers, broker):
                part.stop(0)
            self._wait_for_topics(_NEW_BROKER_S)
        return held

    def _wait_for_topics(self, within_s: float) -> None:
        """Tend until workers start with a new broker; when it takes longer, tending goes on."""
        until = time.monotonic() + within_s
        while self._wire_is_new and time.monotonic() < until:
            with suppress(Transient):
                self.tend()
            time.sleep(0.05)

    @property
    def _workers(self) -> list[StackPart]:
        return [part for part in self.parts if part.name.startswith("worker")]

    def stop(self) -> None:
        """Workers first, so that nobody writes into a closing store."""
        for watch in self.watches:
            watch.stop()
        for part in reversed(self.parts):
            part.stop(15)
        if self._lock is not None:
            stack_file(self._plan.data).unlink(missing_ok=True)
            stacks.forget(self._plan.data, self._env)
            self._lock.close()
            self._lock = None

    def _write_down(self) -> None:
        current = msgspec.structs.replace(self._running, parts={part.name: part.pid for part in self.parts})
        write_whole(stack_file(self._plan.data), msgspec.json.encode(current))
        stacks.register(self._plan.data, self._env)


def _dsn(user: str, password: str, port: int) -> str:
    return f"http://{user}:{password}@127.0.0.1:{port}/default"


def _all_stored(endpoints: Endpoints) -> bool:
    """Nothing on the broker waits for a worker, or for what follows from it."""
    try:
        with closing(Transport(endpoints)) as transport:
            wait_until_stored(transport, {}, transport.topic_ids(), idle_s=_STORED_WITHIN_S)
    except CallfunnelError:
        return False
    return True


def run(
    stack: Stack,
    stopping: Callable[[], bool],
    say: Callable[[str], None],
    daily: Daily | None = None,
    listeners: Listeners | None = None,
) -> None:
    """Tend the stack and its listeners until `stopping`, and run what is due each day."""
    while not stopping():
        try:
            if daily is not None and (message := daily.tick()):
                say(message)
            for message in listeners.tick() if listeners is not None else ():
                say(message)
            for message in stack.end_hung():
                say(message)
            for name in stack.tend():
                say(f"{name} had stopped and was started again")
            if held := stack.renew():
                say(f"the broker held {held / 1e6:,.0f} MB, all of it stored: a new one took its place")
        except Transient as error:
            say(f"{error}")
        time.sleep(0.2)


def lock(data: Path) -> IO[str]:
    """The lock of a data folder, held while the file stays open. Raises Terminal naming who holds it."""
    try:
        return folder_lock.take(data)
    except folder_lock.Held:
        held = folder_lock.holder(data)
        by = f" by process {held.pid}" if held else ""
        raise Terminal(f"the data folder {data} is in use{by}: stop it, or choose another with --data") from None


def credentials(data: Path) -> Credentials:
    """The folder's passwords; made on first use, so that a Grafana data source and a bookmark go on working."""
    path = credentials_file(data)
    try:
        known = msgspec.json.decode(path.read_bytes(), type=Credentials)
    except FileNotFoundError:
        known = Credentials("", "")
    except OSError as error:
        raise Terminal(f"{path}: {error.strerror}: the passwords cannot be read") from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Terminal(
            f"{path} is broken: put it back from a copy; or remove it, then new passwords are made, and Grafana's data"
            " source and bookmarks of the board need them"
        ) from None
    made = Credentials(*(getattr(known, name) or secrets.token_urlsafe(24) for name in Credentials.__struct_fields__))
    if made != known:
        write_whole(path, msgspec.json.encode(made))
    return made
