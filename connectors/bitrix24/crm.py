"""Rows of Bitrix24's lists to records: users, companies, contacts, moves of deals, quotes. Pure.

An organisation is a company (`CO_5`), or a contact without one (`C_7`): the vendor's own short names, since their
numbers overlap. A company has the numbers of its contacts too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from connectors.api.adapter import PulledRow, PullOptions, manager_of, manager_since
from connectors.api.answers import objects
from connectors.bitrix24.statistics import NOTED, Bitrix24Statistics
from connectors.http.webhook import call_item
from connectors.reading.cells import amount
from connectors.reading.phones import e164
from connectors.reading.rejects import Bad, Misread, reject
from connectors.reading.source import Context
from schemas.records import Manager, Organisation, Proposal, ProposalKind, Reason, Record, Rejected

KIND = "bitrix24"
Fields = Mapping[str, Any]
"""A row as it came."""
Make = Callable[[Fields, Context, str], Record | None]
"""(row, context, origin) to a record; None where the row gives none. Raises Misread."""

_TABLE = Bitrix24Statistics()
_NOT_SENT = frozenset({"", "DRAFT", "NEW"})


def rows_of(answer: Any, *under: str) -> list[dict[str, Any]]:
    """The rows of an answer. Raises Misread when they are not there: the API has changed, and says so."""
    found = answer
    for name in ("result", *under):
        if not isinstance(found, dict) or name not in found:
            raise Misread(Reason.MISSING_FIELD, name, f"the answer has no {name}")
        found = found[name]
    return objects(found, "result", "the answer is not a list of objects")


def number(row: Fields, name: str = "ID") -> int:
    """An id, which comes as a text or a number; 0 where there is none."""
    text = str(row.get(name) or "")
    return int(text) if text.isascii() and text.isdecimal() else 0


def moment(row: Fields, name: str) -> datetime:
    """A time with its offset. Raises Misread."""
    try:
        at = datetime.fromisoformat(str(row.get(name) or ""))
    except ValueError:
        at = datetime.min
    if at.tzinfo is None:
        raise Misread(Reason.BAD_TIME, name, f"{row.get(name)!r} is not a time with its offset")
    return at.astimezone(UTC)


def moment_of(row: Fields, name: str) -> datetime | None:
    """The same, None where it is not one."""
    try:
        return moment(row, name)
    except Misread:
        return None


def pulled(row: Fields, context: Context, kind: str, time: str, make: Make) -> PulledRow:
    """What one row gives: a record, a reject, or nothing. `time` names the field that its window is about."""
    key, at = number(row), None
    try:
        at = moment(row, time)
        made = make(row, context, f"{KIND}:{kind}:{key}")
    except Misread as misread:
        return PulledRow(key, at, (rejected(misread.bad, row, kind, context),))
    return PulledRow(key, at, () if made is None else (made,))


def call(row: Fields, context: Context, options: PullOptions) -> PulledRow:
    """A call of the statistics: the same leg as in its export and of its webhook."""
    if options.copies == "skip" and str(row.get("CALL_ID") or "").startswith(NOTED):
        return PulledRow(number(row), moment_of(row, "CALL_START_DATE"), ())
    texts = {name: "" if value is None else str(value) for name, value in row.items()}
    item = call_item(_TABLE, texts, context, KIND, texts.get("CALL_ID") or texts.get("ID") or "-")
    return PulledRow(number(row), moment_of(row, "CALL_START_DATE"), (item,))


def managers(
    users: Sequence[Fields], teams: Mapping[int, str], options: PullOptions, context: Context
) -> tuple[tuple[PulledRow, ...], tuple[str, ...]]:
    """Managers of users, and what is odd about them.

    Calls name the user's id, which is an extension of this source alone; exchanges name the inner number or the mobile.
    """
    inner_numbers = Counter(_inner(user) for user in users)
    mobiles = Counter(_mobile(user, context) for user in users)
    found: list[PulledRow] = []
    for user in users:
        user_id = str(number(user))
        manager_id = manager_of(user_id, options.managers)
        taken_back = _other_manager(user_id, manager_id, options, context)
        if not manager_id:
            found += [PulledRow(number(user), None, taken_back)] if taken_back else []
            continue
        inner, mobile = _inner(user), _mobile(user, context)
        departments = user.get("UF_DEPARTMENT")
        team = next((teams[one] for one in departments if one in teams), "") if isinstance(departments, list) else ""
        manager = Manager(
            manager_id=manager_id,
            name=_name(user) or user_id,
            team=team,
            extensions=[f"{user_id}@{context.source}", *([inner] if inner and inner_numbers[inner] == 1 else [])],
            mobiles=[mobile] if mobile and mobiles[mobile] == 1 else [],
            valid_from=manager_since(user_id, options.managers),
            import_id=context.import_id,
            origin=f"{KIND}:user:{user_id}",
            version=context.version,
        )
        found.append(PulledRow(number(user), None, (*taken_back, manager)))
    shared = sorted(one for one, users_of in (inner_numbers + mobiles).items() if one and users_of > 1)
    note = f"users: numbers that several users have are not used: {', '.join(shared[:10])}"
    return tuple(found), (note,) if shared else ()


def _name(row: Fields) -> str:
    return " ".join(filter(None, (str(row.get(part) or "").strip() for part in ("NAME", "LAST_NAME"))))


def _inner(user: Fields) -> str:
    """Of somebody who is there: another user may have the number of one who left."""
    return "" if user.get("ACTIVE") in (False, "N") else str(user.get("UF_PHONE_INNER") or "").strip()


def _mobile(user: Fields, context: Context) -> str:
    if user.get("ACTIVE") in (False, "N"):
        return ""
    return e164(str(user.get("PERSONAL_MOBILE") or ""), context.region)


def _other_manager(user: str, manager_id: str, options: PullOptions, context: Context) -> tuple[Record, ...]:
    """The manager that this user was before the settings said otherwise, taken back: nobody else has the extension."""
    if options.before is None:
        return ()
    other = manager_of(user, options.before.managers)
    if other in ("", manager_id) or other in options.managers.values():
        return ()
    return (
        Manager(
            manager_id=other,
            name=other,
            extensions=[],
            valid_from=manager_since(user, options.before.managers),
            import_id=context.import_id,
            origin=f"{KIND}:user:{user}",
            retracted=1,
            version=context.version,
        ),
    )


def company(row: Fields, contacts: Sequence[Fields], context: Context, origin: str, options: PullOptions) -> Record:
    """A company with the numbers of its contacts."""
    return _organisation(f"CO_{number(row)}", str(row.get("TITLE") or ""), row, contacts, context, origin, options)


def person(row: Fields, context: Context, origin: str, options: PullOptions) -> Record:
    """A contact without a company."""
    name = _name(row)
    return _organisation(f"C_{number(row)}", name, row, (), context, origin, options)


def organisation_id(row: Fields, companies_of: Mapping[int, int]) -> str:
    """Of a deal or a quote: its company, that of its contact, or the contact itself; "" when it names nobody."""
    owner, contact = number(row, "COMPANY_ID"), number(row, "CONTACT_ID")
    owner = owner or companies_of.get(contact, 0)
    return f"CO_{owner}" if owner else f"C_{contact}" if contact else ""


def proposal(
    row: Fields, short: str, companies_of: Mapping[int, int], context: Context, origin: str, options: PullOptions
) -> Record | None:
    """A quote (`Q`) or a deal (`D`) with a sum. A changed sum takes the old one's place: no revisions are kept."""
    is_quote = short == "Q"
    if is_quote and str(row.get("STATUS_ID") or "") in _NOT_SENT:
        return None
    total = amount(str(row.get("OPPORTUNITY") or ""), "OPPORTUNITY")
    if not is_quote and not total:
        return None
    organisation = organisation_id(row, companies_of)
    if not organisation:
        raise Misread(Reason.UNKNOWN_ORGANISATION, "COMPANY_ID", "it names neither a company nor a contact")
    return Proposal(
        proposal_id=f"{short}_{number(row)}",
        organisation_id=organisation,
        manager_id=manager_of(str(row.get("ASSIGNED_BY_ID") or ""), options.managers),
        kind=ProposalKind.INDIVIDUAL,
        sent_at=moment(row, "DATE_CREATE"),
        amount=total,
        currency=str(row.get("CURRENCY_ID") or ""),
        import_id=context.import_id,
        origin=origin,
        version=context.version,
    )


def _organisation(
    organisation: str,
    name: str,
    row: Fields,
    contacts: Sequence[Fields],
    context: Context,
    origin: str,
    options: PullOptions,
) -> Organisation:
    """What is not a number of the region is left out: people type into a CRM what they like."""
    written = [number_ for one in (row, *contacts) for number_ in _phones(one)]
    phones = {e164(text, context.region) for text in written} - {""}
    return Organisation(
        organisation_id=organisation,
        name=name.strip(),
        phones=sorted(phones),
        manager_id=manager_of(str(row.get("ASSIGNED_BY_ID") or ""), options.managers),
        import_id=context.import_id,
        origin=origin,
        version=context.version,
    )


def _phones(row: Fields) -> list[str]:
    found = row.get("PHONE")
    return [str(one.get("VALUE") or "") for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def rejected(bad: Bad, row: Fields, kind: str, context: Context) -> Rejected:
    """Its identity is reason and row: the same row read again is the same reject."""
    return reject(bad, msgspec.json.encode(row).decode(), str(row.get("ID", "-")), f"{KIND} {kind}", context)
