"""A data folder from a backup, on whatever machine and path: complete and checked, or not there."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import msgspec

from pipeline.backup import files
from pipeline.backup.manifest import FILES, STORE, Manifest, base_of, seal
from pipeline.backup.snapshot import Sum
from pipeline.embedded.part import StackPart
from pipeline.embedded.ports import free_port, listens
from pipeline.readouts.numbers import Numbers
from pipeline.readouts.period import Period
from pipeline.readouts.verify import verify
from pipeline.settings import Settings
from pipeline.store import connect
from schemas.durable_files import make_folder, sync_folder
from schemas.errors import Terminal

Say = Callable[[str], None]

_STARTS_S = 90.0


def bring(source: Path, manifest: Manifest, data: Path, say: Say) -> int:
    """Put the backup into the data folder, which must be empty or not there; its size. Raises Terminal.

    It is made beside it and takes its name at last: a death leaves no half of it under that name.
    """
    refuse_used(data)
    make_folder(data.parent)
    part = data.with_name(f".{data.name}.{secrets.token_hex(3)}.part")
    part.mkdir(mode=0o700)
    try:
        restore_store(source, manifest, part, say)
        if wrong := files.bring(source / FILES, part, manifest.files):
            raise Terminal(f"{source}: {', '.join(wrong)}: not what was backed up; the backup is damaged")
        size = seal(part)
        os.replace(part, data)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    sync_folder(data.parent)
    return size


def refuse_used(data: Path) -> None:
    if data.is_symlink() or (data.exists() and (not data.is_dir() or any(data.iterdir()))):
        raise Terminal(f"{data} is not an empty folder: restore into a new one with --data")


def restore_store(source: Path, manifest: Manifest, into: Path, say: Say) -> None:
    """The database of a backup as INTO/store. Raises Terminal when it is not what the manifest says."""
    base = base_of(source, manifest)
    say(f"reading {manifest.rows:,} rows of {len(manifest.tables)} tables")
    command = [sys.executable, "-m", "pipeline.embedded.restore_store", "--data", str(into / "store")]
    command += ["--from", str((source / STORE).resolve())]
    command += ["--base", str((base / STORE).resolve())] if base else []
    done = subprocess.run(
        [*command, *(table.table for table in manifest.tables)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        message = (done.stderr.strip().splitlines() or ["it died"])[-1]
        raise Terminal(f"{source}: the store cannot be read: {message[:400]}")
    found = msgspec.json.decode(done.stdout.encode().splitlines()[-1], type=list[Sum])
    if wrong := differing(manifest.tables, found):
        raise Terminal(f"{source}: tables are not what was backed up: {', '.join(wrong)}; the backup is damaged")


def differing(expected: Sequence[Sum], found: Sequence[Sum]) -> list[str]:
    """Names of tables that do not hold the same."""
    there = {table.table: table for table in found}
    return [table.table for table in expected if there.get(table.table) != table]


def verified(folder: Path, settings: Settings) -> tuple[int, int]:
    """(cells, differences) of `callfunnel verify` in FOLDER/store. Raises Terminal or Transient."""
    with served(folder) as dsn:
        always = Period(date(1970, 1, 2), date(2105, 12, 31), settings.time_zone)
        cells, differences = verify(Numbers(connect(dsn)), always, settings)
    return cells, len(differences)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The store of FOLDER/store as a process, for its reader."""
    port = free_port(0, "--store-port")
    password = secrets.token_urlsafe(16)
    store = StackPart(
        "store",
        [sys.executable, "-m", "pipeline.embedded.store_server", "--data", str(folder / "store"), "--port", str(port)],
        logs=folder,
        env={
            **os.environ,
            "CALLFUNNEL_STORE_PASSWORD": secrets.token_urlsafe(16),
            "CALLFUNNEL_STORE_READER_PASSWORD": password,
        },
        ready=lambda: listens(port),
    )
    store.start()
    try:
        store.wait_ready(_STARTS_S)
        yield f"http://reader:{password}@127.0.0.1:{port}/default"
    finally:
        store.stop(15)
