"""The small files of a data folder: journals, checkpoints, whatever a part keeps beside the store."""

from __future__ import annotations

import hashlib
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

_OTHERWISE = re.compile(
    r"store|logs|lock|.*\.lock|.*\.turn|stack\.json|credentials\.json|worker-\d+\.ready|done|rejected|\..*"
)
"""The store is copied by ClickHouse, passwords are made anew, the rest is of the running stack, or files loaded."""
_BESIDE_SQLITE = re.compile(r".*-(wal|shm|journal)")
_SQLITE = b"SQLite format 3\x00"


def copy(data: Path, to: Path) -> dict[str, str]:
    """Copy them, each with its SHA-256. Before the tables' moment: what a journal holds may be stored already (law 1),
    and a checkpoint never says more than the tables do.
    """
    digests = {}
    for path in _files(data):
        name = path.relative_to(data)
        target = to / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            _copy(path, target)
        except FileNotFoundError:
            continue  # a listener that was done with it removed it
        digests[str(name)] = hashlib.sha256(target.read_bytes()).hexdigest()
    return digests


def bring(source: Path, data: Path, digests: dict[str, str]) -> list[str]:
    """Put them into a data folder; the names of those that are not what was copied."""
    wrong = []
    for name, digest in digests.items():
        content = (source / name).read_bytes() if (source / name).is_file() else b""
        if hashlib.sha256(content).hexdigest() != digest:
            wrong.append(name)
            continue
        (data / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copyfile(source / name, data / name)
    return wrong


def _files(data: Path) -> Iterator[Path]:
    for top in sorted(data.iterdir()):
        if _OTHERWISE.fullmatch(top.name):
            continue
        for path in (top, *sorted(top.rglob("*"))) if top.is_dir() and not top.is_symlink() else (top,):
            if path.is_file() and not path.is_symlink() and not _BESIDE_SQLITE.fullmatch(path.name):
                yield path


def _copy(path: Path, target: Path) -> None:
    with path.open("rb") as file:
        is_sqlite = file.read(len(_SQLITE)) == _SQLITE
    if not is_sqlite:
        shutil.copyfile(path, target)
        return
    with (
        closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(target)) as copy_,
    ):
        source.backup(copy_)
