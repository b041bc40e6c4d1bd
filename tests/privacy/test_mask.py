"""`mask` never shows more than country, area code and the last two digits; Python and SQL say the same."""

from __future__ import annotations

import re

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.store import connect, literal
from schemas import metrics
from schemas.mask import NUMBERS, TEXTS, mask, mask_row, mask_sql, mask_text

ABROAD = [
    "+4930123456",
    "+493012345678",
    "+12125550101",
    "+375291234567",
    "+35312345678",
    "+6561234567",
    "+88812345678901",
]

e164 = st.from_regex(r"\+[1-9][0-9]{4,14}", fullmatch=True)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+79161234501", "+7 916 ***-**-01"),
        ("+12125550199", "+1 212 ***-**-99"),
        ("+4930123456", "+49 ***-**-56"),
        ("+375291234567", "+375 ***-**-67"),
        ("+88812345678901", "+888 ***-**-01"),
        ("", ""),
        ("101", "***"),
        ("+7916", "***"),
        ("89161234501", "***"),
    ],
)
def test_mask_of_numbers(number: str, shown: str) -> None:
    assert mask(number) == shown


@given(e164 | st.sampled_from(ABROAD))
def test_no_more_than_country_area_and_two_digits_are_shown(number: str) -> None:
    shown = mask(number)
    head, _, tail = shown.partition("***")
    digits = re.sub(r"\D", "", head)
    assert len(re.sub(r"\D", "", tail)) <= 2
    if not digits:
        return
    parsed = phonenumbers.parse(number, None) if _is_known(number) else None
    area = 3 if number[1] in "17" else 0
    country = len(str(parsed.country_code)) if parsed else 3
    assert number[1:].startswith(digits)
    assert len(digits) <= country + area
    assert len(number) - 1 - len(digits) - 2 >= 3, "at least three digits are hidden"


def _is_known(number: str) -> bool:
    try:
        phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return False
    return True


@given(st.text(alphabet="+0123456789 ()-.,;\u00a0a\n", max_size=60))
def test_a_masked_text_shows_no_run_of_seven_digits(text: str) -> None:
    assert re.search(r"\d{7}", mask_text(text)) is None


def test_texts_keep_times_and_lose_numbers() -> None:
    line = '"","102","89161234567","2026-10-02 11:00:05",120,"8 (916) 123-45-67","+7 916 123 45 67"'
    assert mask_text(line) == '"","102","***67","2026-10-02 11:00:05",120,"***67","***67"'


def test_a_row_is_masked_by_its_columns() -> None:
    row = {"contact": "+79161234501", "recording": "out-89161234501.wav", "talk_s": 79161234501, "call_id": "1.2"}
    assert mask_row(row) == {**row, "contact": "+7 916 ***-**-01", "recording": "out-***01.wav"}


def test_sql_says_the_same_as_python(store_dsn: str) -> None:
    numbers = [*ABROAD, "", "101", "+7916", "89161234501", "+79161234501", "+7916123450", "+999123", "+2712345", "x'"]
    sql = f"SELECT {mask_sql('n')} FROM (SELECT arrayJoin(JSONExtract({literal(numbers)}, 'Array(String)')) AS n)"
    shown = [row[0] for row in connect(store_dsn).query(sql).result_rows]
    assert shown == [mask(number) for number in numbers]


_SPEAKS_OF_NUMBERS = {
    # Metrics whose text names such a column, and whose answers hold none of them.
    *("activity", "alert_pace", "alert_rejects", "alert_stale", "drift", "freshness", "missed_days"),
    *(
        "alert_dialling",
        "alert_missed",
        "hours",
        "indicators_compared",
        "missing_calls",
        "own_baseline",
        "people_compared",
    ),
    *("noted_calls", "period_over_period", "silent", "call_rates", "trend", "unassigned"),
    # Asked by `callfunnel verify` alone, which hides them after it has compared them.
    *("verify", "verify_placements"),
    # Asked by `callfunnel explain` and `load`, which hide them after they have judged them.
    *("explain_calls", "explain_parties", "explain_peers"),
}


def test_grafana_hides_numbers_of_every_metric_that_shows_them() -> None:
    from grafana.query import SHOWS_NUMBERS

    words = re.compile(rf"\b({'|'.join(sorted(NUMBERS | TEXTS))})\b")
    found = {name for name in metrics.names() if words.search(metrics.text(name))}
    assert found - set(SHOWS_NUMBERS) <= _SPEAKS_OF_NUMBERS
    assert all(set(columns) <= NUMBERS | TEXTS for columns in SHOWS_NUMBERS.values())
