"""Whom they sell to: names and telephone numbers."""

from __future__ import annotations

import re

from connectors.crm.definition import CLOSED, DELETED, MANAGER, ORGANISATION, STATUS, Cells, CrmTable, says, zone_of
from connectors.reading.cells import moment, some
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
    held = {} if is_closed or is_deleted else _phones(cells, context)
    since, until = ([int(span[index]) for span in held.values()] for index in (0, 1))
    return make(
        organisation_id=organisation_id,
        name=cells["name"].strip(),
        phones=list(held),
        phones_since=since if any(since) else [],
        phones_until=until if any(until) else [],
        manager_id=cells["manager_id"].strip(),
        import_id=context.import_id,
        origin=origin,
        version=context.version,
        merged_into=merged_into,
        retracted=int(is_deleted),
    )


_PERIOD = re.compile(
    r"\s*\(\s*(?:(?:с|from|since)\s+(?P<since>[\d.-]+))?\s*(?:(?:до|until|to)\s+(?P<until>[\d.-]+))?\s*\)",
    re.IGNORECASE,
)
"""Behind a number, since when and until when it is theirs: `+7 916 000-00-40 (с 10.03.2026)`; the end is exclusive."""


def _phones(cells: Cells, context: Context) -> dict[str, tuple[int, int]]:
    """The numbers in order, with the epochs since and until which they are theirs, 0 for ever. Raises Misread."""
    # A decimal comma separates nothing: 7,9E+10 is one lost number, not two strange ones.
    written = [
        phone
        for cell in cells["phones"].splitlines()
        for phone in ([cell] if is_scientific(cell) else split_outside(cell))
    ]
    of_row = _span(cells["valid_from"], cells["valid_to"], context)
    held: dict[str, tuple[int, int]] = {}
    for text in written:
        period = _PERIOD.search(text)
        span = _span(period["since"], period["until"], context) if period else of_row
        number = text if period is None else text[: period.start()] + text[period.end() :]
        phone = e164(number, context.region)
        if not phone:
            # One lost number is a customer whose calls are nobody's: say so instead of keeping the rest.
            raise Misread(Reason.BAD_PHONE, "phones", f"{text!r} is not a phone number of {context.region}")
        if held.get(phone, span) != span:
            raise Misread(Reason.BAD_PERIOD, "phones", f"{text!r}: the number is there twice, for other times")
        held[phone] = span
    return dict(sorted(held.items()))


def _span(since: str | None, until: str | None, context: Context) -> tuple[int, int]:
    """Epoch seconds, 0 for ever. Raises Misread."""
    zone = zone_of(context)
    first, last = (
        int(moment(text, zone, field).timestamp()) if text and text.strip() else 0
        for text, field in ((since, "valid_from"), (until, "valid_to"))
    )
    if last and last <= first:
        raise Misread(Reason.BAD_PERIOD, "valid_to", "valid_to (exclusive) is not after valid_from")
    return first, last


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
        "valid_from": ("validfrom", "since", "действуетс", "номерас", "номерс"),
        "valid_to": ("validto", "until", "действуетпо", "номерадо", "номердо"),
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
