"""Deaths that the random ones seldom meet, one by one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.records import CallLeg, Direction, Disposition, Organisation
from tests.pipeline.property.brute import brute_force
from tests.pipeline.property.department import PHONES, START, VERSION, Department
from tests.pipeline.property.memory_wire import Delivery, Kill, Turn, deliver
from tests.pipeline.property.tables import SETTINGS, Database, same


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    return Database(store_dsn)


def _organisation(*phones: str, version: int) -> Organisation:
    return Organisation(organisation_id="o1", name="Org", phones=list(phones), version=VERSION + version)


def _leg(contact: str) -> CallLeg:
    return CallLeg(
        source="office",
        call_id="1774569600.1",
        record_id="1774569600.1",
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
@pytest.mark.parametrize("done", [False, True])
def test_phone_of_a_half_stored_organisation_is_gone_when_it_comes_again_with_its_correction(
    database: Database, call: int, done: bool
) -> None:
    department = Department(
        managers=[],
        organisations=[_organisation(PHONES[0], version=0), _organisation(PHONES[1], version=1)],
        changes=[],
        proposals=[],
        legs=[_leg(PHONES[0])],
    )
    database.empty()
    turns = [Turn(pick=1, frames=1, kill=Kill(call=call, done=done)), Turn(pick=1, frames=2)]
    deliver(department.said, Delivery([0, 1, 2], [1, 1, 1], turns), database.store, SETTINGS)
    same(brute_force(department), database.tables())
