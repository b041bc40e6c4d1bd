"""What the files of one load say of one table of one source, and what that means for a stored record. Pure.

Files may come in any order: of two that speak of one thing, the one with the later version is believed, as it is by
the workers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from connectors.crm.organisations import ClosedOrganisation
from schemas.plans import Plan
from schemas.provenance import KINDS, ClaimKind
from schemas.records import Organisation, Proposal, StageChange
from schemas.topics import Topic

_BETWEEN_CELLS = re.compile(r"[\t\n;,|\"{}:\[\]]+")


class Fate(StrEnum):
    """What becomes of a stored record of the same source."""

    STAYS = "stays"
    REPLACED = "replaced"  # a stage at the time at which a later export has another one
    DELETED = "deleted"  # a row says that it is deleted
    ABSENT = "absent"  # a complete export does not have it
    UNCERTAIN = "uncertain"  # neither does, but a row that was rejected may be this one


class TableContents:
    """Filled while the files are read; asked once all were."""

    def __init__(self, topic: Topic, *, complete: bool = False) -> None:
        self.topic = topic
        self.kind: ClaimKind = KINDS[topic.record]
        self.complete = complete
        self.is_cut_short = False
        """A file was given up half-way: what it would have had is not known."""
        self.merged: dict[str, tuple[int, str]] = {}
        """Organisation -> (version of the file, the one that it was merged into; "" when it stands for itself)."""
        self.closed = 0
        """Organisations that are closed by their status."""
        self._present: dict[str, int] = {}  # name -> version of the file that has it
        self._deleted: dict[str, int] = {}
        self._stages: dict[tuple[str, object], tuple[int, set[str]]] = {}
        self._months: set[str] = set()
        self._rejected: list[str] = []
        self._rejected_cells: set[str] = set()

    def add(self, record: Any) -> None:
        """A row of a file; a retracted one says that it is gone."""
        name = self._name(record)
        if record.retracted:
            self._deleted[name] = max(record.version, self._deleted.get(name, 0))
            return
        self._present[name] = max(record.version, self._present.get(name, 0))
        if isinstance(record, StageChange):
            at = record.organisation_id, record.changed_at
            version, stages = self._stages.get(at, (0, set()))
            if record.version > version:
                self._stages[at] = record.version, {record.stage}
            elif record.version == version:
                stages.add(record.stage)
        if isinstance(record, Organisation):
            self.closed += isinstance(record, ClosedOrganisation)
            if record.merged_into or name in self.merged:
                self.merged[name] = max((record.version, record.merged_into), self.merged.get(name, (0, "")))
        if isinstance(record, Plan):
            self._months.add(record.month)

    def reject(self, payload: str) -> None:
        """A row that was not understood: nothing that it may be about is absent."""
        self._rejected.append(payload)
        self._rejected_cells.update(cell.strip() for cell in _BETWEEN_CELLS.split(payload))

    def fate(self, stored: Any) -> Fate:
        """What becomes of a stored record of this source."""
        name = self._name(stored)
        deleted = self._deleted.get(name, 0)
        if deleted and deleted >= self._present.get(name, 0):
            return Fate.DELETED
        if isinstance(stored, StageChange):
            _, stages = self._stages.get((stored.organisation_id, stored.changed_at), (0, None))
            if stages is not None:
                return Fate.STAYS if stored.stage in stages else Fate.REPLACED
        if not self.complete or name in self._present:
            return Fate.STAYS
        if isinstance(stored, Plan) and stored.month not in self._months:
            return Fate.STAYS  # a plan is complete for its months
        return Fate.UNCERTAIN if self.is_cut_short or self._may_be_rejected(name) else Fate.ABSENT

    def has(self, name: str) -> bool:
        """Whether the files have a row of this name that is not deleted."""
        return self._present.get(name, 0) > self._deleted.get(name, 0)

    @property
    def keys(self) -> set[str]:
        """The first parts of the identities that can have another fate than to stay, unless it is complete."""
        return {*(key.split("\x1f")[0] for key in self._deleted), *(organisation for organisation, _ in self._stages)}

    def _name(self, record: Any) -> str:
        # An export has one revision of a proposal; the others are its past, and not gone.
        return record.proposal_id if isinstance(record, Proposal) else self.kind.identity(record)

    def _may_be_rejected(self, name: str) -> bool:
        if not self._rejected:
            return False
        key = name.split("\x1f")[0]
        return key in self._rejected_cells or (
            bool(_BETWEEN_CELLS.search(key)) and any(key in payload for payload in self._rejected)
        )


def merge_targets(merged: Mapping[str, tuple[int, str]]) -> tuple[dict[str, str], list[str]]:
    """(merged organisation -> the one that has its numbers in the end; those whose merges lead in a circle)."""
    into = {name: target for name, (_, target) in merged.items() if target}
    targets: dict[str, str] = {}
    circular: list[str] = []
    for name, target in into.items():
        seen = {name}
        while target in into and target not in seen:
            seen.add(target)
            target = into[target]
        if target in seen:
            circular.append(name)
        else:
            targets[name] = target
    return targets, circular


def is_more_than_a_tenth(withdrawn: int, standing: int) -> bool:
    """So much that somebody should confirm it."""
    return withdrawn * 10 > standing
