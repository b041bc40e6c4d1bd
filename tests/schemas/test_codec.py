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
