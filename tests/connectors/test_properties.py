"""What holds for any number, any text, any bytes, any order of rows, any zone."""

from __future__ import annotations

import random
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumber, PhoneNumberFormat

from connectors.reading.file_format import FileFormat
from connectors.reading.packed import open_bytes
from connectors.reading.phones import e164, split_outside
from connectors.reading.rejects import Misread
from connectors.reading.sample import Sample
from connectors.reading.text import RawRow, Rows, TooLong
from connectors.reading.times import EARLIEST, LATEST, Times
from connectors.reading.zone_proof import epoch_of
from connectors.recognise import choose
from connectors.registry import KINDS
from schemas.codec import encode
from schemas.errors import Terminal
from schemas.records import CallLeg, Rejected
from tests.connectors.conftest import Items, context, read
from tests.connectors.golden import golden
from tests.connectors.rows import many, row

REGIONS = ["RU", "US", "DE", "GB", "KZ", "BY", "UA", "IT", "BR", "IN", "CN", "AE"]


# --- phones


@st.composite
def valid_numbers(draw: st.DrawFn) -> PhoneNumber:
    """A number that phonenumbers holds for valid: an example of a region and kind with its last digits changed."""
    region = draw(st.sampled_from(REGIONS))
    kind = draw(st.sampled_from([phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE]))
    number = phonenumbers.example_number_for_type(region, kind)
    assert number is not None
    changed = PhoneNumber(
        country_code=number.country_code,
        national_number=(number.national_number or 0) // 10_000 * 10_000 + draw(st.integers(0, 9_999)),
        italian_leading_zero=number.italian_leading_zero,
    )
    return changed if phonenumbers.is_valid_number(changed) else number


@given(valid_numbers(), st.sampled_from(REGIONS), st.data())
def test_phones_are_what_phonenumbers_says(number: PhoneNumber, here: str, data: st.DataObject) -> None:
    """However a number is written, when phonenumbers reads it as valid, that is the answer."""
    written = data.draw(
        st.sampled_from(
            [
                phonenumbers.format_number(number, PhoneNumberFormat.E164),
                phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL),
                phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL),
                str(phonenumbers.format_out_of_country_calling_number(number, here)),
            ]
        )
    )
    read_by_them = phonenumbers.parse(written, here)
    if phonenumbers.is_valid_number(read_by_them):
        assert e164(written, here) == phonenumbers.format_number(read_by_them, PhoneNumberFormat.E164)


@given(st.integers(3_010_000_000, 9_999_999_999).filter(lambda n: str(n)[0] in "3489"))
def test_russian_number_is_the_same_in_each_of_its_spellings(national: int) -> None:
    """The short cut for the Russian plan, held against phonenumbers for every number that they hold for possible."""
    n = str(national)
    spellings = [f"8{n}", f"7{n}", f"+7{n}", n, f"8 ({n[:3]}) {n[3:6]}-{n[6:8]}-{n[8:]}", f"+7\u00a0{n[:3]} {n[3:]}"]
    if phonenumbers.is_valid_number(phonenumbers.parse(f"+7{n}")):
        assert {e164(written, "RU") for written in spellings} == {f"+7{n}"}


@pytest.mark.parametrize(
    "nobody",
    ["", "<unknown>", "Anonymous", "anonymous", "private", "Restricted", "unavailable", "withheld", "Скрытый номер"],
)
def test_hidden_caller_is_no_number(nobody: str) -> None:
    assert e164(nobody, "RU") == ""


@pytest.mark.parametrize(
    "nobody", ["номер скрыт", "asterisk", "s", "-", "+266696687", "101", "112", "*97", "vmu101", "hangup", "client1"]
)
def test_service_or_extension_is_no_number(nobody: str) -> None:
    assert e164(nobody, "RU") == ""


@given(st.text(max_size=30), st.sampled_from(REGIONS))
def test_any_text_is_a_number_or_none(text: str, region: str) -> None:
    found = e164(text, region)
    assert found == "" or (found[0] == "+" and found[1:].isdecimal() and 7 <= len(found) - 1 <= 17)
    assert e164(found, region) == found


@pytest.mark.parametrize("gap", [" " * 60_000, " доб" + " " * 60_000, " ," * 30_000, "доб. :" * 10_000])
def test_cell_of_60_000_spaces_is_split_at_once(gap: str) -> None:
    began = time.process_time()
    assert split_outside(f"8 495 000-00-01{gap}") != []
    assert time.process_time() - began < 2  # it was 100 s


def test_their_extension_is_no_number() -> None:
    for written in (
        "8 495 000-00-01 доб. 12",
        "8 495 000-00-01, ext: 12",
        "8 495 000-00-01;вн12",
        "8 495 000-00-01  x 12",
    ):
        assert split_outside(written) == ["8 495 000-00-01"]


# --- text

_PIECES = st.sampled_from(['"', '""', ",", ";", "a", "Щ", " ", "\n", "\r", "\r\n", "\t", "101", "\\", "\x0b", "\u2028"])
_TEXTS = st.lists(_PIECES, max_size=80).map("".join)


@given(_TEXTS, st.sampled_from(",;\t"), st.frozensets(st.integers(1, 6), max_size=2))
@example('a,"b\n1,2\n3,"4\n', ",", frozenset({2}))
def test_every_line_that_is_not_blank_is_in_exactly_one_row(text: str, delimiter: str, width: frozenset[int]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "any.csv"
        path.write_bytes(text.encode())
        rows = list(Rows(open_bytes(path), FileFormat("utf-8", delimiter, "LF"), width))
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    covered: Counter[int] = Counter()
    for found in rows:
        covered.update(range(int(found.line), int(found.line) + len(found.text.removesuffix("\n").split("\n"))))
    assert all(times == 1 for times in covered.values())
    assert {n for n, line in enumerate(lines, 1) if line.strip()} <= set(covered)
    for found in rows:
        row_lines = found.text.removesuffix("\n").split("\n")
        assert row_lines == lines[int(found.line) - 1 :][: len(row_lines)]


@given(st.lists(st.sampled_from([*many(3), "\0\n", '"\n', '","\n', "Итого;;\n", row(9)[:60]]), max_size=30), st.data())
@settings(deadline=None)
def test_every_row_of_calls_gives_exactly_one_item(pieces: list[str], data: st.DataObject) -> None:
    text = "".join([*many(16), *pieces])
    ends = data.draw(st.sampled_from(["\n", "\r\n", "\r"]))
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "Master.csv"
        path.write_bytes(text.replace("\n", ends).encode(encoding))
        source, recognised = choose(Sample(path), "calls", "auto", "RU")
        reading = source.read(path, recognised, context())
        items = list(reading)
        widths = frozenset({len(recognised.columns)})
        form = recognised.form
        rows = [found for found in Rows(open_bytes(path), form, widths) if isinstance(found, RawRow | TooLong)]
    assert len(items) == len(rows) == reading.rows
    assert [getattr(item, "origin") for item in items] == [f"Master.csv:{found.line}" for found in rows]  # noqa: B009
    assert sum(isinstance(item, CallLeg) for item in items) >= 16


# --- bytes


_BYTES = st.one_of(
    st.binary(max_size=400),
    # Broken exports are likelier to be believed than noise: real rows, cut and mixed with anything.
    st.lists(
        st.one_of(
            st.sampled_from([line.encode() for line in many(4)]),
            st.sampled_from([line.encode("utf-16-le") for line in many(2)]),
            st.sampled_from([b"calldate,src,dst,duration,billsec,disposition\n", b"id,name,team,extensions\n"]),
            st.sampled_from(
                [b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\xff\xfe\x00\x00", b'"', b"\r", b"\n", b",;"]
            ),
            st.binary(max_size=20),
        ),
        max_size=12,
    ).map(b"".join),
)


@given(_BYTES, st.sampled_from(KINDS), st.sampled_from(["Europe/Moscow", "auto", "America/New_York"]))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_items_or_one_clear_refusal(content: bytes, kind: str, tz: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "any.csv"
        path.write_bytes(content)
        try:
            items = read(path, kind, tz)
        except Terminal as refused:
            items, refusal = [], str(refused)
        else:
            refusal = ""
    assert items or str(path) in refusal
    for item in items:
        encode(item)


# --- order


def contents(items: Items) -> set[tuple[str, bytes]]:
    """What a load would store: each record under its id, without the place it was read from."""
    return {
        (item.record_id, without_origin(item))
        if isinstance(item, CallLeg)
        else (item.rejected_id, item.payload.encode())
        for item in items
        if isinstance(item, CallLeg | Rejected)
    }


def without_origin(leg: CallLeg) -> bytes:
    line = encode(leg)
    assert leg.origin.encode() in line
    return line.replace(leg.origin.encode(), b"")


# A few lines may be bad ones only, which are no export.
@given(st.integers(0, 2**32), st.one_of(st.just(0), st.integers(20, 60)))
@settings(deadline=None, max_examples=30)
def test_shuffled_and_split_files_hold_the_same_records(seed: int, cut: int) -> None:
    """Legs of queues, pairs and transfers, rows that equal another, rejects: no row depends on its neighbours."""
    lines = [
        line
        for n, name in enumerate(
            ("queue_ring_all", "click_to_dial", "queue_local_members", "forward_to_mobile", "bad_rows")
        )
        for line in (GOLDEN / f"{name}.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    ] + many(40)
    shuffled = random.Random(seed).sample(lines, len(lines))
    with TemporaryDirectory() as folder:
        parts = []
        for name, part in (("whole", lines), ("shuffled", shuffled), ("a", shuffled[:cut]), ("b", shuffled[cut:])):
            path = Path(folder) / name
            path.write_text("".join(part), encoding="utf-8")
            parts.append(contents(read(path)) if part else set())
    whole, mixed, first, second = parts
    assert whole == mixed == first | second


GOLDEN = golden("asterisk-csv")


# --- time


@given(
    st.sampled_from(["Europe/Moscow", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Chatham", "UTC"]),
    st.integers(int(datetime(1995, 1, 1, tzinfo=UTC).timestamp()), int(datetime(2035, 1, 1, tzinfo=UTC).timestamp())),
    st.lists(st.integers(-7200, 7200), max_size=4),
)
def test_wall_time_is_what_zoneinfo_says(name: str, epoch: int, near: list[int]) -> None:
    """From a moment to the wall and back with its uniqueid, through a clock that remembers the minutes around it."""
    zone = ZoneInfo(name)
    clock = Times(zone, "ymd", epoch_of)
    for at in [epoch, *(epoch + seconds for seconds in near)]:
        local = datetime.fromtimestamp(at, zone)
        written = f"{local:%Y-%m-%d %H:%M:%S}"
        assert clock.utc(written, "", f"{at}.7") == datetime.fromtimestamp(at, UTC)
        by_itself = clock.utc(written, "")
        assert by_itself == local.replace(fold=0).astimezone(UTC)


@given(st.datetimes(datetime(1995, 1, 1), datetime(2035, 1, 1)), st.sampled_from(["dmy", "mdy"]), st.booleans())
def test_day_first_and_month_first_are_the_same_moment_as_iso(at: datetime, order: str, short: bool) -> None:
    at = at.replace(microsecond=0)
    zone = ZoneInfo("Europe/Moscow")
    day, month = (at.day, at.month) if order == "dmy" else (at.month, at.day)
    if short and at.year < 2000:
        at = at.replace(year=at.year + 10)
    year = f"{at.year % 100:02d}" if short else f"{at.year}"
    written = f"{day}/{month}/{year} {at:%H:%M:%S}"
    try:
        expected = at.replace(tzinfo=zone).astimezone(UTC)
    except OverflowError:  # pragma: no cover
        return
    assert Times(zone, order).utc(written, "") == expected
    assert Times(zone, order).utc(f"{at:%Y-%m-%d %H:%M:%S}", "") == expected
    assert expected - timedelta(hours=5) < at.replace(tzinfo=UTC) < expected + timedelta(hours=5)


_TIME_TEXTS = st.one_of(
    st.text(alphabet="0123456789-/.: TZ+APMapmJun,", max_size=40),
    st.builds(
        "{}{}{:02d}:{:02d}:{}{}".format,
        st.sampled_from(["2026-06-01", "2026-10-25", "01.06.2026", "6/1/26", "Mon, 01 Jun 2026", "Пн 01.06.2026"]),
        st.sampled_from(" T"),
        st.integers(0, 25),
        st.integers(0, 61),
        st.sampled_from(["00", "07", "59", "60", "7", "07.250"]),
        st.sampled_from(["", "Z", " AM", " pm", "+03:00", "+03:00:07", "-0330", " +0000", " UTC", " ", ":", "x"]),
    ),
)


@given(st.lists(_TIME_TEXTS, max_size=20), st.sampled_from(["ymd", "dmy", "mdy"]))
@example([f"2026-06-{'9' * 30} 09:00:00"], "ymd")
@example(["20260601T060007-03:00:30", "20260601T060007-03:00:31"], "ymd")
def test_any_text_is_a_moment_or_misread_and_what_was_read_before_says_nothing(texts: list[str], order: str) -> None:
    """Clocks remember minutes: one that has read others says of each text what a new one says."""
    zone = ZoneInfo("Europe/Berlin")
    times = Times(zone, order)

    def read_time(clock: Times, text: str) -> datetime | None:
        try:
            moment = clock.utc(text, "")
        except Misread:
            return None
        assert EARLIEST - 1 <= moment.year <= LATEST + 1
        assert moment.tzinfo is UTC
        return moment

    for text in texts:
        assert read_time(times, text) == read_time(Times(zone, order), text)
