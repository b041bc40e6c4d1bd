"""Say whose a call or a proposal is: manager, organisation and stage as of its time. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from pipeline.directory import Directory
from schemas.calls import Call
from schemas.records import Activity, ActivityKind, Proposal, ProposalStatus

BUCKET_S = 300


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def bucket_of(at: datetime) -> int:
    """The start of the five minutes that a moment belongs to, epoch seconds: they divide every time zone's offset."""
    since = at - _EPOCH
    return since.days * 86_400 + since.seconds // BUCKET_S * BUCKET_S


def call_activity_id(source: str, call_id: str) -> str:
    return f"call:{source}:{call_id}"


def enrich_call(call: Call, directory: Directory, *, cause: str, caused_at: int, version: int) -> Activity:
    """The call as something that a manager did to an organisation; "" where nobody is known."""
    at = call.started_at
    managers = directory.managers
    extension = call.extension
    manager_id, team = managers.of_extension(extension, at, call.source) if extension else ("", "")
    if not manager_id and call.forwarded_by:
        # A mobile that nobody claims is of the person whose phone sends calls there.
        extension = call.forwarded_by
        manager_id, team = managers.of_extension(extension, at, call.source)
    organisation_id, stage = directory.organisation_of(call.contact, at) if call.contact else ("", "")
    return Activity(
        call_activity_id(call.source, call.call_id),
        ActivityKind.CALL,
        bucket_of(at),
        manager_id,
        team,
        at,
        organisation_id,
        stage,
        version,
        call.contact,
        extension,
        call.source,
        call.direction,
        call.disposition,
        talk_s=call.talk_s,
        wait_s=call.wait_s,
        queue=call.queue,
        did=call.did,
        recording=call.recording,
        legs=call.legs,
        cause=cause,
        caused_at=caused_at,
    )


def proposal_activity_id(proposal_id: str) -> str:
    return f"proposal:{proposal_id}"


def enrich_proposal(
    revisions: Sequence[Proposal], directory: Directory, *, cause: str, caused_at: int, version: int
) -> Activity:
    """A proposal counts once, when and by whom its first revision was sent, with the latest revision's sum."""
    first = min(revisions, key=lambda p: (p.sent_at, p.revision))
    latest = max(revisions, key=lambda p: (p.revision, p.version))
    return Activity(
        activity_id=proposal_activity_id(first.proposal_id),
        kind=ActivityKind(latest.kind.value),
        bucket=bucket_of(first.sent_at),
        manager_id=first.manager_id,
        team=directory.managers.team_of(first.manager_id, first.sent_at),
        at=first.sent_at,
        organisation_id=latest.organisation_id,
        stage=directory.stage_of(latest.organisation_id, first.sent_at),
        amount=latest.amount,
        currency=latest.currency,
        revision=latest.revision,
        withdrawn=int(latest.status is ProposalStatus.WITHDRAWN),
        cause=cause,
        caused_at=caused_at,
        version=version,
    )
