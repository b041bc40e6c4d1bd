"""What a conversation leads to: moves between stages, general proposals early, individual ones with sums later."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from department.people import Salesperson
from department.portfolio import (
    ACTIVE,
    CUSTOMER,
    DAY,
    DEVELOPMENT,
    DISQUALIFIED,
    NEVER,
    NEW,
    SHIPMENT,
    Book,
    Market,
    Prospect,
)


class Revision(NamedTuple):
    number: int
    sent_at: int
    cents: int
    withdrawn: bool


class SimulatedProposal:
    """A proposal with its revisions. It is its first manager's, on the day of the first revision."""

    __slots__ = ("id", "individual", "manager", "organisation", "revisions")

    def __init__(self, number: int, manager: Salesperson, organisation: Prospect, *, individual: bool) -> None:
        self.id = f"p{number:06d}"
        self.individual = individual
        self.manager = manager
        self.organisation = organisation
        self.revisions: list[Revision] = []

    def send(self, at: int, cents: int, *, withdrawn: bool = False) -> None:
        self.revisions.append(Revision(len(self.revisions) + 1, at, cents, withdrawn))


class Deals:
    """Decides after each conversation. `ends_at`: what would come later has not come yet when the exports are made."""

    def __init__(self, market: Market, dice: Random, ends_at: int) -> None:
        self._market = market
        self._dice = dice
        self._ends_at = ends_at
        self.proposals: list[SimulatedProposal] = []
        self._closed: list[tuple[Prospect, Book]] = []

    def go_on(self) -> None:
        """The exports are made: from now on everything comes true at its time."""
        self._ends_at = NEVER

    def open_successors(self, at: int) -> None:
        """Under the number of an organisation that was closed a day or more ago another one may open."""
        closed, self._closed = self._closed, []
        for organisation, book in closed:
            if organisation.stage != DISQUALIFIED:
                continue
            if organisation.settled_at + DAY > at:
                self._closed.append((organisation, book))
                continue
            book.remove(organisation)
            book.add(self._market.succeed(organisation, at))

    def after(self, manager: Salesperson, book: Book, organisation: Prospect, at: int, *, squeeze: bool) -> None:
        """A conversation of the owner ended at `at`."""
        if at <= organisation.settled_at:
            return
        before = organisation.stage
        skill = manager.skill
        if before == NEW:
            self._new(manager, organisation, at, skill)
        elif before == ACTIVE:
            self._active(manager, organisation, at, skill)
        elif before == DEVELOPMENT:
            self._development(manager, organisation, at, skill)
        elif before == SHIPMENT:
            self._chance(0.25, organisation, at, CUSTOMER)
        elif before == CUSTOMER:
            self._customer(manager, organisation, at, 0.2 if squeeze else 0.03 * skill)
        elif before == DISQUALIFIED:
            self._chance(0.05, organisation, at, NEW)
        if organisation.stage != before:
            book.restage(organisation, before)
            if organisation.stage == DISQUALIFIED and self._dice.random() < 0.15:
                self._closed.append((organisation, book))

    def _new(self, manager: Salesperson, organisation: Prospect, at: int, skill: float) -> None:
        if self._dice.random() < 0.16 * skill:
            sent = self._general(manager, organisation, at)
            self._chance(0.6, organisation, sent, ACTIVE)
        elif self._dice.random() < 0.008 * skill:
            self._move(organisation, at, DEVELOPMENT)  # they had downloaded the free version by themselves
        else:
            self._chance(0.055, organisation, at, DISQUALIFIED)

    def _active(self, manager: Salesperson, organisation: Prospect, at: int, skill: float) -> None:
        if self._dice.random() < 0.04:
            self._general(manager, organisation, at)
            if self._dice.random() < 0.3:
                self._general(manager, organisation, at)  # once more on the same day: no second proposal
        if self._dice.random() < 0.075 * skill:
            self._move(organisation, at, DEVELOPMENT)
        else:
            self._chance(0.035, organisation, at, DISQUALIFIED)

    def _development(self, manager: Salesperson, organisation: Prospect, at: int, skill: float) -> None:
        offer = organisation.offer
        chance = self._dice.random()
        if not isinstance(offer, SimulatedProposal):
            if chance < 0.2 * skill:
                organisation.offer = self._individual(manager, organisation, at, 80_000, 0.6)
            elif chance > 0.96:
                self._move(organisation, at, DISQUALIFIED)
        elif offer.revisions[-1].sent_at >= at:
            return
        elif chance < 0.1 * skill:
            self._move(organisation, at, SHIPMENT, latest_s=3 * DAY)
            organisation.offer = None
        elif chance < 0.24:
            self._send(offer, at, int(offer.revisions[-1].cents * (0.8 + 0.3 * self._dice.random())))
        elif chance < 0.3:
            self._send(offer, at, offer.revisions[-1].cents, withdrawn=True)
            organisation.offer = None
            self._chance(0.4, organisation, at, ACTIVE)

    def _customer(self, manager: Salesperson, organisation: Prospect, at: int, chance: float) -> None:
        """Seminars and training for those who have bought."""
        if self._dice.random() < chance:
            self._individual(manager, organisation, at, 25_000, 0.4)

    def _chance(self, chance: float, organisation: Prospect, at: int, stage: int) -> None:
        if self._dice.random() < chance:
            self._move(organisation, at, stage)

    def _move(self, organisation: Prospect, at: int, stage: int, latest_s: int = 3_600) -> None:
        """Some time after `at`, at this very second once in a while."""
        moved = at + (int(self._dice.random() * latest_s) if self._dice.random() < 0.95 else 0)
        if latest_s >= DAY:
            moved = at + (moved - at) // DAY * DAY  # the same hour of a later day
        if moved < self._ends_at:
            organisation.move(moved, stage)

    def _general(self, manager: Salesperson, organisation: Prospect, at: int) -> int:
        sent = at + 120 + int(self._dice.random() * 3_000)
        if sent < self._ends_at:
            proposal = self._propose(manager, organisation, individual=False)
            proposal.send(sent, 0)
            if self._dice.random() < 0.01:
                self._send(proposal, sent, 0, withdrawn=True)
        return sent

    def _individual(
        self, manager: Salesperson, organisation: Prospect, at: int, median: float, sigma: float
    ) -> SimulatedProposal | None:
        sent = at + 600 + int(self._dice.random() * 5_000)
        if sent >= self._ends_at:
            return None
        proposal = self._propose(manager, organisation, individual=True)
        hundreds = round(median / 100 * self._dice.lognormvariate(0, sigma))
        proposal.send(sent, hundreds * 10_000 + (int(self._dice.random() * 100) if self._dice.random() < 0.3 else 0))
        return proposal

    def _send(self, proposal: SimulatedProposal, at: int, cents: int, *, withdrawn: bool = False) -> None:
        """Another revision, later than the last."""
        sent = at + 300 + int(self._dice.random() * 3_000)
        if sent < self._ends_at:
            proposal.send(sent, cents, withdrawn=withdrawn)

    def _propose(self, manager: Salesperson, organisation: Prospect, *, individual: bool) -> SimulatedProposal:
        proposal = SimulatedProposal(len(self.proposals) + 1, manager, organisation, individual=individual)
        self.proposals.append(proposal)
        return proposal
