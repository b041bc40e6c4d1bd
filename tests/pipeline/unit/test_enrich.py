"""A call and a proposal as something that a manager did to an organisation, as of its time."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.directory import Directory, History, Managers
from pipeline.enrich import bucket_of, enrich_call, enrich_proposal
from pipeline.stitch import stitch
from schemas.records import Activity, ActivityKind, CallLeg, Direction, Disposition, Proposal, ProposalKind
from schemas.records import ProposalStatus as Status
from schemas.stages import default_stages
from tests.pipeline.unit.making import CUSTOMER, NINE, at, entered, leg, manager, proposal

STAGES = default_stages()
ORDER = {code: place for place, code in enumerate(STAGES.codes)}


def directory() -> Directory:
    """Anna has 101 until noon, then Boris; o1 has the number, and is active from eleven."""
    made = Directory(STAGES)
    made.managers = Managers(
        [
            manager("anna", ["101"], at("00:00:00", 1), at("12:00:00"), team="north"),
            manager("boris", ["101"], at("12:00:00"), team="south"),
            manager("m1", [], at("00:00:00", 1), at("12:00:00"), team="north"),
            manager("m1", [], at("12:00:00"), team="south"),
        ]
    )
    made.organisations[CUSTOMER] = ("o1",)
    changes = [entered("o1", "new", at("08:00:00")), entered("o1", "active", at("11:00:00"))]
    made.histories["o1"] = History(changes, ORDER)
    return made


def called(*legs: CallLeg) -> Activity:
    return enrich_call(stitch(legs), directory(), cause="monday", caused_at=7, version=9)


def proposed(*revisions: Proposal) -> Activity:
    return enrich_proposal(revisions, directory(), cause="monday", caused_at=7, version=9)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Moscow", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns"])
@given(minutes=st.integers(0, 60 * 24 * 400))
def test_bucket_never_straddles_a_local_day(zone: str, minutes: int) -> None:
    """Five minutes divide every offset there is: 5:45, 10:30, half an hour of summer time."""
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    start = datetime.fromtimestamp(bucket_of(moment), UTC)
    assert start <= moment < start + timedelta(seconds=300)
    local = ZoneInfo(zone)
    last = start + timedelta(seconds=299)
    assert start.astimezone(local).date() == last.astimezone(local).date()


def test_bucket_begins_at_its_first_millisecond() -> None:
    moments = [at("09:04:59.999"), at("09:05:00"), at("09:09:59.999")]
    assert [bucket_of(moment) for moment in moments] == [
        int(moment.timestamp()) for moment in (at("09:00:00"), at("09:05:00"), at("09:05:00"))
    ]


def test_call_is_its_managers_and_in_its_stage_as_of_its_start_not_of_its_end() -> None:
    activity = called(leg(start="10:59:59", answer="11:00:05", end="12:30:00", extension="101"))
    assert (activity.manager_id, activity.team) == ("anna", "north")
    assert (activity.organisation_id, activity.stage) == ("o1", "new")
    assert (activity.at, activity.bucket) == (at("10:59:59"), int(at("10:55:00").timestamp()))


def test_call_at_the_boundary_is_the_new_owners() -> None:
    activity = called(leg(start="12:00:00", answer="12:00:05", end="12:01:00", extension="101"))
    assert (activity.manager_id, activity.team, activity.stage) == ("boris", "south", "active")


def test_unanswered_inbound_call_is_nobodys_but_its_organisations() -> None:
    activity = called(leg(queue="sales", extension="101"))
    assert (activity.manager_id, activity.team, activity.extension) == ("", "", "")
    assert (activity.organisation_id, activity.stage, activity.queue) == ("o1", "new", "sales")


def test_hidden_number_is_of_no_organisation() -> None:
    activity = called(leg(answer="09:00:05", extension="101", contact="", contact_raw="anonymous"))
    assert (activity.manager_id, activity.organisation_id, activity.stage) == ("anna", "", "")


def test_call_keeps_what_the_reader_wants_to_see_behind_a_number() -> None:
    activity = called(
        leg(answer="09:00:05", extension="101", did="74950000001", queue="sales", recording="a.wav", origin="a.csv:1")
    )
    assert activity.activity_id == "call:office:1793610000.1"
    assert (activity.kind, activity.direction, activity.disposition) == (
        ActivityKind.CALL,
        Direction.INBOUND,
        Disposition.ANSWERED,
    )
    assert (activity.contact, activity.extension, activity.source) == (CUSTOMER, "101", "office")
    assert (activity.talk_s, activity.wait_s, activity.legs) == (25, 5, 1)
    assert (activity.did, activity.queue, activity.recording) == ("74950000001", "sales", "a.wav")
    assert (activity.cause, activity.caused_at, activity.version) == ("monday", 7, 9)


REVISIONS = (
    proposal(1, sent_at=at("10:00:00"), amount=Decimal("1500.00"), version=1),
    proposal(2, sent_at=at("11:30:00"), amount=Decimal("1350.50"), version=2, manager_id="m2"),
    proposal(3, sent_at=at("12:30:00"), amount=Decimal("1300.00"), currency="USD", version=3),
)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_proposal_counts_once_when_first_sent_with_its_latest_sum(order: tuple[int, ...]) -> None:
    activity = proposed(*(REVISIONS[place] for place in order))
    assert (activity.activity_id, activity.kind) == ("proposal:КП-17", ActivityKind.INDIVIDUAL)
    assert (activity.at, activity.manager_id, activity.team) == (at("10:00:00"), "m1", "north")
    assert activity.bucket == int(at("10:00:00").timestamp())
    assert (activity.organisation_id, activity.stage) == ("o1", "new")
    assert (activity.amount, activity.currency, activity.revision) == (Decimal("1300.00"), "USD", 3)
    assert activity.withdrawn == 0


def test_first_revision_that_arrives_last_moves_the_proposal_to_when_it_was_sent() -> None:
    late, early = proposal(2, sent_at=at("12:00:00")), proposal(1, sent_at=at("08:30:00"), version=9)
    assert (proposed(late).at, proposed(late).team) == (at("12:00:00"), "south")
    assert (proposed(late, early).at, proposed(late, early).revision) == (at("08:30:00"), 2)


def test_of_revisions_sent_on_one_day_without_a_time_the_lowest_says_whose_it_is() -> None:
    revisions = [proposal(2, manager_id="m2", version=1), proposal(1, manager_id="m1", version=2)]
    assert proposed(*revisions).manager_id == "m1"


def test_proposal_whose_latest_revision_is_withdrawn_is_withdrawn() -> None:
    sent, withdrawn = proposal(1), proposal(2, status=Status.WITHDRAWN)
    assert proposed(sent, withdrawn).withdrawn == 1
    assert proposed(withdrawn, sent).withdrawn == 1


def test_proposal_that_is_sent_again_after_withdrawal_stands() -> None:
    assert proposed(proposal(1, status=Status.WITHDRAWN), proposal(2)).withdrawn == 0


def test_general_proposal_has_its_kind_and_is_no_call() -> None:
    activity = proposed(proposal(kind=ProposalKind.GENERAL))
    assert activity.kind is ActivityKind.GENERAL
    assert (activity.contact, activity.direction, activity.disposition) == ("", Direction.UNKNOWN, Disposition.UNKNOWN)


def test_proposal_before_the_first_stage_of_its_organisation_has_none() -> None:
    activity = proposed(proposal(sent_at=at("07:59:59.999")))
    assert (activity.organisation_id, activity.stage) == ("o1", "")


def test_proposal_of_a_manager_whom_no_roster_names_has_no_team() -> None:
    assert proposed(proposal(manager_id="who", sent_at=NINE)).team == ""
