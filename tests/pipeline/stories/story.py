"""A call as it went: who was in it, from when to when. Each layout tells it in its own rows; the truth is told here."""

from __future__ import annotations

from collections.abc import Set
from enum import Enum
from typing import NamedTuple

from hypothesis import strategies as st

from schemas.records import Direction, Manager
from tests.pipeline.cases.harness import Counted, person

PEOPLE = ("101", "102", "103", "104")
MOBILES = {one: f"+7916999{one}0" for one in PEOPLE}
ROSTER: tuple[Manager, ...] = tuple(person(f"m{one}", one, mobiles=[MOBILES[one]]) for one in PEOPLE)


class Entry(Enum):
    """How a call reaches its first person."""

    DIRECT = "direct"
    GROUP = "group"
    """Several phones ring at once."""
    QUEUE = "queue"
    MENU = "menu"
    """A machine answers first."""
    FORWARD = "forward"
    """The phone sends it on to its person's mobile."""
    PICKUP = "pickup"
    """A colleague picks up what rings elsewhere."""


class How(Enum):
    """How the next person comes to it."""

    FIRST = "first"
    BLIND = "blind"
    ATTENDED = "attended"
    """Asked before; the customer is on hold meanwhile, which is talk of whoever asks."""
    PARKED = "parked"
    ROOM = "room"
    """They go into a conference (one talk), where a colleague comes and leaves before the customer does (another)."""


class End(Enum):
    """What an unanswered call was."""

    NO_ANSWER = "no answer"
    BUSY = "busy"
    VOICEMAIL = "voicemail"
    MENU = "menu only"


class Talk(NamedTuple):
    """Seconds from the call's start in which a person was together with the outside."""

    who: str
    since: int
    until: int
    how: How = How.FIRST


class Story(NamedTuple):
    """Lengths in seconds. `called`: who dialled, or whose phone rang first."""

    way: Direction
    entry: Entry
    called: str
    contact: str
    rang: tuple[str, ...]
    """The others of a group or a queue."""
    menu_s: int
    talks: tuple[Talk, ...]
    end: End
    over: int
    """When it was over."""
    consult_s: int = 0
    """How long before an attended transfer the next person was asked."""

    @property
    def is_answered(self) -> bool:
        return self.talks != ()


def truth(story: Story) -> Counted:
    """What docs/metrics.md makes of it, by plain arithmetic."""
    seconds: dict[str, set[int]] = {}
    first: dict[str, int] = {}
    for who, since, until, _ in story.talks:
        seconds.setdefault(who, set()).update(range(since, until))
        first.setdefault(who, since)
    owner = max(seconds, key=lambda who: (len(seconds[who]), -first[who]), default="")
    if not owner and story.way is Direction.OUTBOUND:
        owner = story.called
    talk_s = len(seconds.get(owner, ()))
    return Counted(f"m{owner}" if owner else "", talk_s, story.is_answered, story.way, story.contact)


NEEDS_ASKING = 3
"""Seconds of talk that an attended transfer takes at least."""


@st.composite
def stories(draw: st.DrawFn, can: Set[object]) -> Story:
    """A call of the kinds that a layout can tell exactly: `can` holds values of Entry, How and End, and words."""
    way = draw(st.sampled_from([way for way in Direction if way in can]))
    entries = [entry for entry in Entry if entry in can] if way is Direction.INBOUND else [Entry.DIRECT]
    entry = draw(st.sampled_from(entries))
    contact = "" if way is Direction.INTERNAL else f"+7916{draw(st.integers(0, 9_999_999)):07}"
    called, *others = draw(st.permutations(PEOPLE))
    rang = tuple(sorted(others[: draw(st.integers(1, 2))])) if entry in (Entry.GROUP, Entry.QUEUE) else ()
    menu_s = draw(st.integers(1, 40)) if entry is Entry.MENU else 0
    at = menu_s + draw(st.integers(1, 25))
    if draw(st.integers(0, 3)) == 0:
        ends = [End.NO_ANSWER, *([End.BUSY] if End.BUSY in can and entry is Entry.DIRECT else [])]
        if way is Direction.INBOUND and entry is Entry.DIRECT:
            ends += [end for end in (End.VOICEMAIL, End.MENU) if end in can]
        return Story(way, entry, called, contact, rang, menu_s, (), draw(st.sampled_from(ends)), at)
    first = others[-1] if entry is Entry.PICKUP else called
    talks = [Talk(first, at, at + draw(st.integers(0 if "zero" in can else 1, 300)))]
    consult_s = 0
    more = [] if way is Direction.INTERNAL or entry is Entry.FORWARD else [how for how in How if how in can]
    if way is Direction.OUTBOUND and "handed over outbound" not in can:
        more = []
    for how in draw(st.lists(st.sampled_from(more), max_size=2)) if more else ():
        last = talks[-1]
        who = draw(st.sampled_from([one for one in PEOPLE if one != last.who]))
        length = draw(st.integers(1, 300))
        if how is How.ATTENDED and (last.until - last.since < NEEDS_ASKING or consult_s):
            continue
        if how is How.ROOM:
            came = last.until + draw(st.integers(1, 20))
            talks.append(Talk(last.who, last.until, came + length + draw(st.integers(1, 60)), how))
            talks.append(Talk(who, came, came + length, how))
            break
        if how is How.ATTENDED:
            consult_s = draw(st.integers(2, last.until - last.since - 1))
        waited = (
            0 if how is How.ATTENDED else draw(st.integers(1, 30)) if "rings again" in can or how is How.PARKED else 0
        )
        talks.append(Talk(who, last.until + waited, last.until + waited + length, how))
    over = max(talk.until for talk in talks)
    return Story(way, entry, called, contact, rang, menu_s, tuple(talks), End.NO_ANSWER, over, consult_s)
