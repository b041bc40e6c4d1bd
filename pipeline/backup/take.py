"""A backup of a running stack: the moment is when all that was sent is stored and nobody sends, which takes seconds."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import urllib.error
import urllib.request
from base64 import b64encode
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from pipeline.backup import files
from pipeline.backup.bring import Say, restore_store, verified
from pipeline.backup.manifest import FILES, SETTINGS, STORE, Manifest, backups, seal, write
from pipeline.backup.snapshot import Sum
from pipeline.clock import Clock, as_datetime, wall_clock
from pipeline.embedded.gate import Gate
from pipeline.endpoints import Running
from pipeline.settings import Settings
from pipeline.transport import Transport, wait_until_stored
from schemas.durable_files import make_folder
from schemas.errors import Terminal, Transient

T = TypeVar("T")

_STORED_WITHIN_S = 180.0


def take(
    running: Running,
    folder: Path,
    config: Path,
    settings: Settings,
    say: Say,
    *,
    full: bool,
    clock: Clock = wall_clock,
) -> tuple[Path, Manifest]:
    """Write a backup into a folder of its own in `folder`, check it, and return it. Raises Trouble; then there is none.

    It builds on the latest full backup in the folder, unless `full`.
    """
    make_folder(folder)
    base = None if full else next((path for path, one in reversed(backups(folder)) if not one.base), None)
    at = as_datetime(clock())
    target = (folder / f"{at:%Y%m%dT%H%M%S}").resolve()
    try:
        target.mkdir(mode=0o700)
    except FileExistsError:
        raise Terminal(f"{target} is there already: somebody else makes a backup, or try again in a second") from None
    try:
        manifest = Manifest(
            created_at=at.isoformat(),
            host=socket.gethostname(),
            data=running.data,
            base=base.name if base else "",
            tables=[],
            files=_moment(running, target, say),
        )
        say(f"writing the tables{f', what {base.name} does not have' if base else ''}")
        write_request = {"to": str(target / STORE), "base": str((base / STORE).resolve()) if base else ""}
        tables = _post(running, "write", write_request, list[Sum])
        if config.is_file():
            shutil.copyfile(config, target / SETTINGS)
        manifest = msgspec.structs.replace(manifest, tables=tables)
        say("checking the copy")
        cells, differences = _checked(target, manifest, settings, say)
        manifest = msgspec.structs.replace(manifest, cells=cells, differences=differences, size_bytes=seal(target))
        write(target, manifest)
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    finally:
        with suppress(Transient, Terminal):
            _post(running, "drop", {}, object)
    return target, manifest


def _moment(running: Running, target: Path, say: Say) -> dict[str, str]:
    """Small files and then the tables, of a moment when all that was sent is stored; senders wait meanwhile."""
    data = Path(running.data)
    say("waiting until what is being sent is stored")
    with closing(Gate(data)) as gate, gate.held_shut(lambda: None):
        with closing(Transport(running.endpoints)) as transport:
            wait_until_stored(transport, {}, transport.topic_ids(), idle_s=_STORED_WITHIN_S)
        digests = files.copy(data, target / FILES)
        _post(running, "take", {}, object)
    return digests


def _checked(target: Path, manifest: Manifest, settings: Settings, say: Say) -> tuple[int, int]:
    """Restore it beside itself, compare rows and sums, and count again from the facts."""
    with tempfile.TemporaryDirectory(prefix=".check-", dir=target.parent) as folder:
        restore_store(target, manifest, Path(folder), say)
        return verified(Path(folder), settings)


def _post(running: Running, what: str, body: object, answer: type[T]) -> T:
    """Ask the store. Raises Transient when it does not answer, Terminal when it cannot."""
    parts = urlsplit(running.clickhouse)
    login = b64encode(f"{parts.username}:{parts.password}".encode()).decode()
    request = urllib.request.Request(
        f"http://{parts.hostname}:{parts.port}/backup/{what}",
        data=msgspec.json.encode(body),
        headers={"Authorization": f"Basic {login}"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request) as response:  # noqa: S310  # the stack's own address
            return msgspec.json.decode(response.read(), type=answer)
    except urllib.error.HTTPError as error:
        problem = error.read().decode("utf-8", "replace").strip()[:400]
        raise Terminal(f"the store cannot make the backup: {problem}") from None
    except OSError as error:
        raise Transient(f"the store does not answer: {error}") from None


def free_bytes(folder: Path) -> int:
    """Room on the disk of a folder that may not be there yet."""
    there = next(one for one in (folder.resolve(), *folder.resolve().parents) if one.exists())
    disk = os.statvfs(there)
    return disk.f_bavail * disk.f_frsize
