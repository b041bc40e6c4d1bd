"""The department, day after day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipeline.department.callers import Callers
from pipeline.department.calls import Call
from pipeline.department.country import Country, country
from pipeline.department.deals import Deals, Proposal
from pipeline.department.draws import stream
from pipeline.department.knobs import Knobs
from pipeline.department.people import Manager, hire, numbering
from pipeline.department.planted import Kind, Planted, of_day, plant
from pipeline.department.portfolio import Book, Market, Organisation
from pipeline.department.shift import Floor, Shift
from pipeline.department.working import Day, calendar, midnight

_PORTFOLIO = 3.1
"""Organisations of a manager on the first day, for each call of an ordinary day. A newcomer inherits, or has none."""
_LOW = 0.6


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
        for day in self.days:
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
