"""proposals -> proposals, placements, and the topic activities: the revisions of a proposal become one activity.

A proposal for an organisation that nobody knows is kept and rejected; it is counted, and the rejection resolved, when
the organisation arrives (`update_directory` sends it again).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import msgspec

from pipeline.agents.claims import claims_of
from pipeline.agents.decider import Decider, Decision, Placements, VersionSum
from pipeline.agents.step import ChunkOutcome, Frame, Outgoing, outgoing_reject, read_chunk
from pipeline.clock import Clock, as_datetime, wall_clock
from pipeline.enrich import enrich_proposal, proposal_activity_id
from pipeline.merge_latest import Claims, merge_latest
from pipeline.store import newest, texts
from schemas.codec import Codec, encode
from schemas.provenance import KINDS
from schemas.records import Proposal, Reason, Rejected
from schemas.topics import PROPOSALS


class _Id(msgspec.Struct):
    id: str


class MergedRevisions(NamedTuple):
    """The revisions of one proposal: those that are new, all of them, and the one that caused the last change."""

    new: list[Proposal]
    everything: list[Proposal]
    """Retracted ones too."""
    latest: Proposal

    @property
    def revisions(self) -> list[Proposal]:
        """Those that stand; none of a proposal that was taken back."""
        return [revision for revision in self.everything if not revision.retracted]

    @property
    def organisation_id(self) -> str:
        """The organisation as the latest revision names it; "" of a proposal that was taken back."""
        latest = max(self.revisions, key=lambda p: (p.revision, p.version), default=None)
        return latest.organisation_id if latest else ""


class _StoredReject(msgspec.Struct):
    """A rejection that is stored."""

    id: str
    version: int
    resolved: int


class RecordProposals:
    """The step of the agent. Not shared between threads."""

    topic = PROPOSALS

    def __init__(self, decider: Decider, clock: Clock = wall_clock) -> None:
        self._decider = decider
        self._clock = clock
        self._codec = Codec(Proposal)
        self._proposals = msgspec.json.Decoder(Proposal)
        self._ids = msgspec.json.Decoder(_Id)
        self._rejects = msgspec.json.Decoder(_StoredReject)

    def settle_chunk(self, frames: Sequence[Frame]) -> ChunkOutcome:
        proposals, _, rejected = read_chunk(self._codec, self.topic, frames, self._clock)
        if not proposals:
            return ChunkOutcome(rejected)
        arrived: dict[str, list[Proposal]] = {}
        for proposal in proposals:
            arrived.setdefault(proposal.proposal_id, []).append(proposal)
        where = f"proposal_id IN ({texts(arrived)})"
        activity_ids = [proposal_activity_id(proposal_id) for proposal_id in arrived]
        homeless: list[Proposal] = []
        homed: list[Proposal] = []

        def decide(placements: Placements, log: int) -> Decision:
            known = self._known(where)
            claims = claims_of(self._decider.store, proposals, chain.from_iterable(known.values()))
            merged = [
                merge_revisions(stored, known.get(key, ()), self._clock(), claims) for key, stored in arrived.items()
            ]
            owned, unowned = self._divide(merged)
            homeless[:] = [revision for one in unowned for revision in one.revisions]
            # A reject of what was taken back is of no interest either.
            taken_back = [revision for one in merged for revision in one.everything if revision.retracted]
            homed[:] = [revision for one in owned for revision in one.revisions] + taken_back
            return self._decide(owned, unowned, placements, log, claims)

        outgoing = self._decider.decide_until_stable("proposals", _IDENTITY, activity_ids, where, decide)
        return ChunkOutcome(rejected + outgoing + self._rejections(homed, homeless))

    def _known(self, where: str) -> dict[str, list[Proposal]]:
        known: dict[str, list[Proposal]] = {}
        for row in self._decider.store.rows(self._proposals, newest("proposals", _IDENTITY, where)):
            known.setdefault(row.proposal_id, []).append(row)
        return known

    def _divide(self, merged: list[MergedRevisions]) -> tuple[list[MergedRevisions], list[MergedRevisions]]:
        """Those whose organisation is known, and those whose is not."""
        wanted = {one.organisation_id for one in merged}
        sql = f"SELECT organisation_id AS id FROM organisations FINAL PREWHERE organisation_id IN ({texts(wanted)})"
        known = {row.id for row in self._decider.store.rows(self._ids, sql)}
        owned = [one for one in merged if one.organisation_id in known]
        return owned, [one for one in merged if one.organisation_id not in known]

    def _decide(
        self,
        owned: list[MergedRevisions],
        unowned: list[MergedRevisions],
        placements: Placements,
        log: int,
        claims: Claims,
    ) -> Decision:
        directory = self._decider.directory.at(log)
        self._decider.directory.know_histories({p.organisation_id for one in owned for p in one.revisions})
        now = self._clock()
        for one in owned:
            cause, caused_at = _cause(one, now)
            placements.put(enrich_proposal(one.revisions, directory, cause=cause, caused_at=caused_at, version=now))
        for one in unowned:
            # Counted before, and then a revision named an organisation that nobody knows, or all were taken back.
            cause, caused_at = _cause(one, now)
            activity_id = proposal_activity_id(one.latest.proposal_id)
            placements.retract(activity_id, cause=cause, caused_at=caused_at, version=now)
        everything = [*owned, *unowned]
        return Decision(
            [encode(proposal) for one in everything for proposal in one.new],
            VersionSum.of(proposal.version for one in everything for proposal in one.everything),
            claims,
        )

    def _rejections(self, homed: list[Proposal], homeless: list[Proposal]) -> list[Outgoing]:
        """A rejection for each revision without an organisation; one rejected before and accepted now is resolved.

        Stored here too, not only sent: the next chunk with the proposal must find it, however late the topic is.
        """
        now = self._clock()
        accepted = {reject_id(proposal): proposal for proposal in homed}
        ids = texts([*accepted, *map(reject_id, homeless)])
        sql = f"SELECT rejected_id AS id, version, resolved FROM rejected FINAL WHERE rejected_id IN ({ids})"
        stored = {row.id: row for row in self._decider.store.rows(self._rejects, sql)}

        def version(proposal: Proposal) -> int:
            """Above what it replaces, whatever the clock says."""
            before = stored.get(reject_id(proposal))
            return max(now, before.version + 1) if before else now

        rejections = [_reject(proposal, now, version(proposal)) for proposal in homeless]
        for reject, row in stored.items():
            if reject in accepted and not row.resolved:
                proposal = accepted[reject]
                resolved = _reject(proposal, now, version(proposal))
                rejections.append(msgspec.structs.replace(resolved, resolved=1))
        self._decider.store.keep("rejected", [encode(rejected) for rejected in rejections])
        return [outgoing_reject(rejected) for rejected in rejections]


def _cause(one: MergedRevisions, now: int) -> tuple[str, int]:
    """(the import that changes something, when it began); taking back is a cause of now, as is sending again."""
    cause = one.latest.cause or one.latest.import_id
    return cause, one.latest.version if one.new and not one.latest.cause else now


def merge_revisions(
    arrived: Sequence[Proposal], known: Sequence[Proposal], now: int, claims: Claims | None = None
) -> MergedRevisions:
    """What is new among the arrived revisions, and all of them after it. Pure; indifferent to order and repetition."""
    revisions = {proposal.revision: proposal for proposal in known}
    changed = merge_latest(arrived, revisions, lambda p: p.revision, _rank, claims, now=now).values()
    causes = [arrived[index] for index, _ in changed]
    new = [proposal for _, proposal in changed]
    return MergedRevisions(new, list(revisions.values()), max(causes or arrived, key=lambda p: p.version))


_IDENTITY = ", ".join(KINDS[Proposal].columns)


def _rank(proposal: Proposal) -> tuple[object, ...]:
    """By value, not by its JSON: 1500 and 1500.00 are one sum."""
    return (
        proposal.amount,
        proposal.sent_at,
        proposal.status,
        proposal.kind,
        proposal.currency,
        proposal.organisation_id,
        proposal.manager_id,
    )


def reject_id(proposal: Proposal) -> str:
    return f"proposal:{proposal.proposal_id}:{proposal.revision}"


def _reject(proposal: Proposal, now: int, version: int) -> Rejected:
    return Rejected(
        rejected_id=reject_id(proposal),
        source="",
        reason=Reason.UNKNOWN_ORGANISATION,
        field="organisation_id",
        detail=f"no organisation {proposal.organisation_id!r} is known; load it, and this proposal is counted",
        payload=encode(proposal).decode(),
        origin=proposal.origin,
        topic=PROPOSALS.name,
        at=as_datetime(now),
        import_id=proposal.import_id,
        version=version,
    )
