"""The tables of a file: itself, the files of an archive, the sheets of a workbook."""

from __future__ import annotations

from pathlib import Path

from connectors.reading import packed, sheets
from schemas.trouble import Terminal


def parts(path: Path) -> list[Path]:
    """The tables of a file, each with a path of its own; the file itself when it is one.

    Raises Terminal for what cannot be unpacked. A file that cannot be opened is a part, and opening it says why.
    """
    try:
        return _parts(path)
    except OSError:
        return [path]


def _parts(path: Path) -> list[Path]:
    if packed.is_sheet(path):
        return [path]
    if packed.is_workbook(path):
        return [path / name for name in sheets.names(path)]
    if not packed.is_archive(path):
        return [path]
    if packed.located(path)[1]:
        raise Terminal(f"{path}: an archive in an archive: unpack it first")
    return [part for member in packed.members(path) for part in _parts(member)]
