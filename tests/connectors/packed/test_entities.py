"""Workbooks whose XML names files, or grows without end: no file is read, and no memory is taken, for them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from connectors.reading.packed import is_workbook
from connectors.reading.sheets import SheetRows, names
from connectors.reading.text import RawRow
from schemas.errors import Terminal

SECRET = "root-of-all-passwords"
_ODS = (
    '<?xml version="1.0"?>{doctype}<office:document-content'
    ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    '<table:table table:name="Sheet1"><table:table-row><table:table-cell office:value-type="string">'
    "<text:p>{cell}</text:p></table:table-cell></table:table-row></table:table>"
    "</office:spreadsheet></office:body></office:document-content>"
)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_MANIFEST = (
    '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    '<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
    "</manifest:manifest>"
)
_XLSX = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
    "_rels/.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{_RELS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELS}">'
        '<sheets><sheet name="Sheet1" sheetId="1" r:id="r1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{_RELS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}
_CELL = (
    f'<?xml version="1.0"?>{{doctype}}<worksheet xmlns="{_MAIN}"><sheetData><row r="1">'
    '<c r="A1" t="inlineStr"><is><t>{cell}</t></is></c></row></sheetData></worksheet>'
)


def laughs() -> str:
    """3 GB of laughter in a kilobyte."""
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE x [<!ENTITY l0 "lol">{levels}]>'


def workbook(kind: str, doctype: str, cell: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        if kind == "ods":
            archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
            archive.writestr("META-INF/manifest.xml", _MANIFEST)
            archive.writestr("content.xml", _ODS.format(doctype=doctype, cell=cell))
        else:
            for name, text in _XLSX.items():
                archive.writestr(name, text)
            archive.writestr("xl/worksheets/sheet1.xml", _CELL.format(doctype=doctype, cell=cell))
    return content.getvalue()


def cells(path: Path) -> str:
    """Everything that is read of a workbook; "" when it is refused."""
    try:
        assert is_workbook(path)
        found = [SheetRows(path / name) for name in names(path)]
        return "".join("".join(row.fields) for rows in found for row in rows if isinstance(row, RawRow))
    except Terminal:
        return ""


@pytest.mark.parametrize("kind", ["ods", "xlsx"])
def test_plain_one_is_read(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"book.{kind}"
    path.write_bytes(workbook(kind, "", "plain"))
    assert cells(path) == "plain"


@pytest.mark.parametrize("kind", ["ods", "xlsx"])
@pytest.mark.parametrize("how", ["SYSTEM", 'PUBLIC "x"'])
def test_file_that_an_entity_names_is_not_read(kind: str, how: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    path = tmp_path / f"book.{kind}"
    doctype = f'<!DOCTYPE x [<!ENTITY file {how} "file://{tmp_path}/secret">]>'
    path.write_bytes(workbook(kind, doctype, "before &file; after"))
    assert SECRET not in cells(path)


@pytest.mark.parametrize("kind", ["ods", "xlsx"])
def test_entities_that_grow_without_end_do_not(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"book.{kind}"
    path.write_bytes(workbook(kind, laughs(), "&l9;"))
    assert len(cells(path)) < 1_000
