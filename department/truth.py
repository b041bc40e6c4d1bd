"""The numbers of docs/metrics, per manager and day, counted from the simulation, not from legs, not by product code.

Conventions (docs/decisions, 9 to 13): internal calls are in no number; a call is whose talked longest with the person
outside, an unanswered one out is who dialled, an unanswered one in is nobody's; B divides calls with known
organisations; an individual proposal counts on the day of its first revision with the latest sum, a withdrawn one not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec

from department.calls import SimulatedCall, Way
from department.deals import SimulatedProposal
from department.portfolio import POTENTIAL
from department.shift import CONVERSATION_S
from department.working_days import WorkDay

NOBODY = ""


class TrueNumbers(msgspec.Struct, kw_only=True):
    """One row, in the names of `callfunnel activity`. Nobody's row has the calls that no manager had."""

    manager_id: str
    day: str
    calls: int = 0
    attempts: int = 0
    answered: int = 0
    conversations: int = 0
    talk_s: int = 0
    contacts: int = 0
    organisations: int = 0
    calls_to_potential: int = 0
    calls_per_organisation: float | None = None
    general_proposals: int = 0
    individual_proposals: int = 0
    individual_amount: dict[str, float] = {}
    unknown_calls: int = 0
    match_coverage: float | None = None


class _Tally:
    """What a manager did on a day, while it is counted."""

    __slots__ = ("contacts", "ids", "numbers", "organisations")

    def __init__(self, manager_id: str, day: str) -> None:
        self.numbers = TrueNumbers(manager_id=manager_id, day=day)
        self.contacts: set[str] = set()
        self.organisations: set[str] = set()
        self.ids: list[str] = []

    def add(self, call: SimulatedCall, talk_s: int) -> None:
        numbers = self.numbers
        numbers.calls += 1
        self.ids.append(call.id)
        if call.way is Way.OUT:
            numbers.attempts += 1
        if call.contact:
            self.contacts.add(call.contact)
        organisation = call.organisation
        if organisation is None:
            numbers.unknown_calls += 1
        else:
            self.organisations.add(organisation.id)
        if call.picked:
            numbers.answered += 1
            numbers.talk_s += talk_s
            if talk_s >= CONVERSATION_S:
                numbers.conversations += 1
                if organisation is not None and organisation.stage_at(call.start) in POTENTIAL:
                    numbers.calls_to_potential += 1

    def close(self) -> TrueNumbers:
        numbers = self.numbers
        known = numbers.calls - numbers.unknown_calls
        numbers.contacts, numbers.organisations = len(self.contacts), len(self.organisations)
        numbers.calls_per_organisation = round(known / numbers.organisations, 4) if numbers.organisations else None
        numbers.match_coverage = round(known / numbers.calls, 4) if numbers.calls else None
        return numbers


class Truth:
    """Takes the days of the simulation one by one, then the proposals."""

    def __init__(self, zone: ZoneInfo, currency: str) -> None:
        self._zone = zone
        self._currency = currency
        self._rows: dict[tuple[str, str], TrueNumbers] = {}
        self._ids: dict[tuple[str, str], list[str]] = {}
        self.calls = 0
        self.lost: dict[str, int] = {}
        """Calls that nobody recorded, by day."""

    def add(self, day: WorkDay, calls: list[SimulatedCall], lost: int) -> None:
        """A day's recorded calls, with the ids that the exchange gave them."""
        tallies: dict[str, _Tally] = {}
        on = day.date.isoformat()
        self.calls += len(calls)
        if lost:
            self.lost[on] = lost
        for call in calls:
            if call.way is Way.INSIDE:
                continue
            manager, talk_s = call.longest()
            if call.way is Way.OUT and not call.picked:
                manager = call.manager
            manager_id = manager.id if manager is not None else NOBODY
            tally = tallies.get(manager_id)
            if tally is None:
                tally = tallies[manager_id] = _Tally(manager_id, on)
            tally.add(call, talk_s)
        for manager_id, tally in tallies.items():
            self._rows[on, manager_id] = tally.close()
            self._ids[on, manager_id] = tally.ids

    def propose(self, proposals: Sequence[SimulatedProposal]) -> None:
        """All proposals, once."""
        general: dict[tuple[str, str], set[str]] = {}
        cents: dict[tuple[str, str], int] = {}
        for proposal in proposals:
            if proposal.revisions[-1].withdrawn:
                continue
            key = self._day(proposal.revisions[0].sent_at).isoformat(), proposal.manager.id
            row = self._rows.setdefault(key, TrueNumbers(manager_id=key[1], day=key[0]))
            if proposal.individual:
                row.individual_proposals += 1
                cents[key] = cents.get(key, 0) + proposal.revisions[-1].cents
            else:
                general.setdefault(key, set()).add(proposal.organisation.id)
        for key, organisations in general.items():
            self._rows[key].general_proposals = len(organisations)
        for key, total in cents.items():
            self._rows[key].individual_amount = {self._currency: total / 100}

    def rows(self) -> Iterator[TrueNumbers]:
        """By day, then manager; nobody's row comes first on its day."""
        return (self._rows[key] for key in sorted(self._rows))

    def calls_behind(self) -> Iterator[dict[str, str]]:
        """The ids of the calls of every row, in order of time, separated by blanks."""
        return (
            {"manager_id": manager_id, "day": on, "ids": " ".join(self._ids[on, manager_id])}
            for on, manager_id in sorted(self._ids)
        )

    def _day(self, at: int) -> date:
        return datetime.fromtimestamp(at, self._zone).date()
