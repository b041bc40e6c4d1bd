"""Checks ids and teams of options: a mistyped one is refused, not answered with zeros."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from pipeline.readouts.numbers import Numbers
from schemas.errors import Terminal

_NAMED = 12
"""So many are listed."""


class KnownManager(msgspec.Struct, frozen=True):
    """A manager who is in any record."""

    manager_id: str
    name: str = ""
    teams: Sequence[str] = ()

    def __str__(self) -> str:
        return f"{self.manager_id} ({self.name})" if self.name else self.manager_id


def refuse_unknown(numbers: Numbers, managers: Sequence[str], teams: Sequence[str]) -> None:
    """Raises Terminal for an id or a team that is in no record; Transient or Terminal when the store does."""
    if managers or teams:
        refuse_strangers(numbers.rows("known_people", KnownManager, {}), managers, teams)


def refuse_strangers(known: Sequence[KnownManager], managers: Sequence[str], teams: Sequence[str]) -> None:
    """Raises Terminal for the first who is not among the known ones. Of an empty store nothing is refused."""
    ids = {one.manager_id for one in known}
    for stranger in managers if known else ():
        if stranger not in ids:
            namesakes = [one for one in known if stranger.casefold() in one.name.casefold()]
            raise Terminal(f"--manager {stranger}: no manager has this id; {_listed(namesakes or known)}")
    of = sorted({team for one in known for team in one.teams})
    for stranger in teams if known else ():
        if stranger not in of:
            raise Terminal(f"--team {stranger}: there is no such team; {_listed(of) if of else 'nobody has one'}")


def _listed(some: Sequence[object]) -> str:
    more = f" and {len(some) - _NAMED:,} more" if len(some) > _NAMED else ""
    return f"there {'is' if len(some) == 1 else 'are'} {', '.join(map(str, some[:_NAMED]))}{more}"
