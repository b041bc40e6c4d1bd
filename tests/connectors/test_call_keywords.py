"""Words, lengths and times of calls, as people's tables write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.reading.call_keywords import direction, disposition
from connectors.reading.lengths import seconds
from connectors.reading.rejects import Misread
from connectors.reading.times import Times
from schemas.records import Direction, Disposition, Reason

BERLIN = ZoneInfo("Europe/Berlin")
NINE = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("85", 85),
        ("1:25", 85),
        ("00:01:25", 85),
        ("0:01:25.4", 85),
        ("36:00:00", 129_600),
        ("1 мин 25 сек", 85),
        ("1 мин. 25 с.", 85),
        ("1h 2m 3s", 3_723),
        ("2 ч 5 мин", 7_500),
        ("85 сек", 85),
        ("85,0", 85),
        ("0.000983796296296296", 85),
        ("", 0),
        ("-", 0),
    ],
)
def test_length(text: str, length: int) -> None:
    assert seconds(text, "duration") == length


@pytest.mark.parametrize(
    "text", ["long", "-4", "1:2:3:4", "700000", "9" * 5000, f"{'9' * 5000} мин", "1e9", "nan", "inf", "Infinity"]
)
def test_what_is_no_length_is_a_reject(text: str) -> None:
    with pytest.raises(Misread) as misread:
        seconds(text, "duration")
    assert misread.value.bad[:2] == (Reason.BAD_DURATION, "duration")


@pytest.mark.parametrize(
    ("text", "zone", "order"),
    [
        ("2026-11-02 09:00:00", BERLIN, "ymd"),
        ("2026-11-02T09:00:00", BERLIN, "ymd"),
        ("2026-11-02T09:00", BERLIN, "ymd"),
        ("02.11.2026 09:00", BERLIN, "dmy"),
        ("2.11.26 9:00:00", BERLIN, "dmy"),
        ("11/02/2026 9:00 AM", BERLIN, "mdy"),
        ("Mon 11/02/2026 09:00:00 AM", BERLIN, "mdy"),
        ("Пн, 02.11.2026 09:00", BERLIN, "dmy"),
        ("2026-11-02T08:00:00Z", BERLIN, "ymd"),
        ("2026-11-02T11:00:00+03:00", UTC, "ymd"),
        ("2026-11-02 11:00:00 +0300", UTC, "ymd"),
        ("2026-11-02 08:00:00 UTC", UTC, "ymd"),
        ("20261102T080000Z", UTC, "ymd"),
        ("Mon, 02 Nov 2026 08:00:00 +0000", UTC, "ymd"),
        ("1793606400", UTC, "ymd"),
        ("1793606400000", UTC, "ymd"),
    ],
)
def test_time(text: str, zone: ZoneInfo, order: str) -> None:
    assert Times(zone, order).utc(text, "start") == NINE


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01 00:00:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59Z"])
def test_what_is_no_time_is_a_reject(text: str) -> None:
    with pytest.raises(Misread) as misread:
        Times(BERLIN, "ymd").utc(text, "start")
    assert misread.value.bad[:2] == (Reason.BAD_TIME, "start")


def test_time_without_an_offset_among_others_that_have_one_is_a_reject() -> None:
    with pytest.raises(Misread, match="says no offset"):
        Times(None, "ymd").utc("2026-11-02 09:00:00", "start")


@given(st.datetimes(datetime(1990, 1, 2), datetime(2104, 12, 30)), st.integers(-14 * 60, 14 * 60))
def test_time_that_says_its_offset_is_that_moment(local: datetime, minutes: int) -> None:
    at = local.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    for text in (at.isoformat(), at.isoformat(" "), format_datetime(at), f"{at:%Y%m%dT%H%M%S%z}"):
        assert Times(BERLIN, "ymd").utc(text, "start") == at.astimezone(UTC)


@given(st.text(max_size=40) | st.from_regex(r"[\d:T .+-]{1,30}", fullmatch=True), st.sampled_from([UTC, BERLIN]))
@example("0001-01-01T00:00:00+14:00", UTC)
@example("12:60:00 AM", UTC)
@example("2026-11-02 25:00 PM", BERLIN)
def test_any_text_is_a_value_or_a_misread(text: str, zone: ZoneInfo) -> None:
    for read in (Times(zone, "dmy").utc, seconds, direction, disposition):
        try:
            read(text, "field")
        except Misread as misread:
            assert misread.bad.field == "field"  # noqa: PT017  # both are right


@pytest.mark.parametrize("word", ["Входящий", "incoming", "IN", "вх.", "In-Bound"])
def test_word_of_a_direction(word: str) -> None:
    assert direction(word, "direction") == (Direction.INBOUND, False)


def test_missed_is_a_direction_too() -> None:
    assert direction("Пропущенный", "direction") == (Direction.INBOUND, True)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Отвечен", Disposition.ANSWERED),
        ("Нет ответа", Disposition.NO_ANSWER),
        ("Не отвечен", Disposition.NO_ANSWER),
        ("no-answer", Disposition.NO_ANSWER),
        ("ЗАНЯТО", Disposition.BUSY),
    ],
)
def test_word_of_an_end(word: str, expected: Disposition) -> None:
    assert disposition(word, "status") == expected
