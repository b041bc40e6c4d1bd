"""Where an organisation stands, out of the moves of its deals. Pure.

One deal: where it is. Several: the furthest of those that are open, so that a second deal with a customer who bought
before is seen, and one that is lost beside it does not end them. None open: it is what the last one that was won is,
else the last that was lost. Or, where settings say `latest`, each move of any of them counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from connectors.api.survey import StageKind
from connectors.reading.source import Context
from schemas.records import StageChange

DealRule = Literal["furthest", "latest"]


class DealMove(NamedTuple):
    """A deal came into a stage."""

    at: datetime
    number: int
    """Tells which of two at once came later."""
    deal: int
    stage: str
    """Of ours."""
    kind: StageKind
    manager_id: str


Standing = tuple[datetime, str]
"""(since when, stage)."""


def standings(moves: Iterable[DealMove], rule: DealRule, order: Mapping[str, int]) -> dict[Standing, str]:
    """Where one organisation stood -> who moved it there. `order` is that of our stages."""
    if rule == "latest":
        return {(move.at, move.stage): move.manager_id for move in moves}
    deals: dict[int, DealMove] = {}
    by_moment: dict[datetime, tuple[str, str]] = {}
    for move in sorted(moves):
        deals[move.deal] = move
        by_moment[move.at] = (_furthest(deals, order), move.manager_id)
    found: dict[Standing, str] = {}
    before = ""
    for at, (stage, manager_id) in by_moment.items():
        if stage != before:
            found[at, stage] = manager_id
        before = stage
    return found


def stage_changes(
    owner: str, stood: Mapping[Standing, str], stands: Mapping[Standing, str], context: Context, origin: str
) -> list[StageChange]:
    """Where an organisation stands, after what another mapping or rule made of it (`stood`) is taken back."""
    gone = {one: manager_id for one, manager_id in stood.items() if one not in stands}
    return [
        StageChange(
            organisation_id=owner,
            stage=stage,
            changed_at=at,
            manager_id=manager_id,
            import_id=context.import_id,
            origin=origin,
            retracted=retracted,
            version=context.version,
        )
        for retracted, some in ((1, gone), (0, stands))
        for (at, stage), manager_id in some.items()
    ]


def _furthest(deals: Mapping[int, DealMove], order: Mapping[str, int]) -> str:
    by_kind: dict[StageKind, list[DealMove]] = {}
    for move in deals.values():
        by_kind.setdefault(move.kind, []).append(move)
    if opened := by_kind.get(StageKind.OPEN):
        return max(opened, key=lambda move: (order.get(move.stage, -1), move)).stage
    return max(by_kind.get(StageKind.WON) or by_kind[StageKind.LOST]).stage
