"""Where the broker and the store are: named by the environment, or found where `callfunnel up` wrote them down."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from pipeline import stacks
from pipeline.embedded.folder_lock import Holder, holder
from pipeline.embedded.port_owner import children, is_owned, listening_sockets
from pipeline.settings import VARIABLES
from schemas.errors import Terminal

GROUP = "callfunnel"


class Endpoints(msgspec.Struct, frozen=True):
    """Addresses with credentials. `clickhouse` is a DSN `http://user:password@host:port/database`."""

    kafka: str
    clickhouse: str
    namespace: str = ""
    data: str = ""
    """The data folder of the embedded stack; "" for servers."""

    @property
    def prefix(self) -> str:
        """What stands before topic and group names."""
        return f"{self.namespace}." if self.namespace else ""

    @property
    def group(self) -> str:
        """The consumer group of all workers of the namespace."""
        return self.prefix + GROUP

    @property
    def location(self) -> str:
        """Where records go, for people: the data folder, or the server's address without its user."""
        if self.data:
            return self.data
        parts = urlsplit(self.clickhouse)
        address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        return f"{address}, namespace {self.namespace}" if self.namespace else address


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """What a running embedded stack says of itself in DIR/stack.json (readable by its owner only)."""

    pid: int
    started: int = 0
    """When that process began, in ticks of the kernel: the id alone is given to others later."""
    since: float = 0.0
    """The same as epoch seconds."""
    data: str = ""
    """Its data folder, absolute."""
    kafka: str
    clickhouse: str
    reader: str
    """DSN of the read-only user for whoever asks from outside, such as Grafana."""
    report: str = ""
    """DSN of the read-only user of our own commands: long queries from outside do not take their turn."""
    board: str = ""
    """Address of the board page, with the key that lets in."""
    parts: dict[str, int] = {}
    """Process ids by part: broker, store, board, worker-1 ..."""
    broker_bytes: int = 0
    """Memory of the broker above which a new one takes its place."""

    @property
    def endpoints(self) -> Endpoints:
        return Endpoints(self.kafka, self.clickhouse, data=self.data)


def stack_file(data: Path) -> Path:
    return data / "stack.json"


def credentials_file(data: Path) -> Path:
    """The passwords of a data folder, made when a stack first runs there."""
    return data / "credentials.json"


def journals_folder(data: Path) -> Path:
    """What listeners of a stack acknowledged, until it is stored."""
    return data / "journals"


def is_embedded(data: Path | None = None, env: Mapping[str, str] = os.environ) -> bool:
    """No servers are named (or a data folder is): it is the embedded stack that is meant."""
    return data is not None or not (env.get("CALLFUNNEL_KAFKA") or env.get("CALLFUNNEL_CLICKHOUSE"))


def find(data: Path | None = None, env: Mapping[str, str] = os.environ) -> Endpoints:
    """The endpoints to use: the environment's, else those of a running embedded stack. Raises Terminal."""
    kafka, clickhouse = env.get("CALLFUNNEL_KAFKA"), env.get("CALLFUNNEL_CLICKHOUSE")
    if not is_embedded(data, env):
        if not (kafka and clickhouse):
            missing = "CALLFUNNEL_CLICKHOUSE" if kafka else "CALLFUNNEL_KAFKA"
            raise Terminal(f"{missing} is not set: set both, or neither to use the embedded stack")
        namespace = env.get("CALLFUNNEL_NAMESPACE", "")
        _refuse_wrong(kafka, clickhouse, namespace)
        return Endpoints(kafka, clickhouse, namespace)
    return running_stack(data, env).endpoints


def pinned(data: Path | None = None, env: Mapping[str, str] = os.environ) -> Path | None:
    """The data folder of the stack that is meant now, for who outlives it and must not go to a later one; None for
    servers. Raises Terminal.
    """
    folder = find(data, env).data
    return Path(folder) if folder else data


def _refuse_wrong(kafka: str, clickhouse: str, namespace: str) -> None:
    """Said here, since the clients would look for a misspelled server for ever. Never repeats a password."""
    for address in kafka.split(","):
        host, _, port = address.strip().rpartition(":")
        if not host or not port.isdigit() or "//" in host:
            raise Terminal(f"CALLFUNNEL_KAFKA: {address!r} is wrong: {VARIABLES['CALLFUNNEL_KAFKA']}")
    try:
        parts = urlsplit(clickhouse)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:  # a port that is not a number
        right = False
    if not right:
        raise Terminal(f"CALLFUNNEL_CLICKHOUSE: not of the form {VARIABLES['CALLFUNNEL_CLICKHOUSE']}")
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,60}", namespace):
        raise Terminal(f"CALLFUNNEL_NAMESPACE: {namespace!r} is not a name: up to 60 letters, digits, _ and -")


def running_stack(data: Path | None = None, env: Mapping[str, str] = os.environ) -> Running:
    """The stack that is meant (`meant_stack`), once its ports are known to be its own. Raises Terminal."""
    running = meant_stack(data, env)
    _refuse_foreign_ports(running)
    return running


def meant_stack(data: Path | None = None, env: Mapping[str, str] = os.environ) -> Running:
    """What the running stack that is meant says of itself. Raises Terminal.

    It is that of the folder that is named (`--data`, CALLFUNNEL_DATA), else of ./data where that holds a stack, else
    the only one that runs. Never one in the place of another: what is loaded here must not get into somebody else's
    store.
    """
    folder = named_folder(data, env)
    if folder is None:
        return _only_one(env)
    running = read_running(folder)
    if running is None:
        raise Terminal(_not_running(folder, stacks.registered(env)))
    return running


def named_folder(data: Path | None = None, env: Mapping[str, str] = os.environ) -> Path | None:
    """The data folder that is meant by name or by the working folder; None when that is left open."""
    if data is not None:
        return data
    if named := env.get("CALLFUNNEL_DATA"):
        return Path(named)
    ours = Path("data")
    return ours if credentials_file(ours).exists() or read_running(ours) else None


def running_stacks(env: Mapping[str, str] = os.environ) -> list[Running]:
    """Every stack of this user that runs on this machine, the oldest first."""
    found = [running for folder in stacks.registered(env) if (running := read_running(folder))]
    return sorted(found, key=lambda one: one.since)


def data_folder(data: Path | None = None, env: Mapping[str, str] = os.environ) -> Path | None:
    """The data folder of the embedded stack that is meant, whether or not it runs; None when servers are named.

    Raises Terminal when several run and none is named.
    """
    if not is_embedded(data, env):
        return None
    named = named_folder(data, env)
    if named is not None:
        return named
    return Path(_only_one(env).data) if running_stacks(env) else Path("data")


def read_running(folder: Path) -> Running | None:
    """The stack of this folder, None when none runs there.

    What stack.json says is believed only while the process that wrote it holds the folder's lock.
    """
    try:
        running = msgspec.json.decode(stack_file(folder).read_bytes(), type=Running)
    except (OSError, msgspec.MsgspecError):
        return None
    return running if holder(folder) == Holder(running.pid, running.started) else None


def is_alive(running: Running) -> bool:
    """Its supervisor lives, and has its data folder."""
    return holder(Path(running.data)) == Holder(running.pid, running.started)


def _only_one(env: Mapping[str, str]) -> Running:
    found = running_stacks(env)
    if not found:
        raise Terminal(
            "no stack is running: start one with `callfunnel up`, or set CALLFUNNEL_KAFKA and CALLFUNNEL_CLICKHOUSE"
        )
    if len(found) > 1:
        listed = "".join(f"\n  --data {stacks.describe(one.data, one.pid, one.since)}" for one in found)
        raise Terminal(
            f"{len(found)} stacks are running: say which one is meant, with --data or CALLFUNNEL_DATA:{listed}"
        )
    return found[0]


def _not_running(folder: Path, others: list[Path]) -> str:
    runs = next((other for other in others if read_running(other)), None)
    other = f"; --data {runs} means one that runs" if runs else ""
    return (
        f"no stack is running in {folder}: start it with `callfunnel up --data {folder}`, or set CALLFUNNEL_KAFKA and"
        f" CALLFUNNEL_CLICKHOUSE{other}"
    )


def _refuse_foreign_ports(running: Running) -> None:
    """A part that died leaves its port to whoever takes it: no password, and no call, goes there."""
    for part, address in (("store", running.clickhouse), ("broker", f"//{running.kafka}")):
        port = urlsplit(address).port
        sockets = listening_sockets(port) if port else set()
        ours = {running.pid, *children(running.pid), *(pid for pid in running.parts.values() if pid > 0)}
        if sockets and not is_owned(sockets, ours):
            raise Terminal(
                f"port {port} is held by another program, not by the {part} of {running.data}: nothing is sent there;"
                " end that program, or stop the stack and start it again"
            )
