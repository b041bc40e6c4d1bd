"""Who else said what stands, and how an import's claim is taken back.

A record that takes an identity back (`retracted` = 1) has the identity, the import whose claim it takes back, and the
version behind that claim's: what is said later by anybody stands, what comes again does not. So it is a record like
any other: in any order, any number of times. Its other fields are of no meaning; they name the record for people.

Only the newest claim of an identity is a row of its table. Of the others this remembers whose they were, and a digest
of what they said: where another import said the same, the row stays under that import's name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from schemas.codec import encode
from schemas.plans import Absence, CalendarDay, Plan
from schemas.records import CallLeg, Manager, Organisation, Proposal, StageChange

R = TypeVar("R", CallLeg, Proposal, Manager, Organisation, StageChange, Plan, CalendarDay, Absence)

TABLE = "provenance"


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """An import's claim that is not a row. Identity: (what, identity, import_id)."""

    what: str
    """The table that the record belongs to."""
    identity: str
    import_id: str
    origin: str
    digest: str
    """Of what was said, without who said it and when; "" when that is not known."""
    retracted: int = 0
    version: int


class ClaimKind(msgspec.Struct, frozen=True):
    """What can be taken back: a table, the columns of its identity, and the identity of a record as text."""

    table: str
    columns: tuple[str, ...]
    identity: Callable[[Any], str]


_SEPARATOR = "\x1f"

KINDS: dict[type, ClaimKind] = {
    CallLeg: ClaimKind(
        "call_legs",
        ("source", "call_id", "record_id"),
        lambda r: f"{r.source}{_SEPARATOR}{r.call_id}{_SEPARATOR}{r.record_id}",
    ),
    Proposal: ClaimKind("proposals", ("proposal_id", "revision"), lambda r: f"{r.proposal_id}{_SEPARATOR}{r.revision}"),
    Manager: ClaimKind(
        "managers",
        ("manager_id", "valid_from"),
        lambda r: f"{r.manager_id}{_SEPARATOR}{r.valid_from.isoformat()}",
    ),
    Organisation: ClaimKind("organisations", ("organisation_id",), lambda r: str(r.organisation_id)),
    StageChange: ClaimKind(
        "stage_changes",
        ("organisation_id", "changed_at", "stage"),
        lambda r: f"{r.organisation_id}{_SEPARATOR}{r.changed_at.isoformat()}{_SEPARATOR}{r.stage}",
    ),
    Plan: ClaimKind("plans", ("manager_id", "month"), lambda r: f"{r.manager_id}{_SEPARATOR}{r.month}"),
    CalendarDay: ClaimKind("calendar_days", ("day",), lambda r: str(r.day.isoformat())),
    Absence: ClaimKind(
        "absences", ("manager_id", "first"), lambda r: f"{r.manager_id}{_SEPARATOR}{r.first.isoformat()}"
    ),
}


def claim_of(record: R, *, retracted: int = 0) -> Provenance:
    """What an import said of an identity, as it is remembered."""
    kind = KINDS[type(record)]
    return Provenance(
        what=kind.table,
        identity=kind.identity(record),
        import_id=record.import_id,
        origin=record.origin,
        digest="" if retracted else digest(record),
        retracted=retracted,
        version=record.version,
    )


def digest(record: R) -> str:
    """Of what a record says, whoever says it and whenever."""
    claimed = msgspec.structs.replace(record, import_id="", origin="", cause="", retracted=0, version=0)
    return hashlib.blake2b(encode(claimed), digest_size=12).hexdigest()


def taking_back(record: R, claim: int, import_id: str, cause: str) -> R:
    """The record that takes back what `import_id` said of this identity at version `claim`."""
    return msgspec.structs.replace(record, import_id=import_id, version=claim + 1, retracted=1, cause=cause)
