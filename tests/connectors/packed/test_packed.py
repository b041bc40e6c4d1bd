"""Archives and workbooks: read as what they hold, each row with its place; bombs, lies and damage refused in words."""

from __future__ import annotations

import gzip
import io
import random
import zipfile
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.reading import packed
from connectors.reading.packed import open_bytes
from connectors.reading.parts import parts
from connectors.reading.rejected_rows import RejectedRows
from connectors.reading.sample import Sample
from connectors.reading.sheet_process import text_of
from connectors.recognise import choose
from pipeline.loading.prepare import LoadOptions, prepare_all
from pipeline.settings import read_settings
from schemas.errors import Terminal
from schemas.records import CallLeg, Rejected
from tests.connectors.conftest import Items, Write, context, read
from tests.connectors.packed.containers import cells, gzipped, opendocument, workbook, zipped
from tests.connectors.rows import many, row
from tests.connectors.test_properties import contents

HEADED = "calldate,src,dst,channel,dstchannel,lastapp,duration,billsec,disposition,uniqueid\n"
LINE = "2026-11-02 09:{n:02d}:00,101,84950000001,SIP/101-1,SIP/provider-1,Dial,70,60,ANSWERED,{epoch}.{n}\n"
REPORT = HEADED + "".join(LINE.format(n=n, epoch=1_793_599_200 + 60 * n) for n in range(1, 10))
BAD = LINE.format(n=10, epoch=1_793_599_800).replace("70,60", "70,x")


def all_of(path: Path, kind: str = "calls") -> Items:
    return [item for part in parts(path) for item in read(part, kind)]


def origins(items: Items) -> list[str]:
    return [item.origin for item in items if isinstance(item, CallLeg | Rejected)]


# --- the same records, wherever they are packed


def test_gz_is_read_as_what_it_unpacks_to(write: Write) -> None:
    plain = read(write("".join(many(20))))
    items = all_of(write(gzipped("".join(many(20)).encode()), "Master.csv.gz"))
    assert contents(items) == contents(plain)
    assert origins(items)[-1] == "Master.csv.gz:20"


def test_files_of_a_zip_are_each_read_and_rows_say_which(write: Write) -> None:
    first, second = "".join(many(20)[:9]).encode(), "".join(many(20)[9:]).encode()
    path = write(zipped({"jan.csv": first, "2026/feb.csv": second, "__MACOSX/._jan.csv": b"\0\0"}), "year.zip")
    items = all_of(path)
    assert contents(items) == contents(read(write("".join(many(20)))))
    assert (origins(items)[0], origins(items)[-1]) == ("year.zip:jan.csv:1", "year.zip:2026/feb.csv:11")


def test_one_file_of_a_zip_is_named_like_a_file_of_a_folder(write: Write) -> None:
    path = write(zipped({"a.csv": "".join(many(3)).encode(), "b.csv": b"no calls"}), "two.zip")
    assert len(all_of(path / "a.csv")) == 3


def test_gz_in_a_zip_and_a_workbook_in_a_zip(write: Write) -> None:
    book = workbook(Calls=cells(REPORT, ","))
    path = write(zipped({"calls.csv.gz": gzipped(REPORT.encode()), "book.xlsx": book}), "mail.zip")
    items = all_of(path)
    assert len(items) == 18
    assert len({item.record_id for item in items if isinstance(item, CallLeg)}) == 9
    assert {origins(items)[0], origins(items)[-1]} == {"mail.zip:calls.csv.gz:2", "mail.zip:book.xlsx:Calls!10"}


def test_sheet_is_read_below_its_titles_and_dates_are_dates(write: Write) -> None:
    rows: list[list[object]] = [["", "Отчёт по звонкам"], [], *cells(REPORT, ",")]  # type: ignore[list-item]
    for line in rows[3:]:
        line[0] = datetime.fromisoformat(str(line[0]))
        line[2], line[6] = float(str(line[2])), int(str(line[6]))
    path = write(workbook(Сводка=[["Всего", 9]], Звонки=rows, Пусто=[]), "report.xlsx")
    tables = prepare_all(path, LoadOptions(tz="Europe/Moscow"), read_settings())
    (table,) = tables.prepared
    assert (len(tables.ignored), tables.failed) == (1, [])
    assert any("2 rows of titles" in why or "1 row of titles" in why for why in table.recognised.reasons)
    items = list(table.source.read(table.path, table.recognised, context()))
    assert contents(items) == contents(read(write(REPORT, "report.csv")))
    assert origins(items)[0] == "report.xlsx:Звонки!4"


def test_xls_of_excel_97(write: Write) -> None:
    """Written by xlwt: a merged title, telephone numbers as numbers, dates as dates."""
    (sheet,) = parts(Path(__file__).parent / "files" / "megafon.xls")
    items = read(sheet)
    starts = [(leg.started_at.isoformat(), leg.contact) for leg in items if isinstance(leg, CallLeg)]
    assert starts == [("2026-11-02T06:00:00+00:00", "+74950000001"), ("2026-11-02T06:05:00+00:00", "+74950000002")]
    assert [item.reason for item in items if isinstance(item, Rejected)] == ["bad_phone"]
    assert origins(items) == [f"megafon.xls:Звонки!{row}" for row in (4, 5, 6)]


def test_ods(write: Write) -> None:
    path = write(opendocument(cells(REPORT, ",")), "report.ods")
    assert contents(all_of(path)) == contents(read(write(REPORT, "report.csv")))


def test_ods_that_says_a_row_stands_there_two_billion_times_has_a_sheet_of_rows(write: Write) -> None:
    """As LibreOffice says of blank rows; a sheet has a million at most, and they come one by one."""
    (sheet,) = parts(write(opendocument(cells(REPORT, ","), repeated=2_000_000_000), "bomb.ods"))
    source, seen = choose(Sample(sheet), "calls", "auto", "RU")
    items = list(islice(iter(source.read(sheet, seen, context())), 20))
    assert len({item.record_id for item in items if isinstance(item, CallLeg)}) == 9


def test_rejected_row_of_a_sheet_is_kept_as_csv_that_loads_again(write: Write, tmp_path: Path) -> None:
    path = write(workbook(Calls=[["Report"], *cells(REPORT + BAD, ",")]), "calls.xlsx")
    (table,) = prepare_all(path, LoadOptions(tz="Europe/Moscow"), read_settings()).prepared
    items = list(table.source.read(table.path, table.recognised, context()))
    (rejected,) = [item for item in items if isinstance(item, Rejected)]
    with RejectedRows(tmp_path / "rejects", table.path, table.recognised, "i") as kept:
        kept.add(rejected)
    assert kept.path.name == "calls.xlsx.Calls.i.csv"
    kept.path.write_text(kept.path.read_text().replace(",x,", ",60,"))
    (mended,) = read(kept.path)
    assert isinstance(mended, CallLeg)


@pytest.mark.parametrize(
    ("name", "kept"),
    [("a.csv.gz", "a.i.csv"), ("a.zip/x/b.csv", "a.zip.x.b.i.csv"), ("a.zip/b.csv.gz", "a.zip.b.i.csv")],
)
def test_rejects_of_what_was_packed_have_the_name_of_a_text(name: str, kept: str, write: Write, tmp_path: Path) -> None:
    content = zipped({"x/b.csv": REPORT.encode(), "b.csv.gz": gzipped(REPORT.encode())})
    write(content if name.startswith("a.zip") else gzipped(REPORT.encode()), name.split("/")[0])
    (table,) = prepare_all(tmp_path / name, LoadOptions(tz="auto"), read_settings()).prepared
    assert RejectedRows(tmp_path / "rejects", table.path, table.recognised, "i").path.name == kept


def test_zone_is_proved_in_the_middle_of_a_packed_file_too(write: Write) -> None:
    """Clocks change far behind the first rows: a file in a .gz is looked into as a plain one is."""
    rows = "".join(many(40_000, every_s=600)).encode()
    plain, same = write(rows), write(gzipped(rows), "Master.csv.gz")
    for path in (plain, same):
        (table,) = prepare_all(path, LoadOptions(tz="auto"), read_settings()).prepared
        assert "UTC+03:00" in str(table.context.zone) or "3:00" in table.zone_why
    assert packed.size(same) == packed.size(plain) == len(rows)


# --- cells


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (79161234567.0, "79161234567"),
        (0.5, "0.5"),
        (1e-7, "0.0000001"),
        (0.1 + 0.2, "0.3"),
        (True, "true"),
        (datetime(2026, 11, 2, 8, 59, 59, 999_000), "2026-11-02 09:00:00"),
        (date(2026, 11, 2), "2026-11-02"),
        (time(0, 1, 24, 999_900), "00:01:25"),
        (timedelta(hours=36), "36:00:00"),
        ("7,9E+10", "7,9E+10"),
        (7.916123456789012e21, "7.91612345678901E+21"),
    ],
)
def test_cell_is_what_a_person_would_have_typed(cell: float | str, text: str) -> None:
    assert text_of(cell) == text


@given(st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.datetimes(), st.timedeltas(), st.times()))
def test_any_cell_is_a_text(cell: float) -> None:
    assert text_of(cell)


# --- bombs, lies, damage


def test_zip_bomb_is_refused_before_it_is_unpacked(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "RATIO_FROM", 1 << 20)
    zeros = b"0" * (40 << 20)
    for path in (write(zipped({"a.csv": zeros}), "a.zip") / "a.csv", write(gzipped(zeros), "a.csv.gz")):
        with open_bytes(path).stream as stream:
            pieces = iter(lambda: stream.read(1 << 16), b"")
            with pytest.raises(Terminal, match="more than 250 times"):
                list(pieces)
            assert stream.tell() < 20 << 20


def test_sheet_that_asks_for_all_memory_ends_in_words(write: Write) -> None:
    """One cell in each corner: 5 KB that calamine would hold in 512 GB."""
    rows: list[list[object]] = [["x"]]
    book = io.BytesIO(workbook(Calls=rows))
    out = io.BytesIO()
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("sheet1.xml"):
                far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
                content = content.replace(b"</sheetData>", far)
            new.writestr(name, content)
    with pytest.raises(Terminal, match="too large"):
        parts(write(out.getvalue(), "bomb.xlsx"))


@pytest.mark.parametrize(
    ("method", "damaged_at", "byte"),
    [
        (zipfile.ZIP_STORED, b"PK\x01\x02", 0xFF),  # a version of zip that is not there yet
        (zipfile.ZIP_STORED, "щ".encode(), 0xFF),  # a name that is no UTF-8 although it is said to be
        (zipfile.ZIP_LZMA, b"\x5d\0\0\x80", 0xFF),  # LZMA of unheard-of settings
    ],
)
def test_byte_that_zipfile_has_other_words_for_is_refused_in_ours(
    write: Write, method: int, damaged_at: bytes, byte: int
) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("щ.csv", REPORT)
    content = bytearray(out.getvalue())
    content[content.rindex(damaged_at) + (6 if damaged_at.startswith(b"PK") else 0)] = byte
    path = write(bytes(content), "a.zip")
    with pytest.raises(Terminal, match=r"the archive (cannot be read|is broken)"):
        all_of(path)


@pytest.mark.parametrize("name", ["/etc/passwd", "../up.csv", "a/../../b.csv"])
def test_name_that_leads_out_of_the_archive_is_refused(name: str, write: Write) -> None:
    with pytest.raises(Terminal, match="leads out of the archive"):
        parts(write(zipped({name: b"x"}), "evil.zip"))


def test_archive_in_an_archive_is_refused(write: Write) -> None:
    with pytest.raises(Terminal, match="an archive in an archive"):
        parts(write(zipped({"a.zip": zipped({"b.csv": b"x"})}), "two.zip"))


def test_file_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    failed = prepare_all(tmp_path / "no.csv", LoadOptions(tz="UTC"), read_settings()).failed
    assert failed == [f"{tmp_path / 'no.csv'}: No such file or directory"]


_CONTAINERS = {
    "calls.csv.gz": gzipped("".join([*many(20), row(30, talk_s=-9)]).encode()),
    "calls.zip": zipped({"a.csv": "".join(many(9)).encode(), "b.csv": REPORT.encode()}),
    "calls.xlsx": workbook(Calls=cells(REPORT, ","), More=cells(REPORT, ",")),
}


@pytest.mark.parametrize("name", _CONTAINERS)
def test_damaged_container_is_items_or_words(name: str, tmp_path: Path) -> None:
    """Cut short, bytes changed, bytes put in: no traceback, and each row read is one item."""
    dice = random.Random(name)
    for _ in range(12 if name.endswith("xlsx") else 60):
        content = bytearray(_CONTAINERS[name])
        for _ in range(dice.randrange(1, 4)):
            at = dice.randrange(len(content))
            content[at : at + dice.choice((0, 1, 30))] = dice.randbytes(dice.choice((0, 1, 9)))
        path = tmp_path / name
        path.write_bytes(content[: dice.choice((len(content), dice.randrange(len(content))))])
        tables = prepare_all(path, LoadOptions(tz="Europe/Moscow"), read_settings())
        assert tables.prepared or all(str(path) in messages for messages in tables.failed)
        for table in tables.prepared:
            reading = table.source.read(table.path, table.recognised, context())
            items: Items = []
            try:
                items.extend(iter(reading))
            except Terminal as trouble:
                assert str(path) in str(trouble)  # noqa: PT017  # both are right
            else:
                assert len(items) == reading.rows


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_parts_or_words(content: bytes) -> None:
    for begin in (b"", b"\x1f\x8b", b"PK\x03\x04"):
        with TemporaryDirectory() as folder:
            path = Path(folder) / "any"
            path.write_bytes(begin + content)
            try:
                assert parts(path) == [path]
            except Terminal as trouble:
                assert str(path) in str(trouble)  # noqa: PT017  # both are right


def test_progress_counts_bytes_of_the_disk(write: Write) -> None:
    content = gzip.compress("".join(many(5_000)).encode(), mtime=0)
    (table,) = prepare_all(write(content, "a.csv.gz"), LoadOptions(tz="Europe/Moscow"), read_settings()).prepared
    reading = table.source.read(table.path, table.recognised, context())
    list(reading)
    assert reading.bytes_read == reading.bytes_total == len(content)
