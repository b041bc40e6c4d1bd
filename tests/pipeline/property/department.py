"""Random departments: everything that was ever said about a small sales department, corrections included.

What a department says has one meaning, whatever the order of arrival, so two things are left out: managers who claim
one extension at one time (the later arrival is refused, docs/decisions.md, 13), and corrections that say again what an
earlier version said (a record that says the same as the known one is not stored, decision 3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

import msgspec
from hypothesis import strategies as st

from schemas.records import (
    CallLeg,
    Direction,
    Disposition,
    Manager,
    Organisation,
    Proposal,
    ProposalKind,
    ProposalStatus,
    Record,
    StageChange,
)
from schemas.topics import CALL_LEGS, MANAGERS, ORGANISATIONS, PROPOSALS, STAGE_CHANGES, Topic

R = TypeVar("R", bound=Record)
Said = tuple[Topic, Record]
"""A record and the topic it is sent to."""

START = datetime(2026, 3, 27, tzinfo=UTC)
END = START + timedelta(days=6)
VERSION = 1_775_000_000_000_000_000
"""The clock of the first load; each correction is a load a second later."""

MANAGER_IDS = ("ann", "bob", "eve")
ORGANISATION_IDS = ("o1", "o2", "o3")
PHONES = ("+74950000001", "+74950000002")
SHARED_EXTENSION = "200"
STAGES = ("new", "active", "development", "shipment", "customer", "disqualified")
_INTERNAL_ENDS = ("", "101", "111", "102", "112", SHARED_EXTENSION, "999")

# Few moments, so that calls, stage changes and periods often meet at one, at any place of a bucket.
_moments = st.integers(0, 60).map(lambda n: START + timedelta(minutes=115 * n))
_maybe_epochs = st.one_of(st.just(0), _moments.map(lambda at: int(at.timestamp())))


class Department(NamedTuple):
    """All that was said, every version of it."""

    managers: list[Manager]
    organisations: list[Organisation]
    changes: list[StageChange]
    proposals: list[Proposal]
    legs: list[CallLeg]

    @property
    def said(self) -> list[Said]:
        """Everything with its topic."""
        kinds: tuple[tuple[Topic, Sequence[Record]], ...] = (
            (MANAGERS, self.managers),
            (ORGANISATIONS, self.organisations),
            (STAGE_CHANGES, self.changes),
            (PROPOSALS, self.proposals),
            (CALL_LEGS, self.legs),
        )
        return [(topic, record) for topic, records in kinds for record in records]


@st.composite
def departments(draw: st.DrawFn) -> Department:
    """A department of up to three managers, three organisations, three proposals and four calls."""
    return Department(
        draw(_managers()),
        draw(_several(ORGANISATION_IDS, _organisations)),
        draw(_changes()),
        draw(_several(("p1", "p2", "p3"), _proposals)),
        draw(_several(("1774569600.1", "1774656000.2", "1774656000.3", "1774742400.4"), _calls)),
    )


@st.composite
def _several(draw: st.DrawFn, ids: tuple[str, ...], of: Callable[[str], st.SearchStrategy[list[R]]]) -> list[R]:
    return [record for one in ids if draw(st.integers(0, 3)) for record in draw(of(one))]


def _versions(draw: st.DrawFn, drafts: list[R]) -> list[R]:
    """One record's versions in order, each a load of its own; the last may be loaded again, from another file."""
    kept: list[R] = []
    for draft in drafts:
        number = len(kept)
        told = msgspec.structs.replace(draft, version=VERSION + number * 10**9, **_from(number))
        if not any(_content(told) == _content(earlier) for earlier in kept):
            kept.append(told)
    if draw(st.integers(0, 3)) == 1:
        kept.append(msgspec.structs.replace(kept[-1], version=VERSION + 60 * 10**9, **_from(60)))
    return kept


def _content(record: R) -> R:
    return msgspec.structs.replace(record, version=0, import_id="", origin="")


def _from(number: int) -> dict[str, Any]:
    return {"import_id": f"load-{number}", "origin": f"file-{number}:7"}


@st.composite
def _managers(draw: st.DrawFn) -> list[Manager]:
    """Managers by periods: the shared extension changes hands, people change teams, some are away for a period."""
    cuts = sorted(draw(st.lists(_moments, unique=True, max_size=2)))
    periods = list(zip([START - timedelta(days=30), *cuts], [*cuts, None], strict=True))
    said: list[Manager] = []
    for number, (since, until) in enumerate(periods):
        shared = draw(st.sampled_from((None, *MANAGER_IDS)))
        for place, manager_id in enumerate(MANAGER_IDS, start=1):
            if not draw(st.integers(0, 3)):
                continue
            drafts = [
                Manager(
                    manager_id=manager_id,
                    name=f"{manager_id.title()} {number}",
                    team=draw(st.sampled_from(("north", "south"))),
                    extensions=[draw(st.sampled_from((f"10{place}", f"11{place}")))]
                    + [SHARED_EXTENSION] * (shared == manager_id),
                    valid_from=since,
                    # Left in the middle of the period, as a correction may say.
                    valid_to=draw(st.sampled_from((until, until, since + timedelta(hours=30)))),
                    version=0,
                )
                for _ in range(draw(st.integers(1, 2)))
            ]
            drafts = [
                msgspec.structs.replace(
                    draft, valid_to=min(draft.valid_to, until) if draft.valid_to and until else until
                )
                for draft in drafts
            ]
            said += _versions(draw, drafts)
    return said


@st.composite
def _organisations(draw: st.DrawFn, organisation_id: str) -> list[Organisation]:
    return _versions(
        draw,
        [
            Organisation(
                organisation_id=organisation_id,
                name=f"Org {organisation_id}",
                phones=phones,
                phones_since=[draw(_maybe_epochs) for _ in phones] if draw(st.booleans()) else [],
                phones_until=[draw(_maybe_epochs) for _ in phones] if draw(st.booleans()) else [],
                version=0,
            )
            for phones in draw(
                st.lists(st.lists(st.sampled_from(PHONES), unique=True, max_size=2), min_size=1, max_size=3)
            )
        ],
    )


@st.composite
def _changes(draw: st.DrawFn) -> list[StageChange]:
    entries = draw(
        st.lists(
            st.tuples(st.sampled_from(ORGANISATION_IDS), _moments, st.sampled_from(STAGES)), unique=True, max_size=8
        )
    )
    return [
        change
        for organisation_id, at, stage in entries
        for change in _versions(
            draw, [StageChange(organisation_id=organisation_id, changed_at=at, stage=stage, version=0)]
        )
    ]


@st.composite
def _proposals(draw: st.DrawFn, proposal_id: str) -> list[Proposal]:
    """Revisions of one proposal, each with its corrections; its organisation may be one that nobody ever loads."""
    said: list[Proposal] = []
    for revision in range(1, draw(st.integers(1, 3)) + 1):
        said += _versions(
            draw,
            [
                Proposal(
                    proposal_id=proposal_id,
                    revision=revision,
                    organisation_id=draw(st.sampled_from(ORGANISATION_IDS)),
                    manager_id=draw(st.sampled_from(MANAGER_IDS)),
                    kind=draw(st.sampled_from(ProposalKind)),
                    sent_at=draw(_moments),
                    amount=Decimal(draw(st.integers(0, 10_000_000))) / 100,
                    currency=draw(st.sampled_from(("RUB", "USD"))),
                    status=draw(st.sampled_from(ProposalStatus)),
                    version=0,
                )
                for _ in range(draw(st.integers(1, 2)))
            ],
        )
    return said


@st.composite
def _calls(draw: st.DrawFn, call_id: str) -> list[CallLeg]:
    """A call of one to four legs; a correction may move it to another extension, day or contact."""
    began = draw(_moments)
    return [
        leg
        for number in range(draw(st.integers(1, 4)))
        for leg in _versions(
            draw, [draw(_leg(call_id, f"{call_id}-{number}", began)) for _ in range(draw(st.integers(1, 3)))]
        )
    ]


@st.composite
def _leg(draw: st.DrawFn, call_id: str, record_id: str, began: datetime) -> CallLeg:
    moved = draw(st.sampled_from((0, 0, 0, 1)))
    started_at = began + timedelta(days=moved, seconds=draw(st.sampled_from((0, 0, 5, 20, 300))))
    ring_s, billsec = draw(st.integers(0, 20)), draw(st.sampled_from((0, 1, 29, 30, 31, 90)))
    disposition = draw(st.sampled_from((Disposition.ANSWERED, Disposition.ANSWERED, *Disposition)))
    answered_at = started_at + timedelta(seconds=ring_s)
    contact = draw(st.sampled_from(("", *PHONES, "+74950000009")))
    return CallLeg(
        source="office",
        call_id=call_id,
        record_id=record_id,
        started_at=started_at,
        answered_at=answered_at if disposition is Disposition.ANSWERED and draw(st.booleans()) else None,
        ended_at=answered_at + timedelta(seconds=billsec),
        billsec=billsec,
        direction=draw(st.sampled_from(Direction)),
        disposition=disposition,
        extension=draw(st.sampled_from(_INTERNAL_ENDS)),
        contact=contact,
        contact_raw=contact.removeprefix("+7"),
        queue=draw(st.sampled_from(("", "600"))),
        version=0,
    )
