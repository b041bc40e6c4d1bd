"""Whom they sell to: names and telephone numbers."""

from __future__ import annotations

from connectors.crm.definition import MANAGER, ORGANISATION, Cells, CrmTable
from connectors.reading.cells import some
from connectors.reading.phones import e164, is_scientific, split_outside
from connectors.reading.rejects import Misread
from connectors.reading.source import Context
from schemas.records import Organisation, Reason


def _organisation(cells: Cells, context: Context, origin: str) -> Organisation:
    # A decimal comma separates nothing: 7,9E+10 is one lost number, not two strange ones.
    written = [
        phone
        for cell in cells["phones"].splitlines()
        for phone in ([cell] if is_scientific(cell) else split_outside(cell))
    ]
    phones = [e164(phone, context.region) for phone in written]
    for phone, known in zip(written, phones, strict=True):
        if not known:
            # One lost number is a customer whose calls are nobody's: say so instead of keeping the rest.
            raise Misread(Reason.BAD_PHONE, "phones", f"{phone!r} is not a phone number of {context.region}")
    return Organisation(
        organisation_id=some(cells["id"], "id"),
        name=cells["name"].strip(),
        phones=sorted(set(phones)),
        manager_id=cells["manager_id"].strip(),
        import_id=context.import_id,
        origin=origin,
        version=context.version,
    )


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
    },
    ("id", "phones"),
    _organisation,
    several=frozenset({"phones"}),
)
