"""What conversations lead to, and numbers that pass from a closed organisation to its successor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from random import Random

import pytest

from department.country import COUNTRIES
from department.deals import Deals
from department.people import ManagerPeriod, Salesperson
from department.portfolio import (
    ACTIVE,
    CUSTOMER,
    DAY,
    DEVELOPMENT,
    DISQUALIFIED,
    NEW,
    NO_STAGE,
    SHIPMENT,
    Book,
    Market,
    Prospect,
)
from department.working_days import midnight

FIRST = midnight(date(2026, 1, 12), COUNTRIES["RU"].zone)
TEN = FIRST + 10 * 3600


class Desk:
    """One manager with an empty book."""

    def __init__(self, seed: int, days: int = 400) -> None:
        dice = Random(seed)
        self.manager = Salesperson(1, "", [ManagerPeriod("A", ("101",), None, None)], dice)
        self.market = Market(COUNTRIES["RU"], dice)
        self.book = Book()
        self.deals = Deals(self.market, dice, FIRST + days * DAY)

    def organisation(self, stage: int = NEW) -> Prospect:
        found = self.market.found(self.manager)
        found.move(FIRST - DAY, stage)
        self.book.add(found)
        return found

    def talk(self, organisation: Prospect, at: int) -> None:
        self.deals.after(self.manager, self.book, organisation, at, squeeze=False)

    def talk_until(self, organisation: Prospect, done: Callable[[], bool]) -> int:
        """Talk day after day until something has come of it; the moment of the last conversation."""
        at = TEN
        while not done():
            assert at < TEN + 390 * DAY
            at += DAY
            self.talk(organisation, at)
        return at


def test_stage_holds_from_the_second_of_its_change() -> None:
    organisation = Desk(1).organisation()
    organisation.move(TEN, ACTIVE)
    organisation.move(TEN + 9, DEVELOPMENT)
    moments = (FIRST - DAY - 1, FIRST - DAY, TEN - 1, TEN, TEN + 8, TEN + 9)
    assert [organisation.stage_at(at) for at in moments] == [NO_STAGE, NEW, NEW, ACTIVE, ACTIVE, DEVELOPMENT]


@pytest.mark.parametrize("seed", range(20))
def test_books_hold_each_organisation_where_it_stands(seed: int) -> None:
    desk = Desk(seed)
    organisations = [
        desk.organisation(stage) for stage in (NEW, ACTIVE, DEVELOPMENT, SHIPMENT, CUSTOMER) for _ in range(4)
    ]
    for day in range(60):
        for n, organisation in enumerate(organisations):
            if organisation in desk.book.by_stage[organisation.stage]:
                desk.talk(organisation, TEN + day * DAY + n * 300)
        desk.deals.open_successors(FIRST + day * DAY)
    for stage, there in enumerate(desk.book.by_stage):
        assert all(organisation.stage == stage for organisation in there)
    for organisation in desk.market.organisations:
        times = [at for at, _, _ in organisation.stages]
        assert times == sorted(times)


@pytest.mark.parametrize("seed", range(10))
def test_general_proposal_comes_before_the_move_to_active(seed: int) -> None:
    desk = Desk(seed)
    organisation = desk.organisation()
    desk.talk_until(organisation, lambda: organisation.stage != NEW)
    if organisation.stage == ACTIVE:
        assert organisation.stages[-1][0] >= desk.deals.proposals[-1].revisions[0].sent_at
        assert not desk.deals.proposals[-1].individual


@pytest.mark.parametrize("seed", range(10))
def test_revisions_follow_each_other_and_nothing_follows_a_withdrawal(seed: int) -> None:
    desk = Desk(seed)
    for _ in range(12):
        organisation = desk.organisation(DEVELOPMENT)
        for day in range(40):
            desk.talk(organisation, TEN + day * DAY)
    assert any(proposal.individual for proposal in desk.deals.proposals)
    for proposal in desk.deals.proposals:
        assert [revision.number for revision in proposal.revisions] == list(range(1, len(proposal.revisions) + 1))
        sent = [revision.sent_at for revision in proposal.revisions]
        assert sent == sorted(set(sent))
        assert not any(revision.withdrawn for revision in proposal.revisions[:-1])
        assert all(revision.cents > 0 for revision in proposal.revisions) == proposal.individual


def test_nothing_is_written_that_would_come_after_the_last_day() -> None:
    desk = Desk(3, days=1)
    for _ in range(300):
        desk.talk(desk.organisation(DEVELOPMENT), FIRST + DAY - 60)
    moved = [at for organisation in desk.market.organisations for at, _, _ in organisation.stages]
    sent = [revision.sent_at for proposal in desk.deals.proposals for revision in proposal.revisions]
    assert max(moved) < FIRST + DAY
    assert all(at < FIRST + DAY for at in sent)


def closed_with_successor(desk: Desk) -> tuple[Prospect, Prospect, int]:
    """(closed, its successor, when the successor opened)."""
    for _ in range(200):
        organisation = desk.organisation()
        at = desk.talk_until(organisation, lambda organisation=organisation: organisation.stage != NEW)  # type: ignore[misc]
        opens = (at - FIRST) // DAY * DAY + FIRST + 2 * DAY
        known = len(desk.market.organisations)
        desk.deals.open_successors(opens)
        if len(desk.market.organisations) > known:
            return organisation, desk.market.organisations[-1], opens
    raise AssertionError("nobody was closed and succeeded")


def test_successor_has_the_closed_ones_number_and_begins_where_it_opened() -> None:
    desk = Desk(5)
    closed, successor, opened = closed_with_successor(desk)
    assert closed.phones[0] == successor.phones[0]
    assert successor.stages == [(opened, NEW, "m01")]
    assert closed.stages[-1][1] == DISQUALIFIED
    assert closed.stages[-1][0] <= opened - DAY
    assert closed not in desk.book.by_stage[DISQUALIFIED]  # nobody calls it, so one number is one organisation's
    assert successor in desk.book.by_stage[NEW]


def test_closed_organisation_with_a_successor_never_opens_again() -> None:
    desk = Desk(5)
    closed, _, opened = closed_with_successor(desk)
    for day in range(200):
        desk.talk(closed, opened + day * DAY)
    assert closed.stage == DISQUALIFIED


def test_organisation_that_opened_again_has_no_successor() -> None:
    """Seeds on which somebody is closed and would be succeeded, but is won back the same day."""
    for seed in range(60):
        desk = Desk(seed)
        organisation = desk.organisation()
        at = desk.talk_until(organisation, lambda organisation=organisation: organisation.stage != NEW)  # type: ignore[misc]
        if organisation.stage != DISQUALIFIED:
            continue
        organisation.move(organisation.settled_at + 60, NEW)
        desk.book.restage(organisation, DISQUALIFIED)
        desk.deals.open_successors(at + 5 * DAY)
        assert len(desk.market.organisations) == 1
