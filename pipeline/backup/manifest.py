"""What a backup says of itself. Written last: a folder without it is not a backup."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from pipeline.backup.snapshot import Sum
from schemas.durable_files import sync_disk, sync_folder, write_whole
from schemas.errors import Terminal

NAME = "manifest.json"
STORE, FILES, SETTINGS = "store", "files", "callfunnel.toml"
"""Of a backup: ClickHouse's part, small files of the data folder, the settings."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """One backup. Paths are relative, so that the folder may be moved."""

    format: int = 1
    created_at: str
    host: str
    data: str
    """The data folder that it is of."""
    base: str = ""
    """The full backup beside it that holds what this one does not; "" for a full one."""
    tables: list[Sum]
    files: dict[str, str] = {}
    """Small files with their SHA-256."""
    size_bytes: int = 0
    cells: int = 0
    """Counts that were compared with the facts in the copy."""
    differences: int = 0

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)


def read(folder: Path) -> Manifest | None:
    """None when there is no finished backup."""
    try:
        return msgspec.json.decode((folder / NAME).read_bytes(), type=Manifest)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise Terminal(f"{folder / NAME}: {error}") from None


def backups(folder: Path) -> list[tuple[Path, Manifest]]:
    """The finished backups in a folder, oldest first."""
    if not folder.is_dir():
        return []
    found = [(one, manifest) for one in sorted(folder.iterdir()) if one.is_dir() and (manifest := read(one))]
    return sorted(found, key=lambda one: one[1].created_at)


def chosen(path: Path) -> tuple[Path, Manifest]:
    """The backup that a path means: itself, or the latest in it. Raises Terminal."""
    manifest = read(path) if path.is_dir() else None
    if manifest:
        return path, manifest
    if found := backups(path):
        return found[-1]
    raise Terminal(f"{path}: no finished backup is there")


def base_of(path: Path, manifest: Manifest) -> Path | None:
    """The full backup that an incremental one needs. Raises Terminal when it is gone."""
    if not manifest.base:
        return None
    base = path.parent / manifest.base
    if read(base) is None:
        raise Terminal(f"{path} builds on {base}, which is not there: restore needs both")
    return base


def seal(folder: Path) -> int:
    """Make all of it private and have it on the disk; its size. Links within a store are relative, and stay."""
    size = 0
    folder.chmod(0o700)
    for root, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(root) / name
            if path.is_symlink():
                continue
            path.chmod(0o700 if path.is_dir() else 0o600)
            size += 0 if path.is_dir() else path.stat().st_size
    sync_disk(folder)
    return size


def write(folder: Path, manifest: Manifest) -> None:
    """The last act of a backup: on return it is on the disk, and counts."""
    write_whole(folder / NAME, msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    sync_folder(folder.parent)
