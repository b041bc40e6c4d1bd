"""No cell of our files of rejected rows runs in a spreadsheet, and loading such a file gives the rows as they came."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
import xlsxwriter  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from connectors.reading.defused import defused, restored, restored_bytes
from tests.connectors.conftest import Write
from tests.connectors.test_rejected_rows import FIRST, FREEPBX, SECOND, Sifted, freepbx

TEXTS = st.text(alphabet=",;\t|\"'=+-@\n\r a1я", max_size=40)
RUNS = ("=", "+", "-", "@")


@given(TEXTS)
def test_what_is_put_in_is_taken_out_and_nothing_else(text: str) -> None:
    assert restored(defused(text)) == text


@given(TEXTS, st.sampled_from(",;\t|"))
def test_no_cell_runs_whatever_delimiter_a_spreadsheet_takes(text: str, delimiter: str) -> None:
    for line in defused(text.replace("\r", "")).split("\n"):
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            for cells in csv.reader([line], delimiter=delimiter, quoting=quoting):
                assert not any(cell.lstrip("\t\r").startswith(RUNS) for cell in cells), (line, cells)


@pytest.mark.parametrize(
    ("came", "kept"),
    [
        ("=cmd|' /C calc'!A0,1", "'=cmd|' /C calc'!A0,1"),
        ('"=1+1","+7495"', '"\'=1+1","\'+7495"'),
        ("a;-70;@SUM(A1)", "a;'-70;'@SUM(A1)"),
        ("a,\t=1", "a,'\t'=1"),
        ("a,'=1", "a,''=1"),
        ("2026-11-02,a-b,a=b", "2026-11-02,a-b,a=b"),
    ],
)
def test_cells_that_run_get_an_apostrophe_and_others_stay(came: str, kept: str) -> None:
    assert defused(came) == kept


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "koi8_r"])
def test_bytes_are_read_back_in_every_encoding_of_exports(encoding: str) -> None:
    text = 'Имя;=1;"+7495"\n-70;я'
    assert restored_bytes(defused(text).encode(encoding)) == text.encode(encoding)


def broken() -> str:
    """Rows that are rejected and would run: a caller's name that is a formula, and a length below zero."""
    rows = [freepbx(n) for n in range(1, 40)]
    rows[4] = freepbx(5, duration="-70").replace(",101,", ",=1+1,")
    rows[9] = freepbx(10, duration="@x").replace("84950000001", "+74950000001")
    return FREEPBX + "".join(rows)


def payloads(sifted: Sifted) -> list[str]:
    """What the wire was told of rejected rows."""
    sifted.run()
    return sorted(record.payload for _, record in sifted.wire.sent if hasattr(record, "payload"))


def test_rejected_rows_come_back_as_they_were_and_have_the_same_identity(write: Write, tmp_path: Path) -> None:
    first = Sifted(write(broken(), "cdr.csv"), tmp_path / "rejects")
    came = payloads(first)
    assert len(came) == 2
    kept = first.rejects.path.read_text()
    assert ",'=1+1,+" not in kept
    assert ",'=1+1," in kept
    assert ",'-70," in kept
    assert ",'+74950000001," in kept
    again = Sifted(first.rejects.path, tmp_path / "again", import_id=SECOND)
    assert payloads(again) == came
    assert again.rejects.path.read_text() == kept, "what is rejected again is written the same way"


def test_rejected_rows_that_were_saved_as_a_workbook_come_back_as_they_were(write: Write, tmp_path: Path) -> None:
    first = Sifted(write(broken(), "cdr.csv"), tmp_path / "rejects")
    first.run()
    book = tmp_path / f"cdr.{FIRST}.xlsx"
    with xlsxwriter.Workbook(book, {"strings_to_formulas": False}) as workbook:
        sheet = workbook.add_worksheet("Sheet1")
        for number, cells in enumerate(csv.reader(io.StringIO(first.rejects.path.read_text()))):
            for place, cell in enumerate(cells):
                sheet.write_string(number, place, cell)
    again = Sifted(book / "Sheet1", tmp_path / "again", import_id=SECOND)
    told = payloads(again)
    assert len(told) == 2
    assert any(",=1+1," in row and ",-70," in row for row in told)
    assert any(",+74950000001," in row for row in told)
