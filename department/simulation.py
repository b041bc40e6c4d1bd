"""The department, day after day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

import msgspec

from department.anomalies import Anomaly, AnomalyKind, of_day, of_manager, plant_anomalies
from department.callers import Callers
from department.calls import SimulatedCall
from department.country import Country, country
from department.deals import Deals, SimulatedProposal
from department.oddities import plant
from department.options import DepartmentOptions
from department.people import Salesperson, hire, numbering, send_away
from department.portfolio import Book, Market, Prospect
from department.random_streams import stream
from department.shift import PhoneSystem, Shift
from department.working_days import WorkDay, WorkDayKind, calendar, midnight

_PORTFOLIO = 3.1
"""Organisations of a manager on the first day, for each call of an ordinary day. A newcomer inherits, or has none."""
_LOW = 0.6
_LIVE_DAYS = 14
_LIVE = ((AnomalyKind.SILENT, 1), (AnomalyKind.LEAVE, 7), (AnomalyKind.GAMER, 2))
"""What a live board is to notice, and for how many days."""


class DayRecord(NamedTuple):
    """A day: the calls that the exchange recorded, in order of time, and how many it did not."""

    day: WorkDay
    calls: list[SimulatedCall]
    lost: int


class Simulation:
    """Read `run()` once, to the end; organisations and proposals are complete after it."""

    def __init__(self, options: DepartmentOptions) -> None:
        self.options = options
        self.country: Country = country(options.country)
        self.days: list[WorkDay] = calendar(options, self.country.zone)
        self.anomalies: list[Anomaly] = plant_anomalies(options, self.days)
        self.managers: list[Salesperson] = hire(options, self.country, self.anomalies, self.days)
        self.ends_at = midnight(options.last, self.country.zone)
        self.numbering = numbering(options.managers)
        self._odd = stream(options.seed, "oddities")
        self._market = Market(self.country, stream(options.seed, "market"))
        self._deals = Deals(self._market, stream(options.seed, "deals"), self.ends_at)
        self._shifts = [self._shift(manager) for manager in self.managers]
        self._callers = Callers(
            self._market, self._shifts, stream(options.seed, "callers"), self.country.zone, options.pace
        )

    @property
    def organisations(self) -> Sequence[Prospect]:
        return self._market.organisations

    @property
    def proposals(self) -> Sequence[SimulatedProposal]:
        return self._deals.proposals

    def run(self) -> Iterator[DayRecord]:
        """Day after day. Calls belong to the day that they began on."""
        yield from self._run_days(self.days)

    def live_on(self) -> Iterator[DayRecord]:
        """The days after the last one, without an end, once `run` has ended. `days` grows two weeks at a time."""
        self._deals.go_on()
        options, dice = self.options, stream(self.options.seed, "people/live")
        while True:
            options = msgspec.structs.replace(options, first=options.last, days=_LIVE_DAYS, files=1)
            days = calendar(options, self.country.zone)
            anomalies = _plant_live_anomalies(self.managers, days)
            self.anomalies += anomalies
            for manager in self.managers:
                manager.expect(of_manager(anomalies, manager.id))
                send_away(manager, options, days, dice)
            self.days += days
            yield from self._run_days(days)

    def _run_days(self, days: Sequence[WorkDay]) -> Iterator[DayRecord]:
        for day in days:
            self._hand_portfolio_over(day)
            self._deals.open_successors(day.midnight)
            calls = self._of(day)
            calls.sort(key=lambda call: call.start)
            dead = of_day(self.anomalies, AnomalyKind.DEAD_FEED, day.date)
            if dead is None:
                yield DayRecord(day, calls, 0)
            else:
                alive = [call for call in calls if call.start < day.midnight + dead.since_hour * 3_600]
                yield DayRecord(day, alive, len(calls) - len(alive))

    def _of(self, day: WorkDay) -> list[SimulatedCall]:
        mood = _LOW if of_day(self.anomalies, AnomalyKind.LOW_MONTH, day.date) else 1.0
        at_work = [shift for shift in self._shifts if shift.manager.is_at_work(day)]
        there = [shift.manager for shift in at_work if not shift.manager.is_silent(day.date)]
        floor = PhoneSystem(there, self.numbering.reception)
        calls: list[SimulatedCall] = []
        for shift in at_work:
            calls += shift.work(day, floor, mood)
        calls += self._callers.of(day, len(at_work), floor, mood)
        if self.options.oddities:
            plant(calls, floor, self._odd, has_prefix=self.country.name == "RU")
        return calls

    def _shift(self, manager: Salesperson) -> Shift:
        options = self.options
        first_day = self.days[0].midnight
        inherits = manager.since is not None
        dice = stream(options.seed, f"shift/{manager.id}")
        size = 0 if inherits else int(_PORTFOLIO * options.pace * (0.7 + 0.6 * dice.random()))
        book = self._market.old_portfolio(manager, size, first_day)
        return Shift(manager, book, self._market, self._deals, dice, options)

    def _hand_portfolio_over(self, day: WorkDay) -> None:
        """A newcomer takes over what a leaver left."""
        for event in self.anomalies:
            if event.kind is not AnomalyKind.NEWCOMER or event.first != day.date:
                continue
            heir = self._by_id(event.manager_id)
            left = next(one.manager_id for one in self.anomalies if one.kind is AnomalyKind.SQUEEZER)
            leaver = self._by_id(left)
            heir.book, leaver.book = leaver.book, Book()
            for organisation in self._market.organisations:
                if organisation.owner is leaver.manager:
                    organisation.owner = heir.manager

    def _by_id(self, manager_id: str) -> Shift:
        return next(shift for shift in self._shifts if shift.manager.id == manager_id)


def _plant_live_anomalies(managers: Sequence[Salesperson], days: Sequence[WorkDay]) -> list[Anomaly]:
    """An anomaly for the first working day of these days on each of the last managers who had none before."""
    first = next((day.date for day in days if day.kind is WorkDayKind.WORKING), days[0].date)
    there = [manager for manager in managers[1:] if not manager.events and manager.is_employed(first)]
    return [
        Anomaly(kind=kind, first=first, last=first + timedelta(days=length - 1), manager_id=manager.id)
        for (kind, length), manager in zip(_LIVE, reversed(there), strict=False)
    ]
