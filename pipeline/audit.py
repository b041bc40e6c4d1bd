"""Who did what with the data: a line of JSON for each load, undo, forget, export, login, backup, and what was said of a
warning.

DATA/audit.log, readable by its owner only, each line on the disk before `record` returns. Never a telephone number or
a password: a forget says how many. Full files are put aside as audit.log.1, .2 ...; nothing is ever removed. With
servers the lines go to $CALLFUNNEL_AUDIT, else to audit.log in the user's state folder.
"""

from __future__ import annotations

import fcntl
import getpass
import math
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from pipeline.clock import Clock, as_datetime, wall_clock
from pipeline.stacks import stacks_folder
from schemas.durable_files import make_folder, sync_folder
from schemas.errors import Terminal
from schemas.mask import mask_text

_LARGEST_BYTES = 10 << 20
_NAME = "audit.log"
_REFUSED_EVERY_S = 6.0
_IDS = frozenset({"import_id", "incident"})
"""What is made by us: long numbers in it are times."""


class Action(StrEnum):
    """What is worth a line."""

    LOAD = "load"
    UNDO = "undo"
    FORGET = "forget"
    RETENTION = "retention"
    EXPORT = "export"
    LOGIN = "login"
    BACKUP = "backup"
    RESTORE = "restore"
    MARK = "mark"
    """A warning was acknowledged, snoozed or woken."""


class AuditLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that somebody did, or tried to."""

    at: datetime
    action: Action
    done: bool
    """False: it was refused, or failed."""
    who: str
    """The user of the machine; of a login, and of a mark on the board page, the client's address."""
    about: dict[str, str | int] = {}
    """What it was done to: a file, an import, how many."""


def audit_file(data: Path | str | None, env: Mapping[str, str] = os.environ) -> Path:
    """Where the lines of a stack go."""
    if named := env.get("CALLFUNNEL_AUDIT"):
        return Path(named)
    return Path(data) / _NAME if data else stacks_folder(env).with_name(_NAME)


def record(
    log: Path, action: Action, /, *, done: bool = True, who: str = "", clock: Clock = wall_clock, **about: str | int
) -> None:
    """Add a line; it is on the disk when this returns. Raises Terminal when it cannot be written.

    Texts are masked: a file may be called after a number.
    """
    line_details = {
        name: mask_text(value) if isinstance(value, str) and name not in _IDS else value
        for name, value in about.items()
    }
    line = msgspec.json.encode(AuditLine(as_datetime(clock()), action, done, who or _user(), line_details)) + b"\n"
    try:
        make_folder(log.parent)
        handle = os.open(
            log.with_name(f"{log.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            _append(log, line)
        finally:
            os.close(handle)
    except OSError as error:
        raise Terminal(
            f"{log}: the audit line cannot be written ({error.strerror}): name another file in CALLFUNNEL_AUDIT"
        ) from None


def _append(file: Path, line: bytes) -> None:
    if file.exists() and file.stat().st_size + len(line) > _LARGEST_BYTES:
        file.rename(file.with_name(f"{file.name}.{len(_older(file)) + 1}"))
    is_new = not file.exists()
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "ab") as out:
        if out.tell() and not _ends_with_newline(file):
            out.write(b"\n")  # whoever wrote the last line died half-way
        out.write(line)
        out.flush()
        os.fsync(out.fileno())
    if is_new:
        sync_folder(file.parent)


def _ends_with_newline(file: Path) -> bool:
    with file.open("rb") as read:
        read.seek(-1, os.SEEK_END)
        return read.read() == b"\n"


def _older(file: Path) -> list[Path]:
    """Files that were put aside, the oldest first."""
    numbered = [(path.suffix[1:], path) for path in file.parent.glob(f"{file.name}.*")]
    return [path for number, path in sorted((int(n), p) for n, p in numbered if n.isdigit())]


def lines(file: Path) -> Iterator[AuditLine]:
    """Every line, the oldest first; a line that was cut by a crash is left out."""
    for path in (*_older(file), file):
        try:
            with path.open("rb") as read:
                for line in read:
                    try:
                        yield msgspec.json.decode(line, type=AuditLine)
                    except msgspec.DecodeError:
                        continue
        except FileNotFoundError:
            continue


def _user() -> str:
    try:
        return f"{getpass.getuser()}@{socket.gethostname()}"
    except (KeyError, OSError):
        return f"uid {os.getuid()}@{socket.gethostname()}"


def local(at: datetime) -> str:
    """A moment for people, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


class LoginAudit:
    """Lines for logins at one server. Refusals beyond one in six seconds are counted, and come with the next line:
    nobody fills the disk by guessing."""

    def __init__(self, log: Path, door: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._door = door
        self._monotonic = monotonic
        self._refused_at = -math.inf
        self._untold = 0

    def __call__(self, done: bool, who: str) -> None:
        """Somebody came in, or was refused."""
        if not done:
            if self._monotonic() - self._refused_at < _REFUSED_EVERY_S:
                self._untold += 1
                return
            self._refused_at = self._monotonic()
        more: dict[str, Any] = {"refused_before": self._untold} if self._untold else {}
        self._untold = 0
        record(self._log, Action.LOGIN, done=done, who=who, door=self._door, **more)
