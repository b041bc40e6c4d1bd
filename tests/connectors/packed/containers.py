"""Golden files put into archives and workbooks, as people send them."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

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


def opendocument(rows: Sequence[Sequence[str]], *, repeated: int = 1) -> bytes:
    """An ODS of one sheet of texts; `repeated` says that its last row stands there so many times."""
    lines = [f"<table:table-row>{''.join(map(_cell, row))}</table:table-row>" for row in rows]
    lines[-1] = lines[-1].replace("<table:table-row>", f'<table:table-row table:number-rows-repeated="{repeated}">')
    office = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<office:document-content xmlns:office="{office}:office:1.0" xmlns:table="{office}:table:1.0"'
        f' xmlns:text="{office}:text:1.0"><office:body><office:spreadsheet><table:table table:name="Calls">'
        f"{''.join(lines)}</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    files = {"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content}
    return zipped({name: text.encode() for name, text in {**files, "META-INF/manifest.xml": manifest}.items()})


def _cell(text: str) -> str:
    return f'<table:table-cell office:value-type="string"><text:p>{escape(text)}</text:p></table:table-cell>'
