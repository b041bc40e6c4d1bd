"""Deaths that the random ones seldom meet, one by one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.records import (
    CallLeg,
    Direction,
    Disposition,
    Manager,
    Organisation,
    Proposal,
    ProposalKind,
    StageChange,
)
from schemas.topics import MANAGERS, ORGANISATIONS, STAGE_CHANGES, Topic
from tests.pipeline.property.brute import brute_force
from tests.pipeline.property.department import PHONES, START, VERSION, Department
from tests.pipeline.property.memory_wire import Delivery, Kill, MemoryWire, Turn, deliver, lines, run
from tests.pipeline.property.tables import SETTINGS, Database, same


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    return Database(store_dsn)


def _organisation(*phones: str, version: int) -> Organisation:
    return Organisation(organisation_id="o1", name="Org", phones=list(phones), version=VERSION + version)


def _leg(contact: str, number: int = 1) -> CallLeg:
    return CallLeg(
        source="office",
        call_id=f"1774569600.{number}",
        record_id=f"1774569600.{number}",
        started_at=START,
        ended_at=START + timedelta(seconds=40),
        direction=Direction.OUTBOUND,
        disposition=Disposition.NO_ANSWER,
        extension="101",
        contact=contact,
        contact_raw=contact,
        version=VERSION,
    )


@pytest.mark.parametrize("call", range(1, 8))
def test_phone_of_a_half_stored_organisation_is_gone_when_it_comes_again_with_its_correction(
    database: Database, call: int
) -> None:
    department = Department(
        managers=[],
        organisations=[_organisation(PHONES[0], version=0), _organisation(PHONES[1], version=1)],
        changes=[],
        proposals=[],
        legs=[_leg(PHONES[0])],
    )
    database.empty()
    turns = [Turn(pick=1, frames=1, kill=Kill(call=call)), Turn(pick=1, frames=2)]
    deliver(department.said, Delivery([0, 1, 2], [1, 1, 1], turns), database.store, SETTINGS)
    same(brute_force(department), database.tables())


MANAGER = Manager(manager_id="ann", name="Ann", team="north", extensions=["101"], valid_from=START, version=VERSION)
CHANGE = StageChange(organisation_id="o1", stage="active", changed_at=START, version=VERSION)
PROPOSAL = Proposal(
    proposal_id="p1",
    organisation_id="o1",
    manager_id="ann",
    kind=ProposalKind.GENERAL,
    sent_at=START,
    version=VERSION,
)
CALLS = [_leg(PHONES[0], number) for number in (1, 2)]
LATE = Department([MANAGER], [_organisation(PHONES[0], version=0)], [CHANGE], [PROPOSAL], CALLS)

# A call to the store that is done when the worker dies is the next one that is not.
DEATHS = [*(Kill(call=call) for call in range(1, 9)), *(Kill(published=lines) for lines in range(3))]


@pytest.mark.parametrize("late", [MANAGERS, ORGANISATIONS, STAGE_CHANGES], ids=lambda topic: str(topic.name))
@pytest.mark.parametrize("kill", DEATHS, ids=lambda kill: f"{kill.call}-{kill.published}")
def test_late_directory_reaches_every_call_and_proposal_wherever_its_worker_dies(
    database: Database, late: Topic, kill: Kill
) -> None:
    """Everything else is counted before; then one record of the directory arrives, and its worker dies once."""
    database.empty()
    wire = MemoryWire()
    wire.send(lines((topic, record) for topic, record in LATE.said if topic is not late))
    run(wire, [], database.store, SETTINGS)
    wire.send(lines((topic, record) for topic, record in LATE.said if topic is late))
    run(wire, [Turn(kill=kill)], database.store, SETTINGS)
    same(brute_force(LATE), database.tables())
    assert database.differences() == []
