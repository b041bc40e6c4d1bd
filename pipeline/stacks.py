"""Which stacks of this user may be running on this machine: a small file for each, written when it starts.

A file only says where to look; whether a stack runs there is known from the lock of its data folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shlex
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from pipeline.embedded.folder_lock import holder
from schemas.durable_files import write_whole
from schemas.private_files import private_folder


def stacks_folder(env: Mapping[str, str]) -> Path:
    """Where they are remembered, so that another terminal finds them from any folder."""
    state = env.get("XDG_STATE_HOME") or Path(env.get("HOME", str(Path.home()))) / ".local" / "state"
    return Path(state) / "callfunnel" / "stacks"


def register(data: Path, env: Mapping[str, str]) -> None:
    """A stack runs in this data folder. Raises Terminal when it cannot be written down."""
    pointer = _pointer(data, env)
    private_folder(pointer.parent)
    write_whole(pointer, os.fsencode(data.resolve()))


def forget(data: Path, env: Mapping[str, str]) -> None:
    """It does not run any more."""
    with contextlib.suppress(OSError):
        _pointer(data, env).unlink()


def registered(env: Mapping[str, str]) -> list[Path]:
    """Data folders whose lock is held; what is left of others is dropped."""
    found = []
    with contextlib.suppress(OSError):
        for pointer in sorted(stacks_folder(env).glob("*.stack")):
            with contextlib.suppress(OSError, ValueError):
                data = Path(os.fsdecode(pointer.read_bytes()))
                if holder(data) is not None:
                    found.append(data)
                else:
                    pointer.unlink()
    return found


def describe(data: str, pid: int, since: float) -> str:
    """One line about a stack, for people: its folder as a shell takes it, its process, and since when."""
    return f"{shlex.quote(data)}   (pid {pid}, since {datetime.fromtimestamp(since):%Y-%m-%d %H:%M:%S})"


def _pointer(data: Path, env: Mapping[str, str]) -> Path:
    name = hashlib.blake2b(os.fsencode(data.resolve()), digest_size=8).hexdigest()
    return stacks_folder(env) / f"{name}.stack"
