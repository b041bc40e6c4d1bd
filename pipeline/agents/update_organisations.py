"""organisations -> organisations, organisation_phones: whose number it is.

The numbers of an organisation that was merged into another one are the other's; its proposals and stages stay its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
        others = self._merged_into(records, known)
        lines = []
        for record in records:
            before = known.get(record.organisation_id)
            for phone, owner, retracted in phone_changes(record, before, others):
                row = {"phone": phone, "organisation_id": owner, "retracted": retracted}
                lines.append(msgspec.json.encode({**row, "version": record.version}))
        self.store.keep("organisation_phones", lines)
        super().keep(records, known)

    def _merged_into(
        self, records: Sequence[Organisation], known: Mapping[str, Organisation]
    ) -> Mapping[str, Organisation]:
        """The organisations that any of these were merged into before."""
        before = (known.get(record.organisation_id) for record in records)
        ids = {one.merged_into for one in before if one is not None and one.merged_into}
        if not ids:
            return {}
        rows = self.newest(Organisation, f"organisation_id IN ({texts(ids)})")
        return {row.organisation_id: row for row in rows}

    def touched(self, records: Sequence[Organisation]) -> str:
        phones = texts(phone for record in records for phone in record.phones)
        return f"contact IN ({phones}) OR organisation_id IN ({texts(r.organisation_id for r in records)})"

    def touched_proposals(self, records: Sequence[Organisation]) -> str:
        return f"organisation_id IN ({texts(record.organisation_id for record in records)})"


def phone_changes(
    record: Organisation, before: Organisation | None, others: Mapping[str, Organisation]
) -> list[tuple[str, str, int]]:
    """(phone, whose it is, whether it is not any more) once `record` stands in the place of `before`. Pure.

    `others`: organisations as they are stored. A number that is theirs by their own record stays theirs.
    """
    owned = set() if record.retracted else {(phone, _owner(record)) for phone in record.phones}
    was = {(phone, _owner(before)) for phone in before.phones} if before else set()
    was |= {(phone, record.organisation_id) for phone in record.phones}
    gone = {
        (phone, owner)
        for phone, owner in was - owned
        if owner == record.organisation_id or not _has(others.get(owner), phone)
    }
    return [(phone, owner, int((phone, owner) in gone)) for phone, owner in sorted(owned | gone)]


def _owner(organisation: Organisation) -> str:
    return organisation.merged_into or organisation.organisation_id


def _has(organisation: Organisation | None, phone: str) -> bool:
    return organisation is not None and not organisation.retracted and phone in organisation.phones
