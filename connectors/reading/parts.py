"""The tables of a file: itself, the files of an archive, the sheets of a workbook."""

from __future__ import annotations

from pathlib import Path

from connectors.reading import packed, sheets
from connectors.reading.sample import Sample
from schemas.errors import Terminal


def parts(path: Path) -> list[Path]:
    """The tables of a file, each with a path of its own; the file itself when it is one.

    Raises Terminal for what cannot be unpacked. A file that cannot be opened is a part, and opening it says why.
    """
    try:
        return _parts(path)
    except OSError:
        return [path]


def samples(path: Path) -> list[Sample]:
    """The same, each with its beginning: a plain file is opened once for both. Raises Terminal."""
    sample = Sample(path)
    return [Sample(part) for part in parts(path)] if sample.may_hold_tables else [sample]


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
