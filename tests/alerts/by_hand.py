"""The pace of a department worked out in plain Python, from calls one by one: what `alert_pace` must say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from statistics import fmean, variance
from typing import NamedTuple
from zoneinfo import ZoneInfo

OPENS, CLOSES = time(9), time(18)
SLOTS = 9 * 12
ALL = ""


class World(NamedTuple):
    """A department. Days that are not in `kinds` are not worked."""

    zone: ZoneInfo
    kinds: Mapping[date, str]
    since: Mapping[str, date]
    """Manager -> the first day on the roster."""
    away: frozenset[tuple[str, date]]
    calls: Sequence[tuple[str, datetime]]
    """(manager, start); "" for nobody's."""


class Frame(NamedTuple):
    x: int
    usual: list[int]
    quiet_usual: list[int]


class Forecast(NamedTuple):
    x: int
    mu: float
    expected: float
    phi: float
    quiet: float
    """Calls expected after the latest."""

    @property
    def is_quiet(self) -> bool:
        return self.quiet >= 8 and (self.x + 1) * tail(0, self.quiet, self.phi) < 0.003


class Verdict(NamedTuple):
    frame: str
    calls: int
    expected: float
    p: float
    is_quiet: bool
    ends_quiet: bool
    """No call followed in this frame, where some were to be expected: of theirs, or of the whole department."""


class ByHand:
    """Verdicts of a world at one evaluation."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._slots: dict[tuple[str, date], list[int]] = {}
        for manager, at in world.calls:
            local = at.astimezone(world.zone)
            slot = ((local.hour - OPENS.hour) * 60 + local.minute) // 5
            if local.hour >= OPENS.hour and slot < SLOTS:
                for who in {manager, ALL}:
                    self._slots.setdefault((who, local.date()), []).append(slot)

    def verdicts(self, at: datetime) -> dict[str, Verdict]:
        """By manager, of those who are on the roster and about whom something is known."""
        frames = {name: self._frames(name, at) for name in ("today", "before", "week")}
        found: dict[str, dict[str, tuple[Forecast, bool]]] = {}
        for name, by_day in frames.items():
            for alike in by_day.values():
                forecasts = _forecasts(alike)
                all_quiet = ALL in forecasts and forecasts[ALL].is_quiet
                for manager, forecast in forecasts.items():
                    found.setdefault(manager, {})[name] = (forecast, all_quiet)
        return {manager: _spoken(of) for manager, of in found.items() if _known(of)}

    def _is_full(self, manager: str, day: date) -> bool:
        world = self._world
        there = manager == ALL or world.since[manager] <= day
        return there and world.kinds.get(day) == "working" and (manager, day) not in world.away

    def _works(self, manager: str, day: date) -> bool:
        there = manager == ALL or self._world.since[manager] <= day
        is_worked = self._world.kinds.get(day) in ("working", "short", "moved")
        return there and is_worked and (manager, day) not in self._world.away

    def _counted(self, manager: str, day: date, slots: int) -> int:
        return sum(slot < slots for slot in self._slots.get((manager, day), ()))

    def _pasts(self, manager: str, day: date) -> list[date]:
        """The latest eight same weekdays of fifteen weeks that were full working days with any call."""
        days = (day - timedelta(weeks=n) for n in range(1, 15))
        return [past for past in days if self._is_full(manager, past) and (ALL, past) in self._slots][:8]

    def _frame(self, manager: str, day: date, slots: int) -> Frame:
        x = self._counted(manager, day, slots)
        latest = max((slot + 1 for slot in self._slots.get((manager, day), ()) if slot < slots), default=0)
        usual = [self._counted(manager, past, slots) for past in self._pasts(manager, day)]
        quiet = [
            self._counted(manager, past, slots) - self._counted(manager, past, latest)
            for past in self._pasts(manager, day)
        ]
        return Frame(x, usual, quiet)

    def _frames(self, name: str, at: datetime) -> dict[date, dict[str, Frame]]:
        """By the day that the frame is of: only those of one day are alike."""
        local = at.astimezone(self._world.zone)
        today = local.date()
        open_s = (local - datetime.combine(today, OPENS, self._world.zone)).total_seconds()
        slots = max(0, min(SLOTS, int(open_s // 300)))
        found: dict[date, dict[str, Frame]] = {}
        for manager in [ALL, *(one for one, since in self._world.since.items() if since <= today)]:
            if name == "today" and self._is_full(manager, today):
                found.setdefault(today, {})[manager] = self._frame(manager, today, slots)
            elif name != "today" and (day := self._latest(manager, today)) != date.min:
                if name == "before":
                    if day is not None:
                        found.setdefault(day, {})[manager] = self._frame(manager, day, SLOTS)
                else:
                    found.setdefault(date.min, {})[manager] = self._week(manager, today, slots)
        return found

    def _latest(self, manager: str, today: date) -> date | None:
        """The latest full working day of the calendar in two weeks; date.min when they were away on it."""
        world = self._world
        for day in (today - timedelta(days=n) for n in range(1, 15)):
            there = manager == ALL or world.since[manager] <= day
            if there and world.kinds.get(day) == "working":
                return date.min if (manager, day) in world.away else day
        return None

    def _week(self, manager: str, today: date, slots: int) -> Frame:
        """Of the days before today; on a day off of those before the latest that they worked on, as on its evening."""
        until = next((day for n in range(105) if self._works(manager, day := today - timedelta(days=n))), date.min)
        days = (day for n in range(1, 105) if (day := today - timedelta(days=n)) < until)
        full = [day for day in days if self._is_full(manager, day) and (ALL, day) in self._slots][:45]
        totals = [self._counted(manager, day, SLOTS) for day in full]
        x = sum(totals[:5])
        usual = [sum(totals[n : n + 5]) for n in range(5, len(totals) - len(totals) % 5, 5)]
        silent = x + self._counted(manager, today, slots) == 0
        return Frame(x, usual, usual if silent else [0] * len(usual))


def _forecasts(alike: Mapping[str, Frame]) -> dict[str, Forecast]:
    """Of frames of the same day. Managers with fewer than six references are not held against anything."""
    known = {manager: frame for manager, frame in alike.items() if len(frame.usual) >= 6}
    ones = {manager: frame for manager, frame in known.items() if manager != ALL}
    excess = sum(variance(frame.usual) - fmean(frame.usual) for frame in ones.values())
    square = sum(fmean(frame.usual) ** 2 for frame in ones.values())
    found = {}
    for manager, frame in known.items():
        others = [other for name, other in ones.items() if name != manager]
        calling = [other for other in others if other.x > 0]
        others_mu = sum(fmean(other.usual) for other in calling)
        season = 1.0
        if manager == ALL:
            x, mu = sum(one.x for one in ones.values()), sum(fmean(one.usual) for one in ones.values())
            phi = max(0.0, excess) / max(mu * mu, 1e-9) + 0.01
        else:
            x, mu = frame.x, fmean(frame.usual)
            season = min(1.0, (sum(other.x for other in others) + 30) / (others_mu + 30))
            own = (variance(frame.usual) - mu) / max(mu * mu, 1e-9)
            phi = max(0.0, (own + 3 * excess / max(square, 1e-9)) / 4)
        spread = phi + ((1 / mu + phi) / len(frame.usual) if mu else 0)
        if season < 1:
            spread += 1 / max(others_mu, 1e-9) + phi / max(len(calling), 1)
        pace = min(1.0, (x + 30) / (mu + 30)) if manager == ALL else season
        found[manager] = Forecast(x, mu, season * mu, spread, pace * fmean(frame.quiet_usual))
    return found


def tail(x: int, mu: float, phi: float) -> float:
    """P(X <= x), negative binomial; Poisson where phi is next to nothing."""
    size = 1 / max(phi, 1e-9)
    return math.fsum(
        math.exp(
            math.lgamma(n + size) - math.lgamma(size) - math.lgamma(n + 1)
            + size * -math.log1p(mu / size) + n * math.log(mu / (size + mu))
        )
        for n in range(x + 1)
    )  # fmt: skip


def _known(of: Mapping[str, tuple[Forecast, bool]]) -> bool:
    return any(one.mu >= 8 for one, _ in of.values())


def _spoken(of: Mapping[str, tuple[Forecast, bool]]) -> Verdict:
    name = next(name for name in ("today", "before", "week") if name in of and of[name][0].mu >= 8)
    said, all_quiet = of[name]
    is_little = said.expected >= 8 and said.x <= 0.7 * said.expected
    p = tail(said.x, said.expected, said.phi) if is_little else 1.0
    pause = of["today"][0] if "today" in of and of["today"][0].x > 0 else said
    return Verdict(name, said.x, said.expected, p, pause.is_quiet, all_quiet or said.is_quiet)


def believed(verdicts: Mapping[str, Verdict], alpha: float = 0.002) -> set[str]:
    """Benjamini and Hochberg over managers; the department by itself."""
    ones = sorted((v.p, manager) for manager, v in verdicts.items() if manager != ALL)
    under = [n for n, (p, _) in enumerate(ones, start=1) if p * len(ones) / n <= alpha]
    found = {manager for _, manager in ones[: max(under, default=0)]}
    return found | ({ALL} if ALL in verdicts and verdicts[ALL].p <= alpha else set())
