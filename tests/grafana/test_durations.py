"""Durations of alert rules: written as Grafana gives them back, read in every form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grafana.alerts.durations import duration, seconds_of


@given(st.integers(0, 10**9))
def test_what_is_written_is_read_as_the_same(seconds: int) -> None:
    assert seconds_of(duration(seconds)) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (60, "1m"), (5_400, "1h30m"), (86_400, "1d"), (604_800, "1w"), (691_200, "8d")]
)
def test_form_is_that_of_prometheus(seconds: int, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize("text", ["", "7", "d", "1.5h", "7 d", None, 7])
def test_what_is_no_duration_is_none(text: object) -> None:
    assert seconds_of(text) is None
