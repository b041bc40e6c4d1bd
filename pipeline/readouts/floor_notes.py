"""Who needs a word, and which: why somebody is silent, as the metric says, and two rules of the eye for a live day."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from pipeline.readouts.floor import Floor, Person

FEW_TALKS, FEWEST_CALLS = 0.25, 15
BEHIND = 0.7


class Sign(StrEnum):
    """What stands before the name: colours are not all that tells."""

    NONE = " "
    SILENT = "!"
    MOVED = ">"
    FEW_TALKS = "?"
    BEHIND = "<"
    AWAY = "-"


class Note(NamedTuple):
    """A sign, and the word beside it."""

    sign: Sign = Sign.NONE
    text: str = ""

    @property
    def warns(self) -> bool:
        """It is something that somebody should look at."""
        return self.sign not in (Sign.NONE, Sign.AWAY)


LEGEND = {
    Sign.SILENT: "silent: at work, and chance does not explain it",
    Sign.MOVED: "moved: calls from an extension without a manager",
    Sign.FEW_TALKS: f"few talks: under {FEW_TALKS:.0%} of {FEWEST_CALLS} or more calls",
    Sign.BEHIND: f"behind plan: A of the month under {BEHIND:.0%}",
    Sign.AWAY: "away: the roster says so, no alarm",
}


def notes(floor: Floor) -> list[Note]:
    """One for each of `floor.people`, in their order."""
    return [_note(person, floor.now.timestamp()) for person in floor.people]


def feed_is_dead(people: Sequence[Person]) -> bool:
    """Nothing is recorded at all: one thing to look at, not one for everybody."""
    return any(one.why == "feed_dead" for one in people)


def _note(person: Person, now: float) -> Note:
    calls, talks = person.numbers.calls, person.numbers.conversations
    if person.why == "silent":
        text = "silent today" if person.last_at is None else f"silent {_hours(now - person.last_at)}"
        return Note(Sign.SILENT, text)
    if person.why == "moved":
        return Note(Sign.MOVED, f"moved to {person.moved_to}")
    if person.why == "away":
        return Note(Sign.AWAY, "away")
    if calls >= FEWEST_CALLS and talks < FEW_TALKS * calls:
        return Note(Sign.FEW_TALKS, f"few talks {talks / calls:.0%}")
    if person.plan_fact is not None and person.plan_fact < BEHIND:
        return Note(Sign.BEHIND, "behind plan")
    return Note()


def _hours(seconds: float) -> str:
    return f"{int(seconds) // 3600}:{int(seconds) % 3600 // 60:02d} h"
