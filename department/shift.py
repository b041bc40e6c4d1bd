"""A manager's day at the phone: whom they call, who calls them, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from department.anomalies import AnomalyKind
from department.calls import CallOutcome, Path, SimulatedCall, Way
from department.deals import Deals
from department.options import DepartmentOptions
from department.people import Salesperson
from department.portfolio import DISQUALIFIED, Book, Market, Prospect
from department.random_streams import TABLE, curve_table, lognormal_table, over_dispersed
from department.working_days import WorkDay, WorkDayKind, season

HOURS = curve_table(
    [(8.4, 0), (9, 0.55), (10.2, 1), (11.5, 1.05), (12.6, 0.75), (13.1, 0.28), (13.9, 0.35), (14.6, 0.95),
     (16, 1), (17.2, 0.7), (18, 0.25), (18.8, 0)]
)  # fmt: skip
"""When there are calls: two humps, and lunch between them."""
SHORT_HOURS = curve_table([(8.4, 0), (9, 0.6), (10.5, 1.1), (12.6, 0.8), (13.1, 0.3), (14, 0.7), (16, 0.5), (17.2, 0)])
RING_S = lognormal_table(11, 0.5, 2, 50)
CHAT_S = lognormal_table(40, 0.9, 2, 900)
"""Talk with colleagues, private callers, people who are not customers."""
_STEADY = (0.34, 0.3, 0.22, 0.04, 0.1, 0.0)
"""Whom a manager calls, by stage."""
_SQUEEZE = (0.02, 0.06, 0.12, 0.1, 0.7, 0.0)
_CALLERS = (0.12, 0.3, 0.24, 0.1, 0.21, 0.03)
"""Who calls a manager, by stage."""
CONVERSATION_S = 30
_USUAL_PACE = 55
"""Calls a day that the openings of a manager go with."""


class PhoneSystem(NamedTuple):
    """Who picks up phones on a day: desks to ring, people to hand calls over to."""

    people: Sequence[Salesperson]
    reception: str

    def colleague(self, dice: Random, than: Salesperson) -> Salesperson | None:
        """Somebody else than the one who asks; None when nobody is there."""
        if len(self.people) < 2:
            return None
        index = int(dice.random() * len(self.people))
        found = self.people[index]
        return found if found is not than else self.people[index - 1]

    def ring(self, dice: Random, least: int, but: Salesperson | None) -> tuple[str, ...]:
        """The desks of `least` people or one more, without one of them; fewer when fewer are there."""
        wanted = least + int(dice.random() * 2)
        first = int(dice.random() * len(self.people))
        around = [self.people[(first + n) % len(self.people)] for n in range(min(len(self.people), wanted))]
        return tuple(manager.extensions[0] for manager in around if manager is not but)


class Shift:
    """One manager through all days. Keeps whom to try again, and who may call back."""

    def __init__(
        self, manager: Salesperson, book: Book, market: Market, deals: Deals, dice: Random, options: DepartmentOptions
    ) -> None:
        self.manager = manager
        self.book = book
        self._market = market
        self._deals = deals
        self._dice = dice
        self._pace = options.pace
        self._hands_over_out = options.hands_over_out
        self._again: list[tuple[int, Prospect, str]] = []
        self._missed: list[tuple[Prospect, str]] = []
        self._private = [market.number() for _ in range(3)]
        self._calls: list[SimulatedCall] = []
        self._free_at = 0
        self._weights = _STEADY
        self._squeezes = self._games = False

    def work(self, day: WorkDay, floor: PhoneSystem, mood: float) -> list[SimulatedCall]:
        """The day's calls in order of time. `mood` is how much business there is for everybody."""
        manager, dice = self.manager, self._dice
        events = {kind for kind, event in manager.events.items() if event.covers(day.date)}
        self._squeezes, self._games = AnomalyKind.SQUEEZER in events, AnomalyKind.GAMER in events
        self._weights = _SQUEEZE if self._squeezes else _STEADY
        self._calls = []
        if AnomalyKind.SILENT in events:
            return []
        mu = self._pace * manager.diligence * manager.ramp(day.date) * day.weight * season(day.date) * mood
        self._open_organisations(day, mood)
        hours = SHORT_HOURS if day.kind is not WorkDayKind.WORKING else HOURS
        for share in sorted(dice.random() for _ in range(over_dispersed(dice, mu, manager.dispersion))):
            at = day.midnight + hours[int(share * TABLE)] + int(dice.random() * 20)
            self._call(max(at, self._free_at + 3 + int(dice.random() * 20)), floor)
        return self._calls

    def _open_organisations(self, day: WorkDay, mood: float) -> None:
        """New ones come into the CRM in the morning. A squeezer opens none."""
        if self._squeezes:
            return
        wanted = self.manager.openings * self._pace / _USUAL_PACE * self.manager.ramp(day.date) * mood
        for _ in range(int(wanted + self._dice.random())):
            organisation = self._market.found(self.manager)
            organisation.move(day.midnight + 8 * 3_600 + int(self._dice.random() * 7_200), 0)
            self.book.add(organisation)

    def _call(self, at: int, floor: PhoneSystem) -> None:
        chance = self._dice.random()
        for limit, act in _DAY:
            if chance < limit:
                act(self, at, floor)
                return

    def _keep(self, call: SimulatedCall) -> None:
        self._calls.append(call)
        self._free_at = call.end

    def _after(self, call: SimulatedCall) -> None:
        """What a conversation of the owner leads to."""
        organisation = call.organisation
        if organisation is not None and organisation.owner is self.manager and call.talk_s >= CONVERSATION_S:
            self._deals.after(self.manager, self.book, organisation, call.end, squeeze=self._squeezes)

    def _extension(self) -> str:
        extensions = self.manager.extensions
        return extensions[0] if len(extensions) == 1 or self._dice.random() < 0.7 else extensions[1]

    def _dial(self, at: int, floor: PhoneSystem) -> None:
        """Business out: somebody to try again, else somebody of the book."""
        if self._again and self._again[0][0] <= at:
            _, organisation, phone = self._again.pop(0)
            if organisation.stage != DISQUALIFIED:
                self._ring(at, organisation, phone, floor)
                return
        drawn = self.book.draw(self._dice, self._weights)
        if drawn is None:
            self._stranger(at, floor)
            return
        phones = drawn.phones
        phone = phones[0] if len(phones) == 1 or self._dice.random() < 0.7 else phones[1]
        if self._games and self._dice.random() < 0.6:
            self._pretend(at, drawn, phone)
        else:
            self._ring(at, drawn, phone, floor)

    def _ring(self, at: int, organisation: Prospect, phone: str, floor: PhoneSystem) -> None:
        dice = self._dice
        call = self._outbound(at, phone, organisation, self.manager.draw_talk(dice))
        if not call.picked:
            if dice.random() < 0.4:
                self._again.append((call.end + 120 + int(dice.random() * 7_200), organisation, phone))
                self._again.sort(key=lambda one: one[0])
            elif dice.random() < 0.4:
                self._missed.append((organisation, phone))
            return
        if self._hands_over_out and call.end - call.picked > 40 and dice.random() < 0.012:
            self._hand_over(call, floor)
        self._after(call)

    def _outbound(self, at: int, phone: str, organisation: Prospect | None, talk_s: int) -> SimulatedCall:
        """Dial a number: answered more often than not."""
        dice, manager = self._dice, self.manager
        chance = dice.random()
        path = Path.DIALLED if dice.random() > 0.03 else Path.REROUTED
        ring_s = RING_S[int(dice.random() * TABLE)]
        picked, outcome = 0, CallOutcome.NO_ANSWER
        if chance < 0.6:
            picked = at + ring_s
            end = picked + talk_s
        elif chance < 0.7:
            outcome, end = CallOutcome.BUSY, at + 2 + ring_s // 6
        elif chance < 0.73:
            outcome, end = CallOutcome.FAILED, at + 1 + ring_s // 12
        else:
            end = at + 10 + ring_s * 2
        call = SimulatedCall(at, end, Way.OUT, path, phone, organisation, self._extension(), manager, picked, outcome)
        self._keep(call)
        return call

    def _pretend(self, at: int, organisation: Prospect, phone: str) -> None:
        """Dial, hang up after three seconds, dial the same number again."""
        dice = self._dice
        for _ in range(2 + int(dice.random() * 3)):
            picked = at + 2 + int(dice.random() * 3) if dice.random() < 0.7 else 0
            end = picked + 1 + int(dice.random() * 4) if picked else at + 3
            extension = self.manager.extensions[0]
            self._keep(
                SimulatedCall(at, end, Way.OUT, Path.DIALLED, phone, organisation, extension, self.manager, picked)
            )
            at = end + 4 + int(dice.random() * 20)

    def _stranger(self, at: int, floor: PhoneSystem) -> None:
        """Out to somebody who is not a customer: private, or a wrong number that is soon hung up."""
        dice = self._dice
        if dice.random() < 0.5:
            self._outbound(at, self._private[int(dice.random() * 3)], None, CHAT_S[int(dice.random() * TABLE)])
        else:
            self._outbound(at, self._market.number(), None, 4 + int(dice.random() * 9))

    def _direct(self, at: int, floor: PhoneSystem) -> None:
        """In, to the manager's own number."""
        dice, manager = self._dice, self.manager
        organisation, contact = self._caller()
        ring_s = RING_S[int(dice.random() * TABLE)]
        path = Path.DIRECT if dice.random() > 0.06 else Path.FORWARDED
        extension = manager.extensions[0]
        if dice.random() < 0.8:
            picked = at + ring_s
            end = picked + self._talk_with(organisation)
            call = SimulatedCall(at, end, Way.IN, path, contact, organisation, extension, manager, picked)
            self._keep(call)
            if path is Path.DIRECT and end - picked > 25 and dice.random() < 0.06:
                self._hand_over(call, floor)
            self._after(call)
            return
        busy = dice.random() < 0.3
        end = at + (2 if busy else 8 + ring_s)
        outcome = CallOutcome.BUSY if busy else CallOutcome.NO_ANSWER
        call = SimulatedCall(at, end, Way.IN, Path.DIRECT, contact, organisation, extension, manager, 0, outcome)
        if dice.random() < 0.4:
            call.voicemail = end
            call.end = end + 4 + ring_s
        self._keep(call)
        self._free_at = at

    def _queued(self, at: int, floor: PhoneSystem) -> None:
        """In, to the queue, and picked up here while other desks rang too."""
        dice, manager = self._dice, self.manager
        organisation, contact = self._caller()
        if dice.random() < 0.15:
            organisation, contact = None, self._market.number() if dice.random() < 0.8 else ""
        through_menu = dice.random() < 0.45
        menu_s = 5 + int(dice.random() * 15) if through_menu else 0
        picked = at + menu_s + RING_S[int(dice.random() * TABLE)]
        end = picked + self._talk_with(organisation)
        path = Path.MENU if through_menu else Path.QUEUE
        call = SimulatedCall(at, end, Way.IN, path, contact, organisation, manager.extensions[0], manager, picked)
        call.menu_s = menu_s
        call.rang = floor.ring(dice, 0 if through_menu else 2, manager)
        self._keep(call)
        if end - picked > 25 and dice.random() < 0.05:
            self._hand_over(call, floor)
        self._after(call)

    def _through_reception(self, at: int, floor: PhoneSystem) -> None:
        """In, to the reception, who asks and hands over."""
        dice, manager = self._dice, self.manager
        organisation, contact = self._caller()
        picked = at + RING_S[int(dice.random() * TABLE)] // 2 + 1
        handed = picked + 8 + int(dice.random() * 25)
        end = handed + self._talk_with(organisation)
        call = SimulatedCall(at, end, Way.IN, Path.DIRECT, contact, organisation, floor.reception, None, picked)
        call.consulted = handed - 3 - int(dice.random() * 4)
        call.handed = call.taken = handed
        call.taker, call.taker_extension = manager, manager.extensions[0]
        self._keep(call)

    def _caller(self) -> tuple[Prospect | None, str]:
        """Who calls: somebody who was not reached calls back, an organisation, a stranger, or somebody hidden."""
        dice = self._dice
        chance = dice.random()
        if chance < 0.3 and self._missed:
            organisation, phone = self._missed.pop()
            if organisation.stage != DISQUALIFIED:
                return organisation, phone
        if chance < 0.86 and (drawn := self.book.draw(dice, _CALLERS)) is not None:
            return drawn, drawn.phones[int(dice.random() * len(drawn.phones))]
        if chance < 0.96:
            return None, self._market.number() if dice.random() < 0.7 else self._private[0]
        return None, ""

    def _talk_with(self, organisation: Prospect | None) -> int:
        return self.manager.draw_talk(self._dice) if organisation else CHAT_S[int(self._dice.random() * TABLE)]

    def _hand_over(self, call: SimulatedCall, floor: PhoneSystem) -> None:
        """A colleague goes on with the call: after a question (attended), or unasked (blind)."""
        dice = self._dice
        taker = floor.colleague(dice, self.manager)
        if taker is None:
            return
        call.taker, call.taker_extension = taker, taker.extensions[0]
        call.handed = call.picked + 10 + int(dice.random() * (call.end - call.picked - 20))
        if call.way is Way.OUT or dice.random() < 0.5:
            call.consulted = call.handed - 4
            call.taken = call.handed
        else:
            call.taken = call.handed + 3 + int(dice.random() * 12)
            call.end = max(call.end, call.taken + 5)

    def _inside(self, at: int, floor: PhoneSystem) -> None:
        """To a colleague or to a machine: in no number."""
        dice, manager = self._dice, self.manager
        picked = at + 4 + int(dice.random() * 6)
        end = picked + CHAT_S[int(dice.random() * TABLE)]
        called = floor.colleague(dice, manager)
        if dice.random() < 0.05 or called is None:
            self._keep(SimulatedCall(at, at + 20, Way.INSIDE, Path.SERVICE, "", None, self._extension(), manager, at))
            return
        answers = dice.random() < 0.75
        ends_at, picked_at = (end, picked) if answers else (picked + 15, 0)
        call = SimulatedCall(at, ends_at, Way.INSIDE, Path.INSIDE, "", None, self._extension(), manager, picked_at)
        call.taker_extension = called.extensions[0] if dice.random() < 0.8 else floor.reception
        self._keep(call)


_DAY: tuple[tuple[float, Callable[[Shift, int, PhoneSystem], None]], ...] = (
    (0.58, Shift._dial),
    (0.61, Shift._stranger),
    (0.71, Shift._direct),
    (0.88, Shift._queued),
    (0.9, Shift._through_reception),
    (1.01, Shift._inside),
)
"""What a call at hand is, cumulative."""
