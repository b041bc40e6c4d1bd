"""Whose an extension was, whose number it was, which stage an organisation was in: all as of a moment. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from schemas.records import Manager, StageChange
from schemas.stages import Stages


class Owner(NamedTuple):
    """A manager of an extension for `[valid_from, valid_to)`."""

    valid_from: datetime
    valid_to: datetime | None
    manager_id: str
    team: str

    def covers(self, at: datetime) -> bool:
        return self.valid_from <= at and (self.valid_to is None or at < self.valid_to)


NOBODY = ("", "")


class Managers:
    """Managers with their periods, asked by what the exchange has of them, or by id."""

    def __init__(self, managers: Iterable[Manager]) -> None:
        self._by_key: dict[str, list[Owner]] = {}
        self._by_id: dict[str, list[Owner]] = {}
        for manager in sorted(managers, key=lambda m: (m.valid_from, m.manager_id), reverse=True):
            owner = Owner(manager.valid_from, manager.valid_to, manager.manager_id, manager.team)
            self._by_id.setdefault(manager.manager_id, []).append(owner)
            for key in keys_of(manager):
                self._by_key.setdefault(key, []).append(owner)
            if manager.name:
                self._by_key.setdefault(_name_key(manager.name), []).append(owner)

    def of_extension(self, extension: str, at: datetime, source: str = "") -> tuple[str, str]:
        """(manager_id, team) of an extension, a login or a mobile at a time; `NOBODY` when it was nobody's.

        What names the tenant or the exchange goes before what is of all of them; a name goes last, and must be of one.
        """
        for key in _asked(extension, source):
            for valid_from, valid_to, manager_id, team in self._by_key.get(key, ()):
                if valid_from <= at and (valid_to is None or at < valid_to):
                    return manager_id, team
        found = {
            (owner.manager_id, owner.team) for owner in self._by_key.get(_name_key(extension), ()) if owner.covers(at)
        }
        return found.pop() if len(found) == 1 else NOBODY

    def team_of(self, manager_id: str, at: datetime) -> str:
        """The team at a time; outside every known period the nearest earlier one, else the earliest."""
        periods = self._by_id.get(manager_id)
        if not periods:
            return ""
        started = next((owner for owner in periods if owner.covers(at)), None)
        started = started or next((owner for owner in periods if owner.valid_from <= at), periods[-1])
        return started.team


def keys_of(manager: Manager) -> set[str]:
    """What the exchange may have of a manager: no two managers have the same at one time."""
    at_source = f"@{manager.source}" if manager.source else ""
    inside = (own if "@" in own else f"{own}{at_source}" for own in (*manager.extensions, *manager.logins))
    return {own.casefold() for own in inside} | set(manager.mobiles)


def _asked(extension: str, source: str) -> tuple[str, ...]:
    """The keys that an extension is looked for by, the most exact first."""
    own = extension.casefold()
    bare, _, tenant = own.partition("@")
    at_source = f"{bare}@{source.casefold()}"
    return (own, at_source, bare) if tenant else (at_source, own)


def _name_key(name: str) -> str:
    return f"\0{name.strip().casefold()}"


class History:
    """The stage changes of one organisation, in order of (time, stage order, version)."""

    __slots__ = ("_at", "_stages")

    def __init__(self, changes: Iterable[StageChange], order: dict[str, int]) -> None:
        ranked = sorted(changes, key=lambda c: (c.changed_at, order.get(c.stage, -1), c.version))
        self._at = [change.changed_at for change in ranked]
        self._stages = [change.stage for change in ranked]

    def stage_at(self, at: datetime) -> tuple[str, datetime | None]:
        """The stage as of a time and since when; ("", None) before the first change."""
        index = bisect_right(self._at, at) - 1
        return (self._stages[index], self._at[index]) if index >= 0 else ("", None)


class Directory:
    """Everything about people and organisations that a chunk of calls needs; read from ClickHouse."""

    def __init__(self, stages: Stages) -> None:
        self.managers = Managers(())
        self.organisations: dict[str, tuple[str, ...]] = {}
        """Phone -> ids of the organisations that have it; () when it was asked for and nobody has it."""
        self.periods: dict[tuple[str, str], tuple[int, int]] = {}
        """(phone, organisation) -> since, until in epoch seconds, 0 for ever; of those alone that are not for ever."""
        self.histories: dict[str, History] = {}
        self._terminal = frozenset(stages.terminal)

    def stage_of(self, organisation_id: str, at: datetime) -> str:
        """The organisation's stage as of a time; "" when it had none yet."""
        history = self.histories.get(organisation_id)
        return history.stage_at(at)[0] if history else ""

    def organisation_of(self, phone: str, at: datetime) -> tuple[str, str]:
        """(organisation_id, stage) for a number as of a time; ("", "") when nobody has it.

        A number that moved is whose it was then. Several candidates: an open one first, then the latest stage change
        before the call, then the lowest id.
        """
        candidates = self.organisations.get(phone, ())
        if candidates and self.periods:
            candidates = self._holding(phone, candidates, at)
        if not candidates:
            return NOBODY
        if len(candidates) == 1:
            (only,) = candidates
            history = self.histories.get(only)
            return only, history.stage_at(at)[0] if history else ""
        ranked = []
        for organisation_id in candidates:
            history = self.histories.get(organisation_id)
            stage, since = history.stage_at(at) if history else ("", None)
            is_open = bool(stage) and stage not in self._terminal
            ranked.append((not is_open, -since.timestamp() if since else 0.0, organisation_id, stage))
        _, _, organisation_id, stage = min(ranked)
        return organisation_id, stage

    def _holding(self, phone: str, candidates: tuple[str, ...], at: datetime) -> tuple[str, ...]:
        """Those that had the number then; of these, those that have it since latest."""
        moment, found = at.timestamp(), []
        for organisation_id in candidates:
            since, until = self.periods.get((phone, organisation_id), (0, 0))
            if since <= moment and (moment < until or not until):
                found.append((since, organisation_id))
        latest = max(found, default=(0, ""))[0]
        return tuple(organisation_id for since, organisation_id in found if since == latest)
