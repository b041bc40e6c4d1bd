"""However a number is spelled, it is one number; what is hidden is told from what cannot be read."""

from __future__ import annotations

import pytest

from connectors.reading.phones import e164, is_hidden

NUMBER = "+79160000001"


@pytest.mark.parametrize(
    "text",
    [
        *("SIP:+79160000001@host", "<sip:+79160000001@host>", "sips:89160000001@host;transport=tls"),
        "+79160000001@sip.example",
        *('"Ivan" <+79160000001>', "Ivan Petrov <sip:+79160000001@host;user=phone>", "callto:+79160000001"),
        *("tel:+79160000001;ext=5", "tel:+7-916-000-00-01", "%2B79160000001", "%2B7%20916%20000-00-01"),
        *("89160000001#", "0079160000001", "81079160000001", "79160000001.0", "9160000001.0", "79160000001,00"),
        *("+7 916 000 00 01 доб. 5", "+7 (916) 000-00-01 ext. 12", '="89160000001"', "`89160000001", "'+79160000001'"),
    ],
)  # fmt: skip
def test_spellings_of_one_number(text: str) -> None:
    assert (e164(text, "RU"), is_hidden(text)) == (NUMBER, False)


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("00380671234567", "RU", "+380671234567"),
        ("810380671234567", "RU", "+380671234567"),
        ("380671234567", "RU", "+380671234567"),
        ("491712345678", "DE", "+491712345678"),
        ("01712345678", "DE", "+491712345678"),
        ("00491712345678", "FR", "+491712345678"),
        ("902569596", "UZ", "+998902569596"),
        ("998902569596", "UZ", "+998902569596"),
    ],
)
def test_number_is_of_the_own_region_before_anybody_elses(text: str, region: str, number: str) -> None:
    assert e164(text, region) == number


@pytest.mark.parametrize("text", ["0000000000", "0", "anonymous", "Anonymous", "<unknown>", "скрыт", "", '""'])
def test_hidden_caller_has_no_number(text: str) -> None:
    assert (e164(text, "RU"), is_hidden(text)) == ("", True)


@pytest.mark.parametrize(
    "text", ["abc", "12345", "sip:ivanova@host", "7,9E+10", "+7916", "9" * 40, "<>", "sip:", "%zz"]
)
def test_what_cannot_be_read_is_not_hidden(text: str) -> None:
    assert (e164(text, "RU"), is_hidden(text)) == ("", False)
