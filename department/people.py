"""Managers: how they work, where their phones are, when they are away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from department.anomalies import Anomaly, AnomalyKind, of_manager
from department.country import Country
from department.options import DepartmentOptions
from department.random_streams import TABLE, lognormal_table, stream
from department.working_days import WorkDay


class AwayPeriod(NamedTuple):
    """Days away, `last` included."""

    manager_id: str
    first: date
    last: date
    kind: str
    """leave or sick."""


class ManagerPeriod(NamedTuple):
    """A team and extensions for `[since, until)`; None where it has no such end."""

    team: str
    extensions: tuple[str, ...]
    since: date | None
    until: date | None


class Salesperson:
    """One manager. Not a value: the shift keeps what it needs beside the traits."""

    def __init__(self, number: int, name: str, periods: Sequence[ManagerPeriod], dice: Random) -> None:
        self.id = f"m{number:02d}"
        self.name = name
        self.periods = tuple(periods)
        self.extensions = periods[0].extensions
        self.dispersion = 8 + 14 * dice.random()
        """Size of the negative binomial count of a day."""
        self.diligence = 0.8 + 0.4 * dice.random()
        """Calls, relative to the department's pace."""
        self.skill = 0.7 + 0.6 * dice.random()
        """How readily a conversation leads on."""
        self.openings = 0.8 + 1.2 * dice.random()
        """New organisations a day."""
        self.talk_s = lognormal_table(75 + 60 * dice.random(), 0.95, 3, 3_000)
        """Quantiles of what is talked with an organisation."""
        self.absences: list[AwayPeriod] = []
        self.away: set[date] = set()
        self.events: dict[AnomalyKind, Anomaly] = {}

    @property
    def since(self) -> date | None:
        return self.periods[0].since

    @property
    def until(self) -> date | None:
        return self.periods[-1].until

    def is_employed(self, day: date) -> bool:
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)

    def is_at_work(self, day: WorkDay) -> bool:
        return day.is_working and self.is_employed(day.date) and day.date not in self.away

    def is_available(self, day: date) -> bool:
        """Whether a call can reach them, at work or on their mobile."""
        return self.is_employed(day) and day not in self.away and not self.is_silent(day)

    def is_silent(self, day: date) -> bool:
        event = self.events.get(AnomalyKind.SILENT)
        return event is not None and event.covers(day)

    def team(self, day: date) -> str:
        """The team as of a day; outside of every period the nearest one."""
        return next((p.team for p in self.periods if p.until is None or day < p.until), self.periods[-1].team)

    def ramp(self, day: date) -> float:
        """A newcomer's share of the pace: a third on the first day, all of it after eight weeks."""
        return 1.0 if self.since is None else min(1.0, 0.33 + 0.67 * (day - self.since).days / 56)

    def expect(self, events: Mapping[AnomalyKind, Anomaly]) -> None:
        """The anomaly of this manager; a leave begins to be one."""
        self.events |= events
        if (leave := events.get(AnomalyKind.LEAVE)) is not None:
            self.leave(leave.first, leave.last, "leave")

    def leave(self, first: date, last: date, kind: str) -> None:
        """Be away from `first` to `last`, both included."""
        self.absences.append(AwayPeriod(self.id, first, last, kind))
        self.away.update(first + timedelta(days=n) for n in range((last - first).days + 1))

    def draw_talk(self, dice: Random) -> int:
        return self.talk_s[int(dice.random() * TABLE)]


class Numbering(NamedTuple):
    """The inside numbers of an office: desks and softphones from these on, the reception and the queue of all."""

    desks: int
    softphones: int
    reception: str
    queue: str

    def desk(self, number: int) -> str:
        return str(self.desks + number)

    def softphone(self, number: int) -> str:
        return str(self.softphones + number)


def numbering(managers: int) -> Numbering:
    """Three digits for a small office, four or five for a larger one."""
    if managers <= 99:
        return Numbering(101, 201, "100", "600")
    return Numbering(1_001, 5_001, "1000", "9000") if managers < 4_000 else Numbering(10_001, 50_001, "10000", "90000")


def extension_names(managers: Iterable[Salesperson]) -> dict[str, str]:
    """Whose name a phone shows: of an extension that changed hands, the last one's."""
    return {extension: one.name for one in managers for period in one.periods for extension in period.extensions}


def hire(
    options: DepartmentOptions, country: Country, anomalies: Sequence[Anomaly], days: Sequence[WorkDay]
) -> list[Salesperson]:
    """The department, newcomers and leavers included, with their leave and sick days."""
    dice = stream(options.seed, "people")
    plan = numbering(options.managers)
    managers = []
    inherited = {event.manager_id: event for event in anomalies if event.kind is AnomalyKind.NEWCOMER}
    squeezer = next((event for event in anomalies if event.kind is AnomalyKind.SQUEEZER), None)
    names: set[str] = set()
    for n in range(options.managers):
        number = n + 1
        name = _another(dice.choice(country.last_names), dice.choice(country.first_names), country, names)
        names.add(name)
        team = f"{'ABCDEFGH'[n * max(1, min(8, options.managers // 6)) // options.managers]}"
        extensions = (plan.desk(n), plan.softphone(n)) if n % 4 == 3 else (plan.desk(n),)
        since = until = None
        if (arrival := inherited.get(f"m{number:02d}")) is not None:
            since = arrival.first
            extensions = (plan.desk(int(squeezer.manager_id[1:]) - 1),) if squeezer else extensions
        if squeezer is not None and squeezer.manager_id == f"m{number:02d}":
            until = squeezer.last + timedelta(days=1)
        manager = Salesperson(number, name, _periods(options, n, team, extensions, since, until), dice)
        managers.append(manager)
    for manager in managers:
        manager.expect(of_manager(anomalies, manager.id))
        send_away(manager, options, days, dice)
    return managers


def _another(last: str, first: str, country: Country, taken: set[str]) -> str:
    """The name, or with the next first name that nobody has; in a crowd some have the same."""
    firsts = country.first_names
    index = firsts.index(first)
    names = (f"{last} {firsts[(index + n) % len(firsts)]}" for n in range(len(firsts)))
    return next((name for name in names if name not in taken), f"{last} {first}")


def _periods(
    options: DepartmentOptions, n: int, team: str, extensions: tuple[str, ...], since: date | None, until: date | None
) -> list[ManagerPeriod]:
    """One period, but the sixth manager of a larger department changes teams half-way."""
    moved = options.day(0.5)
    if n == 5 and options.managers >= 8 and options.days >= 30 and since is None and until is None:
        return [
            ManagerPeriod(team, extensions, None, moved),
            ManagerPeriod("B" if team == "A" else "A", extensions, moved, None),
        ]
    return [ManagerPeriod(team, extensions, since, until)]


def send_away(manager: Salesperson, options: DepartmentOptions, days: Sequence[WorkDay], dice: Random) -> None:
    """What everybody has in a period: two weeks of leave now and then, a few sick days. Not during an anomaly."""
    taken = {day for event in manager.events.values() for day in event.days()}
    weeks = options.days / 7
    if dice.random() < weeks / 26:
        _off(manager, options.first + timedelta(days=int(dice.random() * options.days)), 14, "leave", taken, options)
    for day in days:
        if day.is_working and dice.random() < 0.008:
            _off(manager, day.date, 1 + int(dice.random() * 5), "sick", taken, options)


def _off(
    manager: Salesperson, first: date, length: int, kind: str, taken: set[date], options: DepartmentOptions
) -> None:
    last = min(first + timedelta(days=length - 1), options.last - timedelta(days=1))
    around = {first + timedelta(days=n) for n in range(-3, length + 3)}
    if not around & (taken | manager.away) and manager.is_employed(first) and manager.is_employed(last):
        manager.leave(first, last, kind)
