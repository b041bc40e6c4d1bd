"""organisations -> organisations, organisation_phones: whose number it is.

One that was merged into another keeps its numbers here; whoever asks whose they are (`pipeline.directory_cache`) gets
the other. Its proposals and stages stay its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from pipeline.agents.update_directory import UpdateDirectory
from pipeline.store import texts
from schemas.records import Organisation
from schemas.topics import ORGANISATIONS


class UpdateOrganisations(UpdateDirectory[Organisation]):
    """An organisation changes the calls of its numbers and, when it is new, the proposals that waited for it."""

    topic = ORGANISATIONS

    def identity(self, record: Organisation) -> str:
        return record.organisation_id

    def known(self, records: Sequence[Organisation]) -> dict[str, Organisation]:
        ids = texts(record.organisation_id for record in records)
        return {row.organisation_id: row for row in self.newest(Organisation, f"organisation_id IN ({ids})")}

    def keep(self, records: Sequence[Organisation], known: dict[str, Organisation]) -> None:
        # Phones first: while the organisation's row is still the old one, a repeat finds the same difference.
        lines = []
        for record in records:
            before = known.get(record.organisation_id)
            stays = set() if record.retracted else set(record.phones)
            gone = {*(before.phones if before else ()), *record.phones} - stays
            for phone in sorted(stays | gone):
                row = {"phone": phone, "organisation_id": record.organisation_id, "retracted": int(phone in gone)}
                lines.append(msgspec.json.encode({**row, "version": record.version}))
        self.store.keep("organisation_phones", lines)
        super().keep(records, known)

    def touched(self, records: Sequence[Organisation]) -> str:
        phones = texts(phone for record in records for phone in record.phones)
        return f"contact IN ({phones}) OR organisation_id IN ({texts(r.organisation_id for r in records)})"

    def touched_proposals(self, records: Sequence[Organisation]) -> str:
        return f"organisation_id IN ({texts(record.organisation_id for record in records)})"
