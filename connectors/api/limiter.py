"""How often an account may be asked: a bucket of requests, one for each group beside it, pauses, and a day's budget.

One limiter for each host and credential. Pure but for what it remembers: whoever asks says what time it is.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from connectors.api.adapter import AccountLimits

_SHORTEST_WAIT_S = 0.001


class DaySpent(msgspec.Struct, frozen=True):
    """Requests of one UTC day: kept with the checkpoint, so that a restart does not spend a budget twice."""

    day: str = ""
    requests: int = 0


class TokenBucket:
    """`burst` requests at once, then `per_s` a second."""

    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s = per_s
        self._burst = max(burst, 1.0)
        self._left = self._burst
        self._at: datetime | None = None

    def wait_s(self, now: datetime) -> float:
        """Seconds until there is room for one; 0 when there is."""
        if self._at is not None:
            # A clock that was set back gives nothing and takes nothing.
            passed_s = max(0.0, (now - self._at).total_seconds())
            self._left = min(self._burst, self._left + passed_s * self._per_s)
        self._at = now
        # A wait below what a clock tells apart would be no wait.
        return 0.0 if self._left >= 1 - 1e-9 else max((1 - self._left) / self._per_s, _SHORTEST_WAIT_S)

    def take(self) -> None:
        self._left -= 1


class RequestLimiter:
    """Asked before each request; told of what the server answers."""

    def __init__(self, limits: AccountLimits, spent: DaySpent | None = None) -> None:
        self._limits = limits
        self._all = TokenBucket(limits.per_s, limits.burst)
        self._groups = {group: TokenBucket(per_s, 1.0) for group, per_s in limits.groups.items()}
        self._held: dict[str, datetime] = {}
        self.spent = spent or DaySpent()

    def wait_s(self, group: str, now: datetime) -> float:
        """Seconds until a request of this group may go; 0: it may go now."""
        waits = [bucket.wait_s(now) for bucket in self._buckets(group)]
        if (until := self._held.get(group)) is not None:
            waits.append(max(0.0, (until - now).total_seconds()))
        if self._limits.per_day and self._left_today(now) <= 0:
            waits.append(_until_tomorrow_s(now))
        return max(waits)

    def sent(self, group: str, now: datetime) -> None:
        """A request of this group goes."""
        for bucket in self._buckets(group):
            bucket.take()
        day = _day(now)
        self.spent = DaySpent(day, self.spent.requests + 1 if self.spent.day == day else 1)

    def hold(self, group: str, until: datetime) -> None:
        """Nothing of this group before that moment."""
        self._held[group] = max(until, self._held.get(group, until))

    def left_today(self, now: datetime) -> int | None:
        """Requests that the day's budget still has; None when there is no budget."""
        return self._left_today(now) if self._limits.per_day else None

    def _left_today(self, now: datetime) -> int:
        spent = self.spent.requests if self.spent.day == _day(now) else 0
        return max(0, self._limits.per_day - spent)

    def _buckets(self, group: str) -> list[TokenBucket]:
        own = self._groups.get(group)
        return [self._all] if own is None else [self._all, own]


def _day(now: datetime) -> str:
    return now.astimezone(UTC).date().isoformat()


def _until_tomorrow_s(now: datetime) -> float:
    utc = now.astimezone(UTC)
    midnight = utc.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return (midnight - utc).total_seconds()
