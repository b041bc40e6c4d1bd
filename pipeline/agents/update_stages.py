"""stage-changes -> stage_changes: which stage an organisation was in, however late the record comes."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.agents.update_directory import UpdateDirectory
from pipeline.store import texts
from schemas.records import StageChange
from schemas.topics import STAGE_CHANGES


class UpdateStages(UpdateDirectory[StageChange]):
    """A stage change gives another stage to what came after it."""

    topic = STAGE_CHANGES

    def identity(self, record: StageChange) -> str:
        return f"{record.organisation_id}\x1f{record.changed_at.isoformat()}\x1f{record.stage}"

    def known(self, records: Sequence[StageChange]) -> dict[str, StageChange]:
        ids = texts({record.organisation_id for record in records})
        return {self.identity(row): row for row in self.newest(StageChange, f"organisation_id IN ({ids})")}

    def touched(self, records: Sequence[StageChange]) -> str:
        # By number too: where two organisations share one, a stage decides whose call it was.
        ids = texts({record.organisation_id for record in records})
        phones = f"SELECT arrayJoin(phones) FROM organisations FINAL WHERE organisation_id IN ({ids})"
        return f"(organisation_id IN ({ids}) OR contact IN ({phones})) AND {_since(records, 'at')}"

    def touched_proposals(self, records: Sequence[StageChange]) -> str:
        ids = texts({record.organisation_id for record in records})
        return f"organisation_id IN ({ids}) AND {_since(records, 'sent_at')}"


def _since(records: Sequence[StageChange], column: str) -> str:
    first = min(record.changed_at for record in records)
    return f"{column} >= fromUnixTimestamp64Milli({int(first.timestamp() * 1000)}, 'UTC')"
