"""Requests of an account: the bucket, groups, pauses, a day's budget across a restart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from connectors.api.adapter import AccountLimits
from connectors.api.limiter import DaySpent, RequestLimiter

NOW = datetime(2026, 11, 2, 23, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_burst_goes_at_once_and_then_the_rate() -> None:
    limiter = RequestLimiter(AccountLimits(2.0, 3.0))
    for _ in range(3):
        assert limiter.wait_s("a", NOW) == 0
        limiter.sent("a", NOW)
    assert limiter.wait_s("a", NOW) == 0.5
    assert limiter.wait_s("b", NOW) == 0.5  # one bucket for the account
    assert limiter.wait_s("a", after(0.5)) == 0


@given(st.lists(st.floats(0, 5), max_size=60))
def test_no_span_of_time_has_more_requests_than_burst_and_rate_allow(pauses: list[float]) -> None:
    limiter = RequestLimiter(AccountLimits(2.0, 5.0))
    now, sent = NOW, []
    for pause in pauses:
        now += timedelta(seconds=pause)
        now += timedelta(seconds=limiter.wait_s("a", now) + 1e-6)
        assert limiter.wait_s("a", now) == 0
        limiter.sent("a", now)
        sent.append(now)
    for first in range(len(sent)):
        for last in range(first, len(sent)):
            assert last - first + 1 <= 5 + 2.0 * (sent[last] - sent[first]).total_seconds() + 1e-3


def test_group_with_a_limit_of_its_own_waits_while_others_go() -> None:
    limiter = RequestLimiter(AccountLimits(10.0, 10.0, groups={"statistics": 0.05}))
    limiter.sent("statistics", NOW)
    assert limiter.wait_s("statistics", NOW) == 20
    assert limiter.wait_s("users", NOW) == 0


def test_group_that_is_held_waits_until_then() -> None:
    limiter = RequestLimiter(AccountLimits(2.0, 10.0))
    limiter.hold("a", after(30))
    limiter.hold("a", after(10))
    assert limiter.wait_s("a", NOW) == 30
    assert limiter.wait_s("b", NOW) == 0
    assert limiter.wait_s("a", after(31)) == 0


def test_clock_that_is_set_back_gives_nothing_and_blocks_nothing() -> None:
    limiter = RequestLimiter(AccountLimits(1.0, 1.0))
    limiter.wait_s("a", NOW)
    limiter.sent("a", NOW)
    assert limiter.wait_s("a", after(-3600)) == 1
    assert limiter.wait_s("a", after(-3599)) == 0


def test_days_budget_is_spent_once_whatever_restarts_and_is_new_at_midnight() -> None:
    limits = AccountLimits(100.0, 100.0, per_day=3)
    limiter = RequestLimiter(limits)
    limiter.sent("a", NOW)
    limiter.sent("a", NOW)
    again = RequestLimiter(limits, limiter.spent)
    assert again.left_today(NOW) == 1
    again.sent("a", NOW)
    assert again.wait_s("a", NOW) == 3600
    assert again.wait_s("a", after(3601)) == 0
    assert again.left_today(after(3601)) == 3
    assert RequestLimiter(AccountLimits(1.0, 1.0), DaySpent("2026-11-02", 9)).left_today(NOW) is None
