"""Where the broker and the store are: named by the environment, or found where `callfunnel up` wrote them down."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from pipeline.settings import VARIABLES
from schemas.trouble import Terminal

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


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """What a running embedded stack says of itself in DIR/stack.json (readable by its owner only)."""

    pid: int
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


def pointer_file(env: Mapping[str, str]) -> Path:
    """Where the last started stack is remembered, so that another terminal finds it from any folder."""
    state = env.get("XDG_STATE_HOME") or Path(env.get("HOME", str(Path.home()))) / ".local" / "state"
    return Path(state) / "callfunnel" / "data_folder"


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
    except ValueError:  # a port that is no number
        right = False
    if not right:
        raise Terminal(f"CALLFUNNEL_CLICKHOUSE: not of the form {VARIABLES['CALLFUNNEL_CLICKHOUSE']}")
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,60}", namespace):
        raise Terminal(f"CALLFUNNEL_NAMESPACE: {namespace!r} is no name: up to 60 letters, digits, _ and -")


def running_stack(data: Path | None = None, env: Mapping[str, str] = os.environ) -> Running:
    """What the running stack of a data folder says of itself. Raises Terminal.

    When no folder is named it is that of the working folder, else that of the last stack started. Never the last one in
    the place of one that does not run: what is loaded here must not get into somebody else's store.
    """
    folders = _folders(data, env)
    for folder in folders:
        running = read_running(folder)
        if running is not None:
            return running
    where = f" in {folders[0]}" if data or credentials_file(folders[0]).exists() else ""
    last = None if data else _last_started(env)
    other = f"; --data {last} means one that runs" if last and read_running(last) else ""
    raise Terminal(
        f"no stack is running{where}: start one with `callfunnel up`, or set CALLFUNNEL_KAFKA and _CLICKHOUSE{other}"
    )


def data_folder(data: Path | None = None, env: Mapping[str, str] = os.environ) -> Path | None:
    """The data folder of the embedded stack that is meant, whether or not it runs; None when servers are named."""
    if not is_embedded(data, env):
        return None
    folders = _folders(data, env)
    return next((folder for folder in folders if read_running(folder)), folders[0])


def read_running(folder: Path) -> Running | None:
    """The stack of this folder, None when none runs there."""
    try:
        running = msgspec.json.decode(stack_file(folder).read_bytes(), type=Running)
    except (OSError, msgspec.DecodeError):
        return None
    return running if is_alive(running) else None


def is_alive(running: Running) -> bool:
    """Its supervisor lives."""
    try:
        os.kill(running.pid, 0)
    except OSError:
        return False
    return True


def _folders(data: Path | None, env: Mapping[str, str]) -> list[Path]:
    if data is not None:
        return [data]
    if named := env.get("CALLFUNNEL_DATA"):
        return [Path(named)]
    ours, last = Path("data"), _last_started(env)
    return [ours] if last is None or credentials_file(ours).exists() else [ours, last]


def _last_started(env: Mapping[str, str]) -> Path | None:
    with contextlib.suppress(OSError):
        return Path(pointer_file(env).read_text(encoding="utf-8").strip())
    return None
