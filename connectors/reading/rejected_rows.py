"""The file of rejects of a load: the rows as they came, under the header they had, to be mended and loaded again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from connectors.reading.defused import IMPORT, defused, import_of
from connectors.reading.names import as_text
from connectors.reading.opening import open_folder
from connectors.reading.packed import is_sheet, label, located
from connectors.reading.source import Recognised
from schemas.durable_files import make_folder, sync_folder
from schemas.errors import Terminal
from schemas.records import Rejected

_MOST_NAME = 200
"""Bytes; a file system takes 255 of them."""


def mended_import(file: Path) -> str:
    """The import whose rejected rows a file of this name holds; "" for any other file."""
    return import_of(label(file))


class RejectedRows:
    """Use as a context. The file is made by the first reject; only its owner may read it (phone numbers).

    Cells that a spreadsheet would run are defused in it (`connectors.reading.defused`); loading it takes that back.

    Its name tells of which import the rows are: no other load writes over what is being mended, and the load of it
    knows what it mends.
    """

    def __init__(self, folder: Path, file: Path, recognised: Recognised, import_id: str) -> None:
        self.path = folder / _name(file, import_id)
        self.count = 0
        self._recognised = recognised
        self._out: IO[str] | None = None

    def __enter__(self) -> RejectedRows:
        return self

    def __exit__(self, *_: object) -> None:
        if self._out is None:
            return
        with self._out:
            self._out.flush()
            os.fsync(self._out.fileno())
        sync_folder(self.path.parent)

    def add(self, rejected: Rejected) -> None:
        """Write a row down. Raises Terminal when the folder cannot be written."""
        if self._out is None:
            self._out = self._open()
        self.count += 1
        self._out.write(defused(rejected.payload.rstrip("\r\n")) + "\n")

    def _open(self) -> IO[str]:
        try:
            make_folder(self.path.parent)
            folder = open_folder(self.path.parent)
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
                handle = os.open(self.path.name, flags, 0o600, dir_fd=folder)
            finally:
                os.close(folder)
            os.fchmod(handle, 0o600)  # the mode above is for a new file only
        except OSError as error:
            raise Terminal(f"{self.path}: rejected rows cannot be kept: {error.strerror}; see --rejects") from None
        out = os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", newline="")
        out.writelines(defused(row.rstrip("\r\n")) + "\n" for row in self._recognised.head if row)
        return out


def _name(file: Path, import_id: str) -> str:
    """The file's name and the import; of a table that was packed, one that says what the rows are written as now."""
    name = IMPORT.sub("", as_text(_text_name(file)))
    stem, suffix = os.path.splitext(name)
    return f"{stem.encode()[:_MOST_NAME].decode(errors='ignore')}.{import_id}{suffix}"


def _text_name(file: Path) -> str:
    inner = located(file)[1]
    if not inner:
        return file.name.removesuffix(".gz")
    name = label(file).replace(":", ".").replace("/", ".").removesuffix(".gz")
    return f"{name}.{file.name}.csv" if is_sheet(file) else name
