"""Calls that are in no shift: those that reach nobody, nights, days off, and those through a change of clocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

from department.calls import CallOutcome, Path, SimulatedCall, Way
from department.people import Salesperson
from department.portfolio import Market, Prospect
from department.random_streams import TABLE, over_dispersed, poisson
from department.shift import CHAT_S, HOURS, RING_S, PhoneSystem, Shift
from department.working_days import WorkDay, season

_MISSED = 0.075
"""Calls that nobody takes, relative to the calls of a manager."""


class Callers:
    """People outside, when nobody is there to answer them, or only somebody on call."""

    def __init__(self, market: Market, shifts: Sequence[Shift], dice: Random, zone: ZoneInfo, pace: float) -> None:
        self._market = market
        self._shifts = shifts
        self._dice = dice
        self._zone = zone
        self._pace = pace

    def of(self, day: WorkDay, at_work: int, floor: PhoneSystem, mood: float) -> Iterator[SimulatedCall]:
        """The day's calls besides the shifts, in no order."""
        dice = self._dice
        away = [s.manager for s in self._shifts if s.manager.is_employed(day.date) and not s.manager.is_at_work(day)]
        waiting = _MISSED * self._pace * at_work * day.weight * season(day.date) * mood
        for _ in range(over_dispersed(dice, waiting, 15)):
            at = day.midnight + HOURS[int(dice.random() * TABLE)] + int(dice.random() * 60)
            yield self._missed(at, floor, away)
        for _ in range(poisson(dice, 1.2 + 0.05 * len(self._shifts))):
            yield self._at_night(day.midnight + int(dice.random() * 8 * 3_600))
        for _ in range(poisson(dice, 0.3 * at_work)):
            yield self._errand(day, floor)
        yield from self._off_duty(day)

    def _caller(self) -> tuple[Prospect | None, str]:
        dice = self._dice
        if dice.random() < 0.6:
            book = self._shifts[int(dice.random() * len(self._shifts))].book
            if (drawn := book.draw(dice, (0.1, 0.3, 0.25, 0.1, 0.2, 0.05))) is not None:
                return drawn, drawn.phones[0]
        return None, self._market.number() if dice.random() < 0.8 else ""

    def _missed(self, at: int, floor: PhoneSystem, away: Sequence[Salesperson]) -> SimulatedCall:
        """Hung up in the menu, tired of the queue, or rang at an empty desk."""
        dice = self._dice
        organisation, contact = self._caller()
        chance = dice.random()
        if chance < 0.25:
            return SimulatedCall(
                at, at + 3 + int(dice.random() * 25), Way.IN, Path.MENU_ONLY, contact, organisation, "", None, 0
            )
        ring_s = 6 + RING_S[int(dice.random() * TABLE)]
        if chance > 0.8 and away:
            desk = away[int(dice.random() * len(away))].extensions[0]
            call = SimulatedCall(at, at + ring_s, Way.IN, Path.DIRECT, contact, organisation, desk, None, 0)
            if dice.random() < 0.5:
                call.voicemail, call.end = call.end, call.end + 5 + ring_s
            return call
        through_menu = dice.random() < 0.4
        menu_s = 5 + int(dice.random() * 15) if through_menu else 0
        path = Path.MENU if through_menu else Path.QUEUE
        call = SimulatedCall(at, at + menu_s + ring_s, Way.IN, path, contact, organisation, "", None, 0)
        call.menu_s = menu_s
        call.rang = floor.ring(dice, 2, None) if floor.people else ()
        return call

    def _at_night(self, at: int) -> SimulatedCall:
        organisation, contact = self._caller()
        end = at + 8 + int(self._dice.random() * 20)
        return SimulatedCall(at, end, Way.IN, Path.MENU_ONLY, contact, organisation, "", None, 0)

    def _errand(self, day: WorkDay, floor: PhoneSystem) -> SimulatedCall:
        """Out from the reception: a taxi, a courier. The extension belongs to no manager."""
        dice = self._dice
        at = day.midnight + HOURS[int(dice.random() * TABLE)] + int(dice.random() * 60)
        picked = at + RING_S[int(dice.random() * TABLE)] if dice.random() < 0.8 else 0
        end = picked + CHAT_S[int(dice.random() * TABLE)] if picked else at + 20
        return SimulatedCall(at, end, Way.OUT, Path.DIALLED, self._market.number(), None, floor.reception, None, picked)

    def _off_duty(self, day: WorkDay) -> Iterator[SimulatedCall]:
        """On their mobiles: days off now and then, late evenings past midnight, the night when clocks change."""
        dice = self._dice
        on_call = [s for s in self._shifts if s.manager.is_available(day.date)]
        if not on_call:
            return
        if not day.is_working:
            for _ in range(poisson(dice, 0.8)):
                yield self._on_call(on_call, day.midnight + HOURS[int(dice.random() * TABLE)], 30, 600)
        if dice.random() < 0.1:
            yield self._on_call(on_call, day.midnight + day.length_s - 60 - int(dice.random() * 240), 300, 900)
        if day.length_s != 86_400:
            changes = change_of_clocks(day, self._zone)
            for before_s, talk_s in ((4_000, 240), (2_400, 600), (420, 1_200), (-300, 90), (-2_000, 900)):
                yield self._on_call(on_call, max(day.midnight, changes - before_s), talk_s, talk_s + 60)

    def _on_call(self, on_call: Sequence[Shift], at: int, least_s: int, most_s: int) -> SimulatedCall:
        """Somebody of the book calls a desk that forwards to a mobile, or is called from afar."""
        dice = self._dice
        shift = on_call[int(dice.random() * len(on_call))]
        drawn = shift.book.draw(dice, (0.1, 0.2, 0.2, 0.1, 0.4, 0.0))
        contact = drawn.phones[0] if drawn else self._market.number()
        picked = at + RING_S[int(dice.random() * TABLE)]
        end = picked + least_s + int(dice.random() * (most_s - least_s))
        manager = shift.manager
        if dice.random() < 0.6:
            return SimulatedCall(
                at, end, Way.IN, Path.FORWARDED, contact, drawn, manager.extensions[0], manager, picked
            )
        call = SimulatedCall(at, end, Way.OUT, Path.DIALLED, contact, drawn, manager.extensions[0], manager, picked)
        call.outcome = CallOutcome.NO_ANSWER
        return call


def change_of_clocks(day: WorkDay, zone: ZoneInfo) -> int:
    """The second at which the clocks change on a day of 23 or 25 hours."""
    early, late = day.midnight, day.midnight + day.length_s
    offset = datetime.fromtimestamp(early, zone).utcoffset()
    while late - early > 1:
        middle = (early + late) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
            early = middle
        else:
            late = middle
    return late
