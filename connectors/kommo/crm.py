"""Objects of Kommo and amoCRM (API v4) to records: users, companies, contacts, leads and their moves, calls. Pure.

An organisation is a company (`CO_5`), a contact without one (`C_7`), or a lead that names neither, by its own number
as its webhook tells it. A company has the numbers of its contacts too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from connectors.api.adapter import PulledRow, PullOptions, manager_of, manager_since
from connectors.api.answers import objects
from connectors.reading.leg import LegFields, leg_from_fields
from connectors.reading.outcomes import ANSWERED, BUSY, INBOUND, MACHINE, NO_ANSWER, OUTBOUND
from connectors.reading.phones import e164
from connectors.reading.rejects import Bad, Misread, reject
from connectors.reading.source import Context
from connectors.reading.times import LATEST_S
from schemas.records import Manager, Organisation, Reason, Record, Rejected

KIND = "kommo"
Fields = Mapping[str, Any]
_STATUSES = {1: MACHINE, 4: ANSWERED, 7: BUSY}
"""`call_status`: 1 left a message, 2 call back later, 3 absent, 4 talked, 5 wrong number, 6 no answer, 7 busy."""


def rows_of(answer: Any, name: str) -> list[dict[str, Any]]:
    """The objects of an answer; none where it was empty. Raises Misread when it has another shape."""
    if answer is None:
        return []
    found = answer.get("_embedded", {}).get(name) if isinstance(answer, dict) else None
    return objects(found, name, f"the answer has no list _embedded.{name}")


def linked(row: Fields, name: str) -> list[int]:
    """Ids of what an object is linked with."""
    embedded = row.get("_embedded")
    found = embedded.get(name) if isinstance(embedded, Mapping) else None
    return [one["id"] for one in found if isinstance(one.get("id"), int)] if isinstance(found, list) else []


def number(row: Fields, name: str = "id") -> int:
    found = row.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def moment(row: Fields, name: str) -> datetime:
    """A time in seconds since the epoch. Raises Misread."""
    seconds = number(row, name)
    if not 0 < seconds < LATEST_S:
        raise Misread(Reason.BAD_TIME, name, f"{row.get(name)!r} is not a time in seconds since the epoch")
    return datetime.fromtimestamp(seconds, UTC)


def rejected(bad: Bad, row: Fields, kind: str, context: Context) -> Rejected:
    return reject(bad, msgspec.json.encode(row).decode(), str(row.get("id", "-")), f"{KIND} {kind}", context)


def time_of(row: Fields, name: str) -> datetime | None:
    """The same, None where it is not one."""
    try:
        return moment(row, name)
    except Misread:
        return None


def manager(user: Fields, options: PullOptions, context: Context) -> PulledRow:
    """A user: calls of this source name their id, since there are no extensions here."""
    user_id = str(number(user))
    manager_id = manager_of(user_id, options.managers)
    items: list[Record] = []
    old = "" if options.before is None else manager_of(user_id, options.before.managers)
    mapped_before = {} if options.before is None else options.before.managers
    for one, retracted, managers in ((old, 1, mapped_before), (manager_id, 0, options.managers)):
        if not one or (retracted and (one == manager_id or one in options.managers.values())):
            continue
        items.append(
            Manager(
                manager_id=one,
                name=str(user.get("name") or user_id).strip(),
                extensions=[f"{user_id}@{context.source}"],
                valid_from=manager_since(user_id, managers),
                import_id=context.import_id,
                origin=f"{KIND}:user:{user_id}",
                version=context.version,
                retracted=retracted,
            )
        )
    return PulledRow(number(user), None, tuple(items))


def organisation(name: str, row: Fields, contacts: Iterable[Fields], context: Context, options: PullOptions) -> Record:
    """A company (with its contacts), or a contact (alone), as `name`."""
    phones = {e164(text, context.region) for one in (row, *contacts) for text in _phones(one)} - {""}
    return Organisation(
        organisation_id=name,
        name=str(row.get("name") or "").strip(),
        phones=sorted(phones),
        manager_id=manager_of(str(number(row, "responsible_user_id") or ""), options.managers),
        import_id=context.import_id,
        origin=f"{KIND}:{name}",
        version=context.version,
    )


def deleted(event: Fields, context: Context) -> PulledRow:
    """A company or a contact that is gone."""
    kind, key = str(event.get("entity_type")), number(event, "entity_id")
    name = f"CO_{key}" if kind == "company" else f"C_{key}"
    gone = Organisation(
        organisation_id=name,
        name="",
        phones=[],
        import_id=context.import_id,
        origin=f"{KIND}:{event.get('type')}:{key}",
        version=context.version,
        retracted=1,
    )
    return PulledRow(0, time_of(event, "created_at"), (gone,), name)


def _phones(row: Fields) -> list[str]:
    fields = row.get("custom_fields_values")
    if not isinstance(fields, list):
        return []
    return [
        str(value.get("value") or "")
        for field in fields
        if isinstance(field, Mapping) and field.get("field_code") == "PHONE"
        for value in field.get("values") or ()
        if isinstance(value, Mapping)
    ]


def organisation_of(lead: Fields, companies_of: Mapping[int, int]) -> str:
    """A lead's company, that of its main contact, that contact, or the lead itself."""
    companies, contacts = linked(lead, "companies"), linked(lead, "contacts")
    if company := next(iter(companies), 0) or next((companies_of[one] for one in contacts if one in companies_of), 0):
        return f"CO_{company}"
    return f"C_{contacts[0]}" if contacts else str(number(lead))


def call(note: Fields, context: Context) -> PulledRow:
    """A note of a call. Copies of one call, at a contact and at its lead, have the exchange's id (`uniq`) in common."""
    key, at = number(note), time_of(note, "updated_at")
    try:
        return PulledRow(key, at, (leg_from_fields(_leg(note), context, f"{KIND}:note:{key}"),))
    except Misread as misread:
        return PulledRow(key, at, (rejected(misread.bad, note, "note", context),))


def _leg(note: Fields) -> LegFields:
    params = note.get("params")
    if not isinstance(params, Mapping):
        raise Misread(Reason.MISSING_FIELD, "params", "the note has no params")
    way = {"call_in": INBOUND, "call_out": OUTBOUND}.get(str(note.get("note_type")))
    if way is None:
        raise Misread(Reason.BAD_KIND, "note_type", f"{str(note.get('note_type'))[:40]!r} is not call_in or call_out")
    text = str(params.get("duration") or "0").strip()
    if not (text.isascii() and text.isdecimal()):
        raise Misread(Reason.BAD_DURATION, "duration", f"{text[:40]!r} is not seconds")
    talk_s, started_at = int(text), moment(note, "created_at")
    status = number(params, "call_status")
    disposition = _STATUSES.get(status, NO_ANSWER) if status else ANSWERED if talk_s else NO_ANSWER
    answered = disposition in (ANSWERED, MACHINE)
    user = number(note, "created_by") or number(note, "responsible_user_id")
    return LegFields(
        record_id=str(number(note)),
        call_id=str(params.get("uniq") or number(note)),
        started_at=started_at,
        ended_at=started_at + timedelta(seconds=talk_s),
        direction=way,
        disposition=disposition,
        answered_at=started_at if answered else None,
        billsec=talk_s if answered else 0,
        extension=str(user or ""),
        outside=str(params.get("phone") or ""),
        recording=str(params.get("link") or ""),
        noted=1,
    )
