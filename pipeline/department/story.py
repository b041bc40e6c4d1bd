"""The department, day after day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

import msgspec

from pipeline.department.callers import Callers
from pipeline.department.calls import Call
from pipeline.department.country import Country, country
from pipeline.department.deals import Deals, Proposal
from pipeline.department.draws import stream
from pipeline.department.knobs import Knobs
from pipeline.department.people import Manager, hire, numbering, send_away
from pipeline.department.planted import Kind, Planted, of_day, of_manager, plant
from pipeline.department.portfolio import Book, Market, Organisation
from pipeline.department.shift import Floor, Shift
from pipeline.department.working import Day, DayKind, calendar, midnight

_PORTFOLIO = 3.1
"""Organisations of a manager on the first day, for each call of an ordinary day. A newcomer inherits, or has none."""
_LOW = 0.6
_LIVE_DAYS = 14
_LIVE = ((Kind.SILENT, 1), (Kind.LEAVE, 7), (Kind.GAMER, 2))
"""What a live board is to notice, and for how many days."""


class Recorded(NamedTuple):
    """A day: the calls that the exchange recorded, in order of time, and how many it did not."""

    day: Day
    calls: list[Call]
    lost: int


class Story:
    """Read `tell()` once, to the end; organisations and proposals are complete after it."""

    def __init__(self, knobs: Knobs) -> None:
        self.knobs = knobs
        self.country: Country = country(knobs.country)
        self.days: list[Day] = calendar(knobs, self.country.zone)
        self.planted: list[Planted] = plant(knobs, self.days)
        self.managers: list[Manager] = hire(knobs, self.country, self.planted, self.days)
        self.ends_at = midnight(knobs.last, self.country.zone)
        self.numbering = numbering(knobs.managers)
        self._market = Market(self.country, stream(knobs.seed, "market"))
        self._deals = Deals(self._market, stream(knobs.seed, "deals"), self.ends_at)
        self._shifts = [self._shift(manager) for manager in self.managers]
        self._callers = Callers(
            self._market, self._shifts, stream(knobs.seed, "callers"), self.country.zone, knobs.pace
        )

    @property
    def organisations(self) -> Sequence[Organisation]:
        return self._market.organisations

    @property
    def proposals(self) -> Sequence[Proposal]:
        return self._deals.proposals

    def tell(self) -> Iterator[Recorded]:
        """Day after day. Calls belong to the day that they began on."""
        yield from self._tell(self.days)

    def live_on(self) -> Iterator[Recorded]:
        """The days after the last one, without an end, once `tell` has ended. `days` grows two weeks at a time."""
        self._deals.go_on()
        knobs, dice = self.knobs, stream(self.knobs.seed, "people/live")
        while True:
            knobs = msgspec.structs.replace(knobs, first=knobs.last, days=_LIVE_DAYS, files=1)
            days = calendar(knobs, self.country.zone)
            planted = _plant_live(self.managers, days)
            self.planted += planted
            for manager in self.managers:
                manager.expect(of_manager(planted, manager.id))
                send_away(manager, knobs, days, dice)
            self.days += days
            yield from self._tell(days)

    def _tell(self, days: Sequence[Day]) -> Iterator[Recorded]:
        for day in days:
            self._hand_portfolio_over(day)
            self._deals.open_successors(day.midnight)
            calls = self._of(day)
            calls.sort(key=lambda call: call.start)
            dead = of_day(self.planted, Kind.DEAD_FEED, day.date)
            if dead is None:
                yield Recorded(day, calls, 0)
            else:
                alive = [call for call in calls if call.start < day.midnight + dead.since_hour * 3_600]
                yield Recorded(day, alive, len(calls) - len(alive))

    def _of(self, day: Day) -> list[Call]:
        mood = _LOW if of_day(self.planted, Kind.LOW_MONTH, day.date) else 1.0
        at_work = [shift for shift in self._shifts if shift.manager.is_at_work(day)]
        there = [shift.manager for shift in at_work if not shift.manager.is_silent(day.date)]
        floor = Floor(there, self.numbering.reception)
        calls: list[Call] = []
        for shift in at_work:
            calls += shift.work(day, floor, mood)
        calls += self._callers.of(day, len(at_work), floor, mood)
        return calls

    def _shift(self, manager: Manager) -> Shift:
        knobs = self.knobs
        first_day = self.days[0].midnight
        inherits = manager.since is not None
        dice = stream(knobs.seed, f"shift/{manager.id}")
        size = 0 if inherits else int(_PORTFOLIO * knobs.pace * (0.7 + 0.6 * dice.random()))
        book = self._market.old_portfolio(manager, size, first_day)
        return Shift(manager, book, self._market, self._deals, dice, knobs)

    def _hand_portfolio_over(self, day: Day) -> None:
        """A newcomer takes over what a leaver left."""
        for event in self.planted:
            if event.kind is not Kind.NEWCOMER or event.first != day.date:
                continue
            heir = self._by_id(event.manager_id)
            left = next(one.manager_id for one in self.planted if one.kind is Kind.SQUEEZER)
            leaver = self._by_id(left)
            heir.book, leaver.book = leaver.book, Book()
            for organisation in self._market.organisations:
                if organisation.owner is leaver.manager:
                    organisation.owner = heir.manager

    def _by_id(self, manager_id: str) -> Shift:
        return next(shift for shift in self._shifts if shift.manager.id == manager_id)


def _plant_live(managers: Sequence[Manager], days: Sequence[Day]) -> list[Planted]:
    """A story for the first working day of these days on each of the last managers who had none before."""
    first = next((day.date for day in days if day.kind is DayKind.WORKING), days[0].date)
    there = [manager for manager in managers[1:] if not manager.events and manager.is_employed(first)]
    return [
        Planted(kind=kind, first=first, last=first + timedelta(days=length - 1), manager_id=manager.id)
        for (kind, length), manager in zip(_LIVE, reversed(there), strict=False)
    ]
