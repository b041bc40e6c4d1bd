"""What may be posted: the records' own words, with as few of them required as a record can do with.

docs/http.md describes it for people, `connectors.http.openapi` for programs. A phone may be written in any way; times
carry Z or an offset.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated

import msgspec

from connectors.reading.leg import build_leg
from connectors.reading.lengths import WEEK, ZERO
from connectors.reading.phones import e164, refuse_cut_digits
from connectors.reading.rejects import Misread
from connectors.reading.source import Context
from schemas.records import (
    CallLeg,
    Count,
    Direction,
    Disposition,
    Manager,
    Moment,
    Name,
    Organisation,
    Proposal,
    ProposalKind,
    ProposalStatus,
    Reason,
    StageChange,
)

_ROUNDING = timedelta(seconds=1)
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)

Phone = Annotated[str, msgspec.Meta(description="In any writing; without a country it is of the source's region.")]


Amount = Annotated[
    Decimal,
    msgspec.Meta(
        description="From 0 to below 10^12, a number or a text; kept in whole cents.",
        extra_json_schema={"pattern": r"^\d{1,12}(\.\d+)?$", "minimum": 0},
    ),
]


class Posted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of what may be posted: an unknown field is a reject, since a misspelled one would be silence."""


class PostedCall(Posted, frozen=True):
    """One call, or one leg of it. Identity: (source, record_id); legs of one call share a `call_id`."""

    record_id: Name
    started_at: Moment
    ended_at: Moment
    direction: Direction
    source: str = ""
    """Name of the exchange; "" for the listener's `--source`."""
    call_id: str = ""
    """"" when a call is one record: then it is `record_id`."""
    answered_at: Moment | None = None
    """Left out: `ended_at` - `billsec` when that is given, else nobody answered."""
    billsec: Count | None = None
    """Whole seconds of talk. Left out: from `answered_at` to `ended_at`."""
    disposition: Disposition | None = None
    """Left out: answered when `answered_at` or `billsec` says so, else no_answer."""
    extension: str = ""
    """Of the manager: the extension that the table of managers has."""
    peer_extension: str = ""
    contact: Phone = ""
    """The external party."""
    did: str = ""
    queue: str = ""
    application: str = ""
    recording: str = ""


class PostedStage(Posted, frozen=True):
    """An organisation entered a stage. Identity: (organisation_id, changed_at, stage)."""

    organisation_id: Name
    stage: Name
    """Its code, or its title in Russian or English."""
    changed_at: Moment
    manager_id: str = ""


class PostedOffer(Posted, frozen=True):
    """One revision of a proposal. Identity: (proposal_id, revision)."""

    proposal_id: Name
    organisation_id: Name
    manager_id: Name
    kind: ProposalKind
    sent_at: Moment
    revision: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    amount: Amount = Decimal(0)
    currency: str = ""
    status: ProposalStatus = ProposalStatus.SENT


class Company(Posted, frozen=True):
    """A customer, or a potential one. Identity: organisation_id."""

    organisation_id: Name
    name: str = ""
    phones: list[Phone] = []
    manager_id: str = ""


class Seller(Posted, frozen=True):
    """A manager, a team and extensions for a period. Identity: (manager_id, valid_from)."""

    manager_id: Name
    extensions: list[Name]
    name: str = ""
    team: str = ""
    valid_from: Moment = _BEGINNING
    valid_to: Moment | None = None
    """Exclusive."""
    mobiles: list[str] = []
    """Numbers outside that are the manager's own."""
    logins: list[Name] = []
    """User names, agent ids, devices."""
    source: str = ""
    """The exchange, tenant or domain of the extensions and logins; "" for all."""


def leg(call: PostedCall, context: Context, origin: str) -> CallLeg:
    """The record of a posted call. Raises Misread."""
    answered_at, billsec = _talk(call)
    disposition = call.disposition or (Disposition.ANSWERED if answered_at else Disposition.NO_ANSWER)
    refuse_cut_digits(contact=call.contact)
    return build_leg(
        context,
        origin,
        call.call_id or call.record_id,
        call.record_id,
        call.started_at,
        call.ended_at,
        call.direction,
        disposition,
        answered_at,
        billsec,
        extension=call.extension.strip(),
        peer=call.peer_extension.strip(),
        outside=call.contact,
        did=call.did,
        queue=call.queue,
        application=call.application,
        recording=call.recording,
    )


def _talk(call: PostedCall) -> tuple[datetime | None, int]:
    """(answered_at, billsec) of a call that may say either. Raises Misread when its times cannot be."""
    try:
        lasted = call.ended_at - call.started_at
    except OverflowError:
        raise Misread(Reason.BAD_TIME, "ended_at", "no call lasts from one end of the calendar to another") from None
    if not ZERO <= lasted <= WEEK:
        raise Misread(Reason.BAD_DURATION, "ended_at", "ended_at is not within a week after started_at")
    if call.billsec is not None and timedelta(seconds=call.billsec) > lasted + _ROUNDING:
        raise Misread(Reason.BAD_DURATION, "billsec", f"billsec {call.billsec} is more than the call lasted")
    answered_at = call.answered_at
    if answered_at is None:
        talked = timedelta(seconds=call.billsec or 0)
        return (max(call.started_at, call.ended_at - talked), call.billsec or 0) if talked else (None, 0)
    if not call.started_at <= answered_at <= call.ended_at:
        raise Misread(Reason.BAD_TIME, "answered_at", "answered_at is not between started_at and ended_at")
    return answered_at, int((call.ended_at - answered_at).total_seconds()) if call.billsec is None else call.billsec


def stage_change(stage: PostedStage, context: Context, origin: str) -> StageChange:
    """The record of a posted change of stage. Raises Misread."""
    code = context.stages.find(stage.stage)
    if code is None:
        accepted = ", ".join(f"{one.code} ({one.title.ru})" for one in context.stages.stages)
        raise Misread(Reason.UNKNOWN_STAGE, "stage", f"{stage.stage!r}; stages are {accepted}")
    return StageChange(
        organisation_id=stage.organisation_id,
        stage=code,
        changed_at=stage.changed_at,
        manager_id=stage.manager_id,
        import_id=context.import_id,
        origin=origin,
        version=context.version,
    )


def proposal(offer: PostedOffer, context: Context, origin: str) -> Proposal:
    return Proposal(
        proposal_id=offer.proposal_id,
        revision=offer.revision,
        organisation_id=offer.organisation_id,
        manager_id=offer.manager_id,
        kind=offer.kind,
        sent_at=offer.sent_at,
        amount=offer.amount,
        currency=offer.currency.strip().upper(),
        status=offer.status,
        import_id=context.import_id,
        origin=origin,
        version=context.version,
    )


def organisation(company: Company, context: Context, origin: str) -> Organisation:
    """The record of a posted organisation. Raises Misread: a lost number is a customer whose calls are nobody's."""
    phones = [e164(phone, context.region) for phone in company.phones]
    for written, phone in zip(company.phones, phones, strict=True):
        if not phone:
            raise Misread(Reason.BAD_PHONE, "phones", f"{written!r} is not a phone number of {context.region}")
    return Organisation(
        organisation_id=company.organisation_id,
        name=company.name.strip(),
        phones=sorted(set(phones)),
        manager_id=company.manager_id,
        import_id=context.import_id,
        origin=origin,
        version=context.version,
    )


def manager(seller: Seller, context: Context, origin: str) -> Manager:
    """The record of a posted manager. Raises Misread."""
    mobiles = [e164(mobile, context.region) for mobile in seller.mobiles]
    for written, mobile in zip(seller.mobiles, mobiles, strict=True):
        if not mobile:
            raise Misread(Reason.BAD_PHONE, "mobiles", f"{written!r} is not a phone number of {context.region}")
    if seller.valid_to is not None and seller.valid_to <= seller.valid_from:
        raise Misread(Reason.BAD_PERIOD, "valid_to", "valid_to (exclusive) is not after valid_from")
    return Manager(
        manager_id=seller.manager_id,
        name=seller.name.strip(),
        team=seller.team.strip(),
        extensions=sorted(set(seller.extensions)),
        mobiles=sorted(set(mobiles)),
        logins=sorted(set(seller.logins)),
        source=seller.source.strip(),
        valid_from=seller.valid_from,
        valid_to=seller.valid_to,
        import_id=context.import_id,
        origin=origin,
        version=context.version,
    )
