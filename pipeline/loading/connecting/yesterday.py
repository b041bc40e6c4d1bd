"""A day's calls of an account as they would be counted: one line for each user. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from connectors.api.adapter import PulledPage
from pipeline.stitch import stitch
from schemas.records import CallLeg, Direction


class UserDay(msgspec.Struct, frozen=True):
    """What one user did. `name` is "" for calls that no user took or made."""

    name: str
    calls: int = 0
    answered: int = 0
    conversations: int = 0
    talk_s: int = 0


def counted(pages: Iterable[PulledPage], names: Mapping[str, str], conversation_s: int) -> list[UserDay]:
    """The day, the busiest first; who is not in `names` goes by their extension."""
    legs: dict[str, list[CallLeg]] = {}
    for page in pages:
        for row in page.rows:
            for item in row.items:
                if isinstance(item, CallLeg):
                    legs.setdefault(item.call_id, []).append(item)
    days: dict[str, UserDay] = {}
    for together in legs.values():
        call = stitch(together)
        if call.direction is Direction.INTERNAL:
            continue
        name = names.get(call.extension, call.extension)
        day = days.get(name, UserDay(name))
        days[name] = UserDay(
            name,
            day.calls + 1,
            day.answered + call.answered,
            day.conversations + (call.answered and call.talk_s >= conversation_s),
            day.talk_s + call.talk_s,
        )
    return sorted(days.values(), key=lambda day: (-day.calls, day.name))


def rejected(pages: Iterable[PulledPage]) -> int:
    """Rows of the pages that would be rejected."""
    return sum(not isinstance(item, CallLeg) for page in pages for row in page.rows for item in row.items)
