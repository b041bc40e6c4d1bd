"""Objects of HubSpot to records: owners, companies, contacts, calls, quotes. Pure.

An object has an id and `properties`, all of them texts. An organisation is a company (`CO_5`), or a contact without one
(`C_7`). A company has the numbers of its contacts too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from connectors.api.adapter import PulledRow, PullOptions, manager_of
from connectors.api.answers import objects
from connectors.api.survey import VendorUser
from connectors.reading.leg import LegFields, leg_from_fields
from connectors.reading.lengths import seconds
from connectors.reading.outcomes import ANSWERED, BUSY, CANCELLED, FAILED, INBOUND, NO_ANSWER, OUTBOUND
from connectors.reading.phones import e164
from connectors.reading.rejects import Bad, Misread, reject
from connectors.reading.source import Context
from schemas.records import Organisation, Proposal, ProposalKind, Reason, Record, Rejected

KIND = "hubspot"
Fields = Mapping[str, Any]
COMPANY = ("name", "phone", "hubspot_owner_id", "hs_lastmodifieddate", "hs_merged_object_ids")
CONTACT = ("firstname", "lastname", "phone", "mobilephone", "hubspot_owner_id", "lastmodifieddate",
           "associatedcompanyid", "hs_merged_object_ids")  # fmt: skip
CALL = ("hs_timestamp", "hs_call_direction", "hs_call_duration", "hs_call_from_number", "hs_call_to_number",
        "hs_call_status", "hs_call_external_id", "hs_call_recording_url", "hubspot_owner_id",
        "hs_lastmodifieddate")  # fmt: skip
QUOTE = ("hs_quote_amount", "hs_currency", "hs_status", "hs_createdate", "hubspot_owner_id", "hs_lastmodifieddate")
_WAYS = {"INBOUND": INBOUND, "OUTBOUND": OUTBOUND}
_STATUSES = {"COMPLETED": ANSWERED, "BUSY": BUSY, "FAILED": FAILED, "CANCELED": CANCELLED}
"""`NO_ANSWER`, `MISSED` and what is not known are not answered."""
_SENT = frozenset({"APPROVAL_NOT_NEEDED", "APPROVED", "SIGNED", "PAID"})


def rows_of(answer: Any) -> list[dict[str, Any]]:
    """The objects of an answer. Raises Misread when it has another shape."""
    found = answer.get("results") if isinstance(answer, dict) else None
    return objects(found, "results", "the answer has no list results")


def number(row: Fields, name: str = "id") -> int:
    """An id, which comes as a text or a number; 0 where there is none."""
    text = str(row.get(name) or "")
    return int(text) if text.isascii() and text.isdecimal() else 0


def properties(row: Fields) -> dict[str, str]:
    """The properties as texts; "" for null. Raises Misread."""
    found = row.get("properties")
    if not isinstance(found, Mapping):
        raise Misread(Reason.MISSING_FIELD, "properties", "the object has no properties")
    return {str(name): "" if value is None else str(value) for name, value in found.items()}


def moment(text: str, field: str) -> datetime:
    """A time with its offset, or milliseconds since the epoch, to the millisecond. Raises Misread."""
    try:
        if text.isascii() and text.isdecimal():
            return datetime.fromtimestamp(int(text) / 1000, UTC)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        at = datetime.min
    if at.tzinfo is None:
        raise Misread(Reason.BAD_TIME, field, f"{text[:40]!r} is not a time with its offset")
    return at.astimezone(UTC)


def amount(text: str, field: str) -> Decimal:
    """A sum, with a point before its fraction; "" is zero. Raises Misread."""
    try:
        value = Decimal(text or "0")
    except InvalidOperation:
        value = Decimal(-1)
    if not value.is_finite() or value < 0:
        raise Misread(Reason.BAD_AMOUNT, field, f"{text[:40]!r} is not a sum from 0 on")
    return value


def time_of(row: Fields, field: str) -> datetime | None:
    """The same of a property, None where it is not one."""
    try:
        return moment(properties(row).get(field, ""), field)
    except Misread:
        return None


def rejected(bad: Bad, row: Fields, kind: str, context: Context) -> Rejected:
    """Its identity is reason and row: the same row read again is the same reject."""
    return reject(bad, msgspec.json.encode(row).decode(), str(row.get("id", "-")), f"{KIND} {kind}", context)


def user(owner: Fields) -> VendorUser:
    """An owner: calls and deals name their id, since there are no extensions here."""
    name = " ".join(filter(None, (str(owner.get(part) or "").strip() for part in ("lastName", "firstName"))))
    teams = owner.get("teams")
    team = next((str(one.get("name") or "") for one in teams if isinstance(one, Mapping)), "") if isinstance(
        teams, list
    ) else ""  # fmt: skip
    owner_id = str(number(owner))
    return VendorUser(owner_id, name or str(owner.get("email") or owner_id), names=(owner_id,), team=team)


def organisation(
    name: str, row: Fields, contacts: Iterable[Fields], context: Context, options: PullOptions
) -> Organisation:
    """A company (with its contacts), or a contact (alone), as `name`. Raises Misread."""
    own = properties(row)
    written = [text for one in (row, *contacts) for text in _phones(properties(one))]
    title = own.get("name") or " ".join(filter(None, (own.get("firstname"), own.get("lastname"))))
    return Organisation(
        organisation_id=name,
        name=title.strip(),
        phones=sorted({e164(text, context.region) for text in written} - {""}),
        manager_id=manager_of(own.get("hubspot_owner_id", ""), options.managers),
        import_id=context.import_id,
        origin=f"{KIND}:{name}",
        version=context.version,
    )


def _phones(own: Mapping[str, str]) -> list[str]:
    return [own[name] for name in ("phone", "mobilephone") if own.get(name)]


def gone(name: str, why: str, context: Context) -> Organisation:
    """An organisation that was deleted, or merged into another one."""
    return Organisation(
        organisation_id=name,
        name="",
        phones=[],
        import_id=context.import_id,
        origin=f"{KIND}:{why}:{name}",
        version=context.version,
        retracted=1,
    )


def merged(row: Fields, short: str, context: Context) -> list[Record]:
    """Objects that were merged into this one: it has their numbers, under its own id or a new one."""
    text = properties(row).get("hs_merged_object_ids", "")
    ids = {part.strip() for part in text.split(";")} - {"", str(number(row))}
    return [gone(f"{short}_{one}", "merged", context) for one in sorted(ids) if one.isdecimal()]


def call(row: Fields, context: Context) -> PulledRow:
    """A call that somebody or an integration has noted: the exchange's id, where it is kept, names the call."""
    key, at = number(row), time_of(row, "hs_lastmodifieddate")
    try:
        return PulledRow(key, at, (leg_from_fields(_leg(row), context, f"{KIND}:call:{key}"),))
    except Misread as misread:
        return PulledRow(key, at, (rejected(misread.bad, row, "call", context),))


def _leg(row: Fields) -> LegFields:
    own = properties(row)
    way = _WAYS.get(own.get("hs_call_direction", ""))
    if way is None:
        text = own.get("hs_call_direction", "")
        raise Misread(Reason.BAD_KIND, "hs_call_direction", f"{text[:40]!r} is neither INBOUND nor OUTBOUND")
    started_at = moment(own.get("hs_timestamp", ""), "hs_timestamp")
    long_s = seconds(own.get("hs_call_duration", "") or "0", "hs_call_duration", "ms")
    status = own.get("hs_call_status", "")
    # Calls that people note by hand have no status: one with a length was one.
    outcome = _STATUSES.get(status, NO_ANSWER) if status else ANSWERED if long_s else NO_ANSWER
    talked = outcome is ANSWERED and long_s > 0
    return LegFields(
        record_id=str(number(row)),
        call_id=own.get("hs_call_external_id", "").strip() or str(number(row)),
        started_at=started_at,
        ended_at=started_at + timedelta(seconds=long_s),
        direction=way,
        disposition=outcome if talked or outcome is not ANSWERED else NO_ANSWER,
        answered_at=started_at if talked else None,
        billsec=long_s if talked else 0,
        extension=own.get("hubspot_owner_id", ""),
        outside=own.get("hs_call_from_number" if way is INBOUND else "hs_call_to_number", ""),
        recording=own.get("hs_call_recording_url", ""),
        noted=1,
    )


def quote(row: Fields, owner: str, context: Context, options: PullOptions) -> Record | None:
    """A quote that was published, of the day it was made, with its sum as it is now. Raises Misread."""
    own = properties(row)
    if own.get("hs_status", "") not in _SENT:
        return None
    if not owner:
        raise Misread(Reason.UNKNOWN_ORGANISATION, "associations", "it names neither a company nor a contact")
    return Proposal(
        proposal_id=f"Q_{number(row)}",
        organisation_id=owner,
        manager_id=manager_of(own.get("hubspot_owner_id", ""), options.managers),
        kind=ProposalKind.INDIVIDUAL,
        sent_at=moment(own.get("hs_createdate", ""), "hs_createdate"),
        amount=amount(own.get("hs_quote_amount", ""), "hs_quote_amount"),
        currency=own.get("hs_currency", ""),
        import_id=context.import_id,
        origin=f"{KIND}:quote:{number(row)}",
        version=context.version,
    )
