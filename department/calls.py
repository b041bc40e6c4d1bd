"""One call as it truly went. An exchange writes legs of it; the truth is counted from it."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from department.people import Salesperson
from department.portfolio import Prospect


class Way(IntEnum):
    OUT = 0
    IN = 1
    INSIDE = 2


class Path(IntEnum):
    """How it went through the exchange."""

    DIALLED = 0
    """Out over a trunk."""
    REROUTED = 1
    """Out; the first trunk refused, the second took it."""
    DIRECT = 2
    """In, to one desk."""
    QUEUE = 3
    """In, to the queue: several desks rang."""
    MENU = 4
    """In, through the voice menu to the queue."""
    MENU_ONLY = 5
    """In; never left the menu."""
    FORWARDED = 6
    """In, to a desk that forwards to a mobile."""
    INSIDE = 7
    """From desk to desk."""
    SERVICE = 8
    """From a desk to a machine: own voicemail, the clock."""


class CallOutcome(StrEnum):
    """What an unanswered call was."""

    NO_ANSWER = "NO ANSWER"
    BUSY = "BUSY"
    FAILED = "FAILED"


class SimulatedCall:
    """Times are epoch seconds. Every talk is with the person outside; talk among colleagues does not count.

    The one who picked up talks from `picked` to `handed` (to `end`, when nobody took over), the one who took over
    from `taken` to `end`. Nobody spoke when `picked` is 0.
    """

    __slots__ = (
        *(
            "start",
            "end",
            "way",
            "path",
            "contact",
            "organisation",
            "extension",
            "manager",
            "picked",
            "outcome",
            "menu_s",
        ),
        *("rang", "voicemail", "handed", "taken", "taker", "taker_extension", "consulted", "oddity", "id"),
    )

    def __init__(
        self,
        start: int,
        end: int,
        way: Way,
        path: Path,
        contact: str,
        organisation: Prospect | None,
        extension: str,
        manager: Salesperson | None,
        picked: int,
        outcome: CallOutcome = CallOutcome.NO_ANSWER,
    ) -> None:
        self.start = start
        self.end = end
        self.way = way
        self.path = path
        self.contact = contact
        """E.164; "" for a hidden caller, and inside."""
        self.organisation = organisation
        self.extension = extension
        """Who dialled; of a call in: who picked up, else whose phone it was for."""
        self.manager = manager
        """Whose extension that is; None for the reception and for nobody's."""
        self.picked = picked
        self.outcome = outcome
        self.menu_s = 0
        """Seconds in the voice menu."""
        self.rang: tuple[str, ...] = ()
        """Other desks that rang."""
        self.voicemail = 0
        """When the voicemail answered."""
        self.handed = 0
        self.taken = 0
        self.taker: Salesperson | None = None
        self.taker_extension = ""
        self.consulted = 0
        """When an attended transfer asked the taker first; 0 for a blind one."""
        self.oddity: str | None = None
        """What is odd about how it is recorded (`oddities.Oddity`)."""
        self.id = ""
        """Its name in the exports: linkedid, and the uniqueid of its first channel. Given by the exchange."""

    @property
    def talk_s(self) -> int:
        """How long the first person talked."""
        return (self.handed or self.end) - self.picked if self.picked else 0

    def longest(self) -> tuple[Salesperson | None, int]:
        """Who talked longest with the person outside, and how long; of equals the first. Unanswered: nobody, 0."""
        if not self.picked:
            return None, 0
        if self.handed and self.end - self.taken > self.handed - self.picked:
            return self.taker, self.end - self.taken
        return self.manager, self.talk_s
