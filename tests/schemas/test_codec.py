"""The wire: frames of lines, one bad line among good ones, versions."""

from __future__ import annotations

from datetime import UTC, datetime

from schemas.codec import Codec, encode
from schemas.records import StageChange

AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
GOOD = StageChange(organisation_id="o-1", stage="new", changed_at=AT, version=1)


def test_frame_gives_records_and_their_bytes_in_order() -> None:
    lines = [encode(GOOD), encode(StageChange(organisation_id="o-2", stage="active", changed_at=AT, version=2))]
    records, raw, bad = Codec(StageChange).read(b"\n".join(lines))
    assert [record.organisation_id for record in records] == ["o-1", "o-2"]
    assert raw == lines
    assert bad == []


def test_bad_line_is_a_value_and_the_rest_goes_on() -> None:
    records, raw, bad = Codec(StageChange).read(encode(GOOD) + b"\n{broken\n" + encode(GOOD))
    assert records == [GOOD, GOOD]
    assert raw == [encode(GOOD)] * 2
    assert [one.line for one in bad] == [b"{broken"]
    assert not bad[0].unknown_version


def test_unknown_wire_version_is_told_from_rubbish() -> None:
    _, _, bad = Codec(StageChange).read(encode(GOOD).replace(b'"v":1', b'"v":2'))
    assert bad[0].unknown_version


def test_time_without_zone_is_refused() -> None:
    _, _, bad = Codec(StageChange).read(encode(GOOD).replace(b"09:00:00Z", b"09:00:00"))
    assert len(bad) == 1


def test_number_that_no_column_holds_is_refused() -> None:
    _, _, bad = Codec(StageChange).read(encode(GOOD).replace(b'"version":1', b'"version":-1'))
    assert len(bad) == 1


def test_blank_lines_do_not_shift_the_bytes_of_records() -> None:
    other = encode(StageChange(organisation_id="o-2", stage="active", changed_at=AT, version=2))
    for between in (b"\r\n\r\n", b"\n  \n", b"\n\t\n\n", b"\n\n"):
        records, raw, bad = Codec(StageChange).read(encode(GOOD) + between + other + b"\r\n")
        assert [record.organisation_id for record in records] == ["o-1", "o-2"]
        assert [line.strip() for line in raw] == [encode(GOOD), other]
        assert bad == []


def test_two_records_on_one_line_are_one_bad_line() -> None:
    records, raw, bad = Codec(StageChange).read(encode(GOOD) + b" " + encode(GOOD) + b"\n" + encode(GOOD))
    assert (records, raw, len(bad)) == ([GOOD], [encode(GOOD)], 1)


def test_text_that_is_no_utf8_is_a_bad_line() -> None:
    records, _, bad = Codec(StageChange).read(encode(GOOD).replace(b"o-1", "Ромашка".encode("cp1251")))
    assert (records, len(bad)) == ([], 1)
    assert "utf-8" in bad[0].why


def test_half_of_a_surrogate_pair_is_a_bad_line() -> None:
    records, _, bad = Codec(StageChange).read(encode(GOOD).replace(b"o-1", b"\\ud83d"))
    assert (records, len(bad)) == ([], 1)


def test_thousand_brackets_in_a_field_that_nobody_reads_are_a_bad_line() -> None:
    deep = encode(GOOD).replace(b'"v":1', b'"v":1,"x":' + b"[" * 100_000 + b"]" * 100_000)
    records, _, bad = Codec(StageChange).read(deep + b"\n" + encode(GOOD))
    assert (records, len(bad)) == ([GOOD], 1)


def test_tombstone_and_empty_frame_hold_nothing() -> None:
    assert Codec(StageChange).read(None) == ([], [], [])
    assert Codec(StageChange).read(b"") == ([], [], [])


def test_field_of_a_later_writer_is_passed_over() -> None:
    records, raw, bad = Codec(StageChange).read(encode(GOOD).replace(b'"v":1', b'"v":1,"mood":{"is":["good"]}'))
    assert (records, bad) == ([GOOD], [])
    assert b"mood" in raw[0]
