"""Organisations: their numbers, who looks after them, the stages they went through."""

from __future__ import annotations

from bisect import bisect_right
from random import Random

from department.country import Country
from department.people import Salesperson
from schemas.stages import default_stages

STAGES = tuple(default_stages().codes)
NEW, ACTIVE, DEVELOPMENT, SHIPMENT, CUSTOMER, DISQUALIFIED = range(6)
POTENTIAL = frozenset((NEW, ACTIVE, DEVELOPMENT))
NO_STAGE = -1
DAY = 86_400
NEVER = 1 << 62


class Prospect:
    """One organisation. `stages` is its history in order of time: (epoch, stage, who moved it)."""

    __slots__ = ("id", "name", "offer", "owner", "phones", "settled_at", "stages")

    def __init__(self, number: int, name: str, phones: list[str], owner: Salesperson) -> None:
        self.id = f"o{number:06d}"
        self.name = name
        self.phones = phones
        self.owner = owner
        self.stages: list[tuple[int, int, str]] = []
        self.settled_at = 0
        """Until then no further move: the last one has not come true yet."""
        self.offer: object = None
        """The individual proposal that stands open."""

    @property
    def stage(self) -> int:
        """Where it stands, or is bound for."""
        return self.stages[-1][1] if self.stages else NO_STAGE

    def stage_at(self, at: int) -> int:
        """The stage as of a second; a change at that very second has happened."""
        stages = self.stages
        if stages and stages[-1][0] <= at:
            return stages[-1][1]
        index = bisect_right([moved for moved, _, _ in stages], at)
        return stages[index - 1][1] if index else NO_STAGE

    def move(self, at: int, stage: int) -> None:
        self.stages.append((at, stage, self.owner.id))
        self.settled_at = at


class Book:
    """A manager's organisations, by the stage they stand in."""

    def __init__(self) -> None:
        self.by_stage: list[list[Prospect]] = [[] for _ in STAGES]

    def add(self, organisation: Prospect) -> None:
        self.by_stage[organisation.stage].append(organisation)

    def restage(self, organisation: Prospect, before: int) -> None:
        self.by_stage[before].remove(organisation)
        self.by_stage[organisation.stage].append(organisation)

    def remove(self, organisation: Prospect) -> None:
        self.by_stage[organisation.stage].remove(organisation)

    def draw(self, dice: Random, weights: tuple[float, ...]) -> Prospect | None:
        """One of a stage drawn by weight, of the next stages when nobody stands there; None for an empty book."""
        chance = dice.random()
        for stage, weight in enumerate(weights):
            chance -= weight
            if chance < 0:
                for other in range(len(weights)):
                    there = self.by_stage[(stage + other) % len(weights)]
                    if there:
                        return there[int(dice.random() * len(there))]
        return None


class Market:
    """Everybody outside: makes organisations and strangers, each with numbers of their own."""

    def __init__(self, country: Country, dice: Random) -> None:
        self._country = country
        self._dice = dice
        self._numbers = 0
        self.organisations: list[Prospect] = []

    def number(self) -> str:
        """A number that nobody else has."""
        self._numbers += 1
        return self._country.number(self._numbers)

    def found(self, owner: Salesperson) -> Prospect:
        """A new organisation, without a stage yet."""
        dice = self._dice
        phones = [self.number() for _ in range(1 if dice.random() < 0.6 else 2 if dice.random() < 0.8 else 3)]
        return self._register(owner, phones)

    def _register(self, owner: Salesperson, phones: list[str]) -> Prospect:
        dice, country = self._dice, self._country
        number = len(self.organisations) + 1
        name = f"{dice.choice(country.companies).format(dice.choice(country.company_words))} {number}"
        organisation = Prospect(number, name, phones, owner)
        self.organisations.append(organisation)
        return organisation

    def succeed(self, closed: Prospect, at: int) -> Prospect:
        """Another organisation under the first number of one that was closed: its successor from `at` on."""
        organisation = self._register(closed.owner, [closed.phones[0], self.number()])
        organisation.move(at, NEW)
        closed.settled_at = NEVER
        return organisation

    def old_portfolio(self, owner: Salesperson, size: int, first_day: int) -> Book:
        """What a manager already has on the first day, with the way it went until then."""
        book, dice = Book(), self._dice
        for _ in range(size):
            organisation = self.found(owner)
            chance = dice.random()
            reached = next(stage for stage, limit in enumerate(_STANDING) if chance < limit)
            _history(organisation, reached, first_day, dice)
            book.add(organisation)
        return book


_STANDING = (0.21, 0.4, 0.52, 0.56, 0.72, 1.0)
"""Cumulative shares of the stages in a portfolio."""
_DAYS = (18.0, 25.0, 30.0, 12.0)
"""Mean days in a stage before the next."""
_STANDS_FOR = (40.0, 40.0, 35.0, 10.0, 250.0, 200.0)
"""Mean days that an organisation has stood where it stands."""
_OLDEST = 500 * DAY
"""Nobody remembers more: the CRM is not older."""


def _history(organisation: Prospect, reached: int, first_day: int, dice: Random) -> None:
    """The moves up to a stage, the last one before the first day. Office hours: 9 to 17 on any day of the week."""
    way = list(range(reached + 1)) if reached != DISQUALIFIED else [*range(1 + int(dice.random() * 3)), DISQUALIFIED]
    at = first_day - DAY - min(_OLDEST, int(dice.expovariate(1 / (_STANDS_FOR[reached] * DAY))))
    moments = []
    for stage in reversed(way):
        midday = at - (at - first_day) % DAY
        moments.append((midday + 9 * 3_600 + int(dice.random() * 8 * 3_600), stage))
        if dice.random() < 0.02 and stage:
            moments.append((moments[-1][0], stage - 1))  # two moves in one second, as a CRM's import writes them
        at -= DAY + int(dice.expovariate(1 / (_DAYS[min(stage, 3)] * DAY)))
    for moment, stage in reversed(moments):
        organisation.move(moment, stage)
