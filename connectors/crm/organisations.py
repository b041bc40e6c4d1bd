"""Whom they sell to: names and telephone numbers."""

from __future__ import annotations

from connectors.crm.definition import CLOSED, DELETED, MANAGER, ORGANISATION, STATUS, Cells, CrmTable, says
from connectors.reading.cells import some
from connectors.reading.phones import e164, is_scientific, split_outside
from connectors.reading.rejects import Misread
from connectors.reading.source import Context
from schemas.records import Organisation, Reason


class ClosedOrganisation(Organisation, frozen=True, kw_only=True):
    """A row that says that the organisation is closed: it is known for its past, and has no numbers any more."""


def _organisation(cells: Cells, context: Context, origin: str) -> Organisation:
    """Retracted: what a row says that is deleted."""
    organisation_id = some(cells["id"], "id")
    merged_into = cells["merged_into"].strip()
    if merged_into == organisation_id:
        raise Misread(Reason.BAD_STATUS, "merged_into", f"{merged_into!r} is this organisation itself")
    is_closed = not merged_into and says(cells["status"], CLOSED)
    is_deleted = not merged_into and says(cells["status"], DELETED)
    make = ClosedOrganisation if is_closed else Organisation
    return make(
        organisation_id=organisation_id,
        name=cells["name"].strip(),
        phones=[] if is_closed or is_deleted else _phones(cells["phones"], context.region),
        manager_id=cells["manager_id"].strip(),
        import_id=context.import_id,
        origin=origin,
        version=context.version,
        merged_into=merged_into,
        retracted=int(is_deleted),
    )


def _phones(text: str, region: str) -> list[str]:
    # A decimal comma separates nothing: 7,9E+10 is one lost number, not two strange ones.
    written = [
        phone for cell in text.splitlines() for phone in ([cell] if is_scientific(cell) else split_outside(cell))
    ]
    phones = [e164(phone, region) for phone in written]
    for phone, known in zip(written, phones, strict=True):
        if not known:
            # One lost number is a customer whose calls are nobody's: say so instead of keeping the rest.
            raise Misread(Reason.BAD_PHONE, "phones", f"{phone!r} is not a phone number of {region}")
    return sorted(set(phones))


TABLE = CrmTable(
    "organisations",
    {
        "id": ("id", "код", *ORGANISATION),
        "name": ("name", "title", "название", "наименование", *ORGANISATION[-5:]),
        "phones": (
            *("phones", "phone", "tel", "телефоны", "телефон", "workphone", "mobilephone", "mobile", "homephone"),
            *("рабочийтелефон", "мобильныйтелефон", "мобильный", "домашнийтелефон", "телефонрабочий"),
            *("телефонмобильный", "другойтелефон", "otherphone"),
        ),
        "manager_id": MANAGER,
        "status": STATUS,
        "merged_into": (
            *("mergedinto", "mergedto", "mergedwith", "duplicateof", "объединенас", "объединенс", "объединеннаяс"),
            *("объединенав", "дубльорганизации", "основнаяорганизация"),
        ),
    },
    ("id", "phones"),
    _organisation,
    several=frozenset({"phones"}),
)
