"""Sheets of XLSX, XLSB, XLS and ODS as rows of text. A workbook is opened in a process of its own, with a limit.

A workbook of 5 KB whose last cell stands at XFD1048576 asks for 512 GB, and what cannot be allocated there ends the
process: so it is not ours that ends.
"""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec

from connectors.reading.defused import import_of, restored
from connectors.reading.packed import label, workbook_bytes
from connectors.reading.text import MOST_LINE, RawRow, TooLong
from schemas.errors import Terminal

_WORDS = 3
"""The exit code with which `sheet_process` says in words what is wrong."""
_cells = msgspec.json.Decoder(list[str]).decode


class SheetRows:
    """The rows of a sheet that are not blank, placed as `Sheet1!7`. `bytes_read` grows while iterating."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_ours = bool(import_of(label(path)))
        self._workbook = workbook_bytes(path.parent)
        self.bytes_total = len(self._workbook)
        self.bytes_read = 0

    def __iter__(self) -> Iterator[RawRow | TooLong]:
        sheet = self._path.name
        with _process(self._path, self._workbook, sheet) as output:
            height = int(output.readline() or 0)
            for number, line in enumerate(output, 1):
                self.bytes_read = self.bytes_total * number // max(height, number)
                if line == b"[]\n":
                    continue
                row_ref = f"{sheet}!{number}"
                if len(line) > MOST_LINE:
                    yield TooLong(row_ref, line[:65_536].decode("utf-8", "replace"))
                    continue
                cells = _cells(line)
                if self._is_ours:
                    cells = [restored(cell) for cell in cells]
                yield RawRow(cells, row_ref, written(cells), True)
        self.bytes_read = self.bytes_total


def names(path: Path) -> list[str]:
    """The sheets of a workbook that hold rows, hidden ones too, in their order. Raises Terminal."""
    with _process(path, workbook_bytes(path)) as output:
        return _cells(output.read() or b"[]")


def written(cells: list[str]) -> str:
    """A row as a line of CSV: what a rejected one is kept as."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


@contextmanager
def _process(path: Path, workbook: bytes, *sheet: str) -> Iterator[IO[bytes]]:
    """What `sheet_process` tells; it may be left early. Raises Terminal with its words."""
    with (
        tempfile.TemporaryFile() as stderr_file,
        subprocess.Popen(
            [sys.executable, "-m", "connectors.reading.sheet_process", *sheet],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr_file,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            with process.stdin as stdin:
                stdin.write(workbook)
        except BrokenPipeError:
            pass  # it ended before it had read all: its exit code says why
        try:
            yield process.stdout
        except BaseException:
            process.kill()
            raise
        if process.stdout.read(1):
            process.kill()
            return
        if process.wait() == 0:
            return
        stderr_file.seek(0)
        message = stderr_file.read(1_000).decode("utf-8", "replace") if process.returncode == _WORDS else ""
        raise Terminal(f"{path}: {message or 'the workbook is too large, or broken: save the sheet as CSV'}")
