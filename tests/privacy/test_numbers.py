"""Numbers are found however they are written; what stands for them passes every reader and leads back to nobody."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.reading.phones import e164
from pipeline.cli.forget import canonical
from pipeline.privacy.numbers import TOKEN, new_token, pattern, replace, spellings
from schemas.errors import Terminal

NUMBER = "+79161234567"
TOKEN_OF = dict.fromkeys(spellings(NUMBER), "+88800000000001")


@pytest.mark.parametrize(
    "written",
    [
        "+79161234567",
        "89161234567",
        "9161234567",
        "8 (916) 123-45-67",
        "(916) 123-45-67",
        "+7 916 123 45 67",
        "+7\u00a0916\u00a0123\u201145\u201167",
        "7.916.123.45.67",
        "8~916~1234567",
        "0079161234567",
        "81079161234567",
        "%2B79161234567",
        "8%20916%20123-45-67",
    ],
)
def test_every_spelling_of_a_number_is_replaced(written: str) -> None:
    assert replace(f"a {written}, b", TOKEN_OF.get) == ("a +88800000000001, b", 1)


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("out-89161234567-101-20261001.wav", "out-+88800000000001-101-20261001.wav"),
        ("89161234567,89161234567", "+88800000000001,+88800000000001"),
        ('{"from": "+79161234567"}', '{"from": "+88800000000001"}'),
        ("+7 916 123-45-67 доб. 12", "+88800000000001 доб. 12"),
        ("sip:89161234567@host", "sip:+88800000000001@host"),
        ("991612345670", "991612345670"),
        ("1916.1234567", "1916.1234567"),
        ("+79161234568", "+79161234568"),
    ],
)
def test_a_number_ends_where_its_digits_end(text: str, without: str) -> None:
    assert replace(text, TOKEN_OF.get)[0] == without


_WHOLE = ["9161234567", "79161234567", "1234567"]
_PIECES = st.sampled_from(
    [
        "+",
        "(",
        ") ",
        "-",
        " ",
        "\u00a0",
        ".",
        "%20",
        ",",
        ";",
        "x",
        "\n",
        "7",
        "8",
        "00",
        "916",
        "123",
        "45",
        "67",
        "1",
        *_WHOLE,
    ]
)


@given(st.lists(_PIECES, max_size=14).map("".join))
def test_the_pattern_of_the_store_finds_what_python_finds(text: str) -> None:
    found = pattern(NUMBER)
    once = re.sub(found, r"\1+88800000000001\2", text)
    by_pattern = re.sub(found, r"\1+88800000000001\2", once)
    assert (by_pattern != text) == (replace(text, TOKEN_OF.get)[1] > 0)
    assert re.search(found, by_pattern) is None
    assert replace(by_pattern, TOKEN_OF.get)[1] == 0


@pytest.mark.parametrize("region", ["RU", "DE", "US", "GB", "UA", "KZ", "FR"])
def test_a_token_is_a_number_for_every_reader(region: str) -> None:
    for _ in range(50):
        token = new_token()
        assert TOKEN.fullmatch(token)
        assert e164(token, region) == token
        assert spellings(token)[0].endswith(token[4:])


def test_tokens_are_random() -> None:
    assert len({new_token() for _ in range(1000)}) == 1000


@pytest.mark.parametrize("text", ["8 (916) 123-45-67", "+7 916 123 45 67", "9161234567", "tel:+79161234567"])
def test_numbers_are_taken_as_the_connectors_read_them(text: str) -> None:
    assert canonical(text, ["RU"]) == NUMBER


@pytest.mark.parametrize("text", ["", "101", "anonymous", "+7 915", "nobody"])
def test_what_is_not_a_number_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(Terminal) as refused:
        canonical(text, ["RU", "DE"])
    assert not text or text not in str(refused.value)


@pytest.mark.parametrize("number", ["+4917612345678", "+12125550100", "+390612345678", "+37529123456", "+3726123456"])
def test_every_spelling_is_read_as_a_number_by_its_digits(number: str) -> None:
    assert number.lstrip("+") in spellings(number)
    assert all(7 <= len(digits) <= 19 and digits.isdecimal() for digits in spellings(number))
    assert len(pattern(number)) < 4000
