"""Who may come in, and how often."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.http.gates import Rates, Token, basic, is_loopback, peer, same
from schemas.errors import Terminal

SECRET = "correct horse battery"


def of(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_token_as_bearer_or_as_password_and_nothing_else() -> None:
    token = Token(SECRET, "T")
    assert token.is_in(f"Bearer {SECRET}")
    assert token.is_in(f"bearer {SECRET}")
    assert token.is_in(of("anybody", SECRET))
    for wrong in ("", SECRET, f"Bearer {SECRET[:-1]}", f"Bearer {SECRET}x", of(SECRET, ""), "Basic ????", "Digest x"):
        assert not token.is_in(wrong)


def test_token_that_can_be_guessed_is_refused_without_repeating_it() -> None:
    with pytest.raises(Terminal, match="12 characters can be guessed") as trouble:
        Token("hunter2hunte", "CALLFUNNEL_HTTP_TOKEN")
    assert "hunter2" not in str(trouble.value)


def test_nothing_is_the_same_as_no_secret() -> None:
    assert not same("", "")
    assert same("a", "a")


@given(st.text())
def test_authorization_of_any_text_is_read_without_an_error(text: str) -> None:
    basic(text)
    basic(f"Basic {text}")
    assert not Token(SECRET, "T").is_in(text)


def test_rate_allows_a_second_at_once_and_then_its_pace() -> None:
    now = [0.0]
    rates = Rates(2, lambda: now[0])
    assert [rates.wait_s("a") for _ in range(3)] == [0, 0, 1]
    assert rates.wait_s("b") == 0
    now[0] = 0.5
    assert [rates.wait_s("a") for _ in range(2)] == [0, 1]
    now[0] = 100
    assert [rates.wait_s("a") for _ in range(3)] == [0, 0, 1]


def test_rates_forget_the_oldest_of_very_many() -> None:
    rates = Rates(1, lambda: 0.0)
    assert rates.wait_s("first") == 0
    assert rates.wait_s("first") > 0
    for number in range(10_001):
        rates.wait_s(str(number))
    assert rates.wait_s("first") == 0


def test_peer_is_whom_a_proxy_of_this_machine_names_and_nobody_elses_word() -> None:
    assert peer("127.0.0.1", "198.51.100.1, 203.0.113.7", True) == "203.0.113.7"
    assert peer("127.0.0.1", "198.51.100.1", False) == "127.0.0.1"
    assert peer("203.0.113.9", "198.51.100.1", True) == "203.0.113.9"
    assert peer("127.0.0.1", "", True) == "127.0.0.1"


def test_loopback_by_address_and_by_name() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.8.8.8", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.0.2.1", "pbx.example")))
