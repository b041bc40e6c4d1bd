"""Golden files put into archives and workbooks, as people send them."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Mapping, Sequence

import xlsxwriter  # type: ignore[import-untyped]  # it says nothing of types


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A .zip of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def gzipped(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def workbook(**sheets: Sequence[Sequence[object]]) -> bytes:
    """An XLSX; a datetime, a number and a text stay what they are."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "dd.mm.yyyy hh:mm:ss"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    sheet.write_string(number, column, cell) if isinstance(cell, str) else sheet.write(
                        number, column, cell
                    )
    return out.getvalue()


def cells(text: str, delimiter: str) -> list[list[str]]:
    """A table of text as rows of cells."""
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
