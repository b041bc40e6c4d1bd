"""What a department's records mean, in the plainest Python: docs/metrics.md and docs/decisions.md read anew.

Nothing of the product is called; seconds of talk are counted one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import msgspec

from schemas.records import (
    Activity,
    ActivityKind,
    CallLeg,
    Direction,
    Disposition,
    Manager,
    ManagerActivity,
    Organisation,
    Proposal,
    ProposalKind,
    ProposalStatus,
    StageChange,
)
from tests.pipeline.property.department import STAGES, Department

CONVERSATION_S = 30
POTENTIAL = ("new", "active", "development")
TERMINAL = ("disqualified",)


class Tables(NamedTuple):
    """What the tables hold in the end, by identity; versions, imports and places of origin are blank."""

    legs: dict[tuple[str, str, str], CallLeg]
    activities: dict[str, Activity]
    cells: dict[tuple[int, str], ManagerActivity]
    waiting: set[str]
    """Revisions of proposals whose organisation nobody knows: rejected, until it arrives."""


def brute_force(department: Department) -> Tables:
    """The tables that everything said leads to: the last word on each identity counts."""
    world = World(department)
    activities = {}
    for source, call_id in {(leg.source, leg.call_id) for leg in world.legs.values()}:
        activity = world.call([leg for leg in world.legs.values() if (leg.source, leg.call_id) == (source, call_id)])
        activities[activity.activity_id] = activity
    waiting = set()
    for proposal_id in {proposal.proposal_id for proposal in world.proposals}:
        revisions = [proposal for proposal in world.proposals if proposal.proposal_id == proposal_id]
        if max(revisions, key=lambda p: p.revision).organisation_id in world.organisations:
            activity = world.proposal(revisions)
            activities[activity.activity_id] = activity
        else:
            waiting |= {f"proposal:{proposal_id}:{proposal.revision}" for proposal in revisions}
    return Tables(world.legs, activities, cells(activities.values()), waiting)


class World:
    """The last words, and questions about them."""

    def __init__(self, department: Department) -> None:
        self.legs: dict[tuple[str, str, str], CallLeg] = {}
        for leg in sorted(department.legs, key=lambda leg: leg.version):
            self.legs[leg.source, leg.call_id, leg.record_id] = leg
        managers: dict[tuple[str, datetime], Manager] = {}
        for manager in sorted(department.managers, key=lambda m: m.version):
            managers[manager.manager_id, manager.valid_from] = manager
        self.managers = list(managers.values())
        self.organisations: dict[str, Organisation] = {}
        for organisation in sorted(department.organisations, key=lambda o: o.version):
            self.organisations[organisation.organisation_id] = organisation
        proposals: dict[tuple[str, int], Proposal] = {}
        for proposal in sorted(department.proposals, key=lambda p: p.version):
            proposals[proposal.proposal_id, proposal.revision] = proposal
        self.proposals = list(proposals.values())
        self.changes: list[StageChange] = department.changes

    def owner(self, extension: str, at: datetime) -> tuple[str, str]:
        """(manager, team) of an extension as of a time."""
        owners = [
            (manager.manager_id, manager.team)
            for manager in self.managers
            if extension in manager.extensions and _covers(manager, at)
        ]
        assert len(owners) <= 1
        return owners[0] if owners else ("", "")

    def team(self, manager_id: str, at: datetime) -> str:
        """As of a time; between periods the one before, before all of them the first."""
        periods = sorted((m for m in self.managers if m.manager_id == manager_id), key=lambda m: m.valid_from)
        if not periods:
            return ""
        began = [period for period in periods if period.valid_from <= at]
        return began[-1].team if began else periods[0].team

    def stage(self, organisation_id: str, at: datetime) -> tuple[str, datetime | None]:
        """(stage, since when) as of a time; of equal times the later in the funnel."""
        before = [c for c in self.changes if c.organisation_id == organisation_id and c.changed_at <= at]
        if not before:
            return "", None
        last = max(before, key=lambda c: (c.changed_at, STAGES.index(c.stage)))
        return last.stage, last.changed_at

    def organisation(self, phone: str, at: datetime) -> str:
        """Open deal first, then the latest contact, then the lowest id."""
        having = [(since, o.organisation_id) for o in self.organisations.values() for since in _had(o, phone, at)]
        candidates = sorted(name for since, name in having if since == max(having)[0])
        open_ones = [one for one in candidates if self.stage(one, at)[0] not in ("", *TERMINAL)]
        left = open_ones or candidates
        touched = [since for one in left if (since := self.stage(one, at)[1]) is not None]
        latest = [one for one in left if touched and self.stage(one, at)[1] == max(touched)] or left
        return latest[0] if latest else ""

    def call(self, legs: Sequence[CallLeg]) -> Activity:
        """The call that these legs tell of."""
        legs = sorted(legs, key=lambda leg: (leg.started_at, leg.record_id))
        trunk = [leg for leg in legs if leg.direction in (Direction.INBOUND, Direction.OUTBOUND)]
        direction = (trunk or legs)[0].direction
        with_contact = [leg for leg in [*trunk[:1], *legs] if leg.contact]
        contact = with_contact[0].contact if with_contact else ""
        # A person was bridged with the other side. Inside ends talking to each other are none of it, unless it is
        # an internal call.
        bridged = [
            leg
            for leg in legs
            if leg.disposition is Disposition.ANSWERED
            and (leg.direction is not Direction.INTERNAL or direction is Direction.INTERNAL)
        ]
        if direction is Direction.INBOUND:  # sent on to a number outside, which took it
            on = [
                leg.direction is Direction.OUTBOUND and not leg.extension and leg.contact not in ("", trunk[0].contact)
                for leg in bridged
            ]
            bridged = [
                msgspec.structs.replace(leg, extension=leg.contact) if goes_on else leg
                for leg, goes_on in zip(bridged, on, strict=True)
            ]
        at = legs[0].started_at
        # A queue's own leg gives way to the leg of the phone itself, where that is inside of it (decision 28).
        phones = [leg for leg in bridged if leg.queue == "" and leg.extension != ""]
        bridged = [queue for queue in bridged if queue.queue == "" or not any(_inside(p, queue) for p in phones)]
        # So does one of a member that no phone of the call is called, while a phone talked: a name, or a pick-up.
        known = {phone.extension for phone in phones}
        bridged = [
            queue
            for queue in bridged
            if queue.queue == "" or queue.extension in known or not any(_meet(phone, queue) for phone in phones)
        ]
        extension, talk_s = _longest(bridged) if bridged else ("", 0)
        # Of a talk that no record gives to a person, and of none, it is whoever dialled.
        extension = extension or _dialled(legs, direction)
        until = min(map(_picked_up, bridged)) if bridged else max(leg.ended_at for leg in legs)
        manager_id, team = self.owner(extension, at)
        organisation_id = self.organisation(contact, at) if contact else ""
        said_queues = [leg.queue for leg in legs if leg.queue]
        return Activity(
            activity_id=f"call:{legs[0].source}:{legs[0].call_id}",
            kind=ActivityKind.CALL,
            bucket=_bucket(at),
            manager_id=manager_id,
            team=team,
            at=at,
            organisation_id=organisation_id,
            stage=self.stage(organisation_id, at)[0],
            contact=contact,
            extension=extension,
            source=legs[0].source,
            direction=direction,
            disposition=Disposition.ANSWERED if bridged else _unanswered(legs),
            talk_s=talk_s,
            wait_s=max(0, int((until - at).total_seconds())),
            queue=said_queues[0] if said_queues else "",
            legs=len(legs),
            version=0,
        )

    def proposal(self, revisions: Sequence[Proposal]) -> Activity:
        """Once: when and by whom the first revision was sent, of the latest revision's sum and organisation."""
        first = min(revisions, key=lambda p: (p.sent_at, p.revision))
        latest = max(revisions, key=lambda p: p.revision)
        return Activity(
            activity_id=f"proposal:{first.proposal_id}",
            kind=ActivityKind.GENERAL if latest.kind is ProposalKind.GENERAL else ActivityKind.INDIVIDUAL,
            bucket=_bucket(first.sent_at),
            manager_id=first.manager_id,
            team=self.team(first.manager_id, first.sent_at),
            at=first.sent_at,
            organisation_id=latest.organisation_id,
            stage=self.stage(latest.organisation_id, first.sent_at)[0],
            amount=latest.amount,
            currency=latest.currency,
            revision=latest.revision,
            withdrawn=int(latest.status is ProposalStatus.WITHDRAWN),
            version=0,
        )


def cells(activities: Iterable[Activity]) -> dict[tuple[int, str], ManagerActivity]:
    """Every five minutes of every manager that anything but internal calls happened in."""
    together: dict[tuple[int, str], list[Activity]] = {}
    for activity in activities:
        if activity.direction is not Direction.INTERNAL:
            together.setdefault((activity.bucket, activity.manager_id), []).append(activity)
    return {cell: _count(*cell, inside) for cell, inside in together.items()}


def _count(bucket: int, manager_id: str, inside: Sequence[Activity]) -> ManagerActivity:
    calls = [a for a in inside if a.kind is ActivityKind.CALL]
    answered = [a for a in calls if a.disposition is Disposition.ANSWERED]
    conversations = [a for a in answered if a.talk_s >= CONVERSATION_S]
    standing = [a for a in inside if a.kind is not ActivityKind.CALL and not a.withdrawn]
    individual = [a for a in standing if a.kind is ActivityKind.INDIVIDUAL]
    currencies = sorted({a.currency for a in individual})
    return ManagerActivity(
        bucket=bucket,
        manager_id=manager_id,
        team=max(a.team for a in inside),
        calls=len(calls),
        attempts=len([a for a in calls if a.direction is Direction.OUTBOUND]),
        answered=len(answered),
        conversations=len(conversations),
        talk_s=sum(a.talk_s for a in answered),
        calls_to_potential=len([a for a in conversations if a.stage in POTENTIAL]),
        unknown_calls=len([a for a in calls if not a.organisation_id]),
        contacts=sorted({a.contact for a in calls} - {""}),
        organisations=sorted({a.organisation_id for a in calls} - {""}),
        general_organisations=sorted({a.organisation_id for a in standing if a.kind is ActivityKind.GENERAL}),
        individual_proposals=len(individual),
        withdrawn_proposals=len([a for a in inside if a.withdrawn]),
        currencies=currencies,
        amounts=[sum((a.amount for a in individual if a.currency == one), Decimal(0)) for one in currencies],
        first_counted_at=0,
        version=0,
    )


def _covers(manager: Manager, at: datetime) -> bool:
    return manager.valid_from <= at and (manager.valid_to is None or at < manager.valid_to)


def _bucket(at: datetime) -> int:
    return int(at.timestamp()) // 300 * 300


def _picked_up(leg: CallLeg) -> datetime:
    return leg.answered_at or leg.ended_at - timedelta(seconds=leg.billsec)


def _had(organisation: Organisation, phone: str, at: datetime) -> list[int]:
    """Since when it has the number that it had at a time: one entry, or none."""
    if phone not in organisation.phones:
        return []
    index = organisation.phones.index(phone)
    since = organisation.phones_since[index] if organisation.phones_since else 0
    until = organisation.phones_until[index] if organisation.phones_until else 0
    return [since] if since <= at.timestamp() and (until == 0 or at.timestamp() < until) else []


def _meet(one: CallLeg, other: CallLeg) -> bool:
    """They talked at the same time."""
    since, until = _picked_up(one), _picked_up(other)
    return since < until + timedelta(seconds=other.billsec) and until < since + timedelta(seconds=one.billsec)


def _inside(phone: CallLeg, queue: CallLeg) -> bool:
    began, ended = _picked_up(phone), _picked_up(phone) + timedelta(seconds=phone.billsec)
    first, last = _picked_up(queue), _picked_up(queue) + timedelta(seconds=queue.billsec + 1)
    return phone.extension == queue.extension and first <= began and ended <= last


def _longest(bridged: Sequence[CallLeg]) -> tuple[str, int]:
    """Who talked longest, and for how many seconds; of equals, who was first. Nameless ends come last."""
    people = {leg.extension for leg in bridged if leg.extension} or {""}

    def talked(person: str) -> int:
        seconds: set[datetime] = set()
        for leg in bridged:
            if leg.extension == person:
                seconds |= {_picked_up(leg) + timedelta(seconds=s) for s in range(leg.billsec)}
        return len(seconds)

    def first(person: str) -> datetime:
        return min(_picked_up(leg) for leg in bridged if leg.extension == person)

    longest = max(map(talked, people))
    person = min((p for p in people if talked(p) == longest), key=lambda p: (first(p), p))
    return person, longest


def _dialled(legs: Sequence[CallLeg], direction: Direction) -> str:
    """Unanswered inbound calls are nobody's; all others are whose phone dialled, of calls out whichever leg says it."""
    said = [leg.extension for leg in legs if leg.direction is direction and leg.extension]
    if direction is Direction.OUTBOUND:
        said += [leg.extension for leg in legs if leg.extension]
    return said[0] if said and direction is not Direction.INBOUND else ""


def _unanswered(legs: Sequence[CallLeg]) -> Disposition:
    """The strongest word about a person's phone; that inside ends answered each other says nothing about the call."""
    strength = ("busy", "no_answer", "cancelled", "failed", "machine", "unknown", "answered")
    return min((leg.disposition for leg in legs), key=lambda d: strength.index(d.value))
