"""Count what a manager did in five minutes. Pure; the definitions are those of docs/metrics.md.

`verify` recounts the same cells from the facts in SQL: two independent readings of one page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from operator import attrgetter
from typing import NamedTuple

import msgspec

from schemas.records import ActivityKind, Direction, Disposition, ManagerActivity

Cell = tuple[int, str]
"""(bucket, manager_id): bucket in epoch seconds."""


class Fact(msgspec.Struct, frozen=True, gc=False):
    """The part of an activity that is counted."""

    bucket: int
    manager_id: str
    activity_id: str
    kind: ActivityKind
    team: str
    organisation_id: str
    stage: str
    contact: str
    direction: Direction
    disposition: Disposition
    talk_s: int
    amount: Decimal
    currency: str
    withdrawn: int


FACT_COLUMNS = tuple(field for field in Fact.__struct_fields__ if field != "bucket")


class Rules(NamedTuple):
    """The settings that a count depends on."""

    conversation_s: int
    """A conversation is a call whose manager talked at least this long."""
    potential: frozenset[str]
    """Stages whose conversations count in indicator A."""


def by_cell(facts: Iterable[Fact]) -> dict[Cell, list[Fact]]:
    """Facts grouped by their cell."""
    cells: dict[Cell, list[Fact]] = {}
    for fact in facts:
        cell = (fact.bucket, fact.manager_id)
        if (together := cells.get(cell)) is None:
            cells[cell] = [fact]
        else:
            together.append(fact)
    return cells


def count(cell: Cell, facts: Sequence[Fact], rules: Rules, *, first_counted_at: int, version: int) -> ManagerActivity:
    """The cell that these facts (each activity once) make; retracted when there is nothing in it to count."""
    calls = attempts = answered = conversations = talk_s = potential = unknown = 0
    contacts: set[str] = set()
    organisations: set[str] = set()
    proposals: list[Fact] = []
    team = ""
    long, potential_stages = rules
    for fact in facts:
        if fact.team > team:
            team = fact.team
        if fact.kind is not _CALL:
            proposals.append(fact)
            continue
        direction = fact.direction
        if direction is _INTERNAL:
            continue
        calls += 1
        if direction is _OUTBOUND:
            attempts += 1
        if contact := fact.contact:
            contacts.add(contact)
        if organisation_id := fact.organisation_id:
            organisations.add(organisation_id)
        else:
            unknown += 1
        if fact.disposition is _ANSWERED:
            answered += 1
            talk_s += fact.talk_s
            if fact.talk_s >= long:
                conversations += 1
                if fact.stage in potential_stages:
                    potential += 1
    counted = ManagerActivity(
        bucket=cell[0],
        manager_id=cell[1],
        team=team,
        calls=calls,
        attempts=attempts,
        answered=answered,
        conversations=conversations,
        talk_s=talk_s,
        calls_to_potential=potential,
        unknown_calls=unknown,
        contacts=_sorted(contacts),
        organisations=_sorted(organisations),
        first_counted_at=first_counted_at,
        retracted=int(not calls and not proposals),
        version=version,
    )
    return _with_proposals(counted, proposals) if proposals else counted


_CALL, _INTERNAL, _OUTBOUND, _ANSWERED = (
    ActivityKind.CALL,
    Direction.INTERNAL,
    Direction.OUTBOUND,
    Disposition.ANSWERED,
)


def _sorted(texts: set[str]) -> list[str]:
    """As a list in order: most have one text or none, and are in order."""
    return list(texts) if len(texts) < 2 else sorted(texts)


def _with_proposals(counted: ManagerActivity, proposals: Sequence[Fact]) -> ManagerActivity:
    """The cell with its proposals: organisations sent a general one, individual ones, their sums by currency."""
    not_withdrawn = [fact for fact in proposals if not fact.withdrawn]
    individual = [fact for fact in not_withdrawn if fact.kind is ActivityKind.INDIVIDUAL]
    amounts: dict[str, Decimal] = {}
    for fact in individual:
        amounts[fact.currency] = amounts.get(fact.currency, Decimal(0)) + fact.amount
    return msgspec.structs.replace(
        counted,
        general_organisations=sorted(
            {fact.organisation_id for fact in not_withdrawn if fact.kind is ActivityKind.GENERAL}
        ),
        individual_proposals=len(individual),
        withdrawn_proposals=len(proposals) - len(not_withdrawn),
        currencies=sorted(amounts),
        amounts=[amounts[currency] for currency in sorted(amounts)],
    )


_NUMBERS = tuple(
    field
    for field in ManagerActivity.__struct_fields__
    if field not in ("bucket", "manager_id", "first_counted_at", "version")
)
_numbers = attrgetter(*_NUMBERS)
_NOTHING = _numbers(ManagerActivity(bucket=0, manager_id="", team="", first_counted_at=0, version=0))


def differs(before: ManagerActivity | None, after: ManagerActivity) -> bool:
    """A cell changed. A cell that was not there was all zeros.

    Nothing changed when there was no cell and there is nothing to count: internal calls alone make none.
    """
    if before is None:
        return not after.retracted
    return bool(_numbers(before) != _numbers(after))


def difference(before: ManagerActivity | None, after: ManagerActivity) -> dict[str, tuple[object, object]]:
    """The fields of a cell that changed: name -> (before, after)."""
    if not differs(before, after):
        return {}
    old = _numbers(before) if before is not None else _NOTHING
    return {name: (was, now) for name, was, now in zip(_NUMBERS, old, _numbers(after), strict=True) if was != now}
