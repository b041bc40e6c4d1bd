"""Segments of 3CX's report: who picked up, how long, and what is rejected with words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.reading.leg import LegFields
from connectors.reading.rejects import Misread
from connectors.threecx.segments import leg_fields
from schemas.records import Direction, Disposition, Reason

PEOPLE = frozenset({"101", "102"})


def segment(**cells: str) -> LegFields:
    row = {
        "MainCallHistoryId": "0000-1", "CdrId": "c1", "StartTime": "2026-11-02T09:00:00.480Z", "Direction": "Inbound",
        "SourceDn": "10000", "SourceCallerId": "+74950000012", "DestinationDn": "101", "DestinationCallerId": "101",
        "Answered": "true", "RingingDuration": "PT4.2S", "TalkingDuration": "PT1M59.975875S", "Status": "Answered",
    }  # fmt: skip
    return leg_fields(row | cells, PEOPLE)


def test_answered_segment_is_its_persons_from_the_end_of_ringing_on() -> None:
    leg = segment()
    assert (leg.call_id, leg.record_id, leg.direction) == ("0000-1", "c1", Direction.INBOUND)
    assert (leg.disposition, leg.extension, leg.billsec, leg.outside) == (
        Disposition.ANSWERED, "101", 119, "+74950000012",
    )  # fmt: skip
    assert leg.started_at.replace(microsecond=0) == datetime(2026, 11, 2, 9, tzinfo=UTC)
    assert leg.answered_at is not None
    assert (leg.answered_at - leg.started_at).total_seconds() == 4


def test_queue_or_menu_that_answered_is_a_machine_though_its_number_looks_like_a_persons() -> None:
    leg = segment(DestinationDn="801")
    assert (leg.disposition, leg.extension, leg.queue) == (Disposition.MACHINE, "", "801")


def test_queue_whose_caller_was_taken_by_a_person_talked_with_nobody() -> None:
    leg = segment(DestinationDn="801", TalkingDuration="PT0S", Answered="true")
    assert (leg.disposition, leg.billsec) == (Disposition.NO_ANSWER, 0)


def test_outbound_call_is_who_dialled_and_the_number_that_was() -> None:
    leg = segment(Direction="Outbound", SourceDn="102", SourceCallerId="102", DestinationDn="10000",
                  DestinationCallerId="+74950000013")  # fmt: skip
    assert (leg.direction, leg.extension, leg.outside) == (Direction.OUTBOUND, "102", "+74950000013")


def test_internal_call_is_whose_phone_rang_and_names_the_other() -> None:
    leg = segment(Direction="Internal", SourceDn="102", DestinationDn="101")
    assert (leg.direction, leg.extension, leg.peer, leg.outside) == (Direction.INTERNAL, "101", "102", "")


@pytest.mark.parametrize(
    ("cells", "outcome"),
    [
        ({"Reason": "Busy"}, Disposition.BUSY),
        ({"Reason": "Call failed"}, Disposition.FAILED),
        ({"Reason": ""}, Disposition.NO_ANSWER),
    ],
)
def test_segment_that_nobody_answered_says_why(cells: dict[str, str], outcome: Disposition) -> None:
    leg = segment(Answered="false", TalkingDuration="PT0S", Status="Unanswered", **cells)
    assert (leg.disposition, leg.answered_at) == (outcome, None)


@pytest.mark.parametrize(
    ("cells", "reason", "field"),
    [
        ({"Direction": "Sideways"}, Reason.BAD_KIND, "Direction"),
        ({"StartTime": "yesterday"}, Reason.BAD_TIME, "StartTime"),
        ({"TalkingDuration": "long"}, Reason.BAD_DURATION, "TalkingDuration"),
        ({"RingingDuration": "P"}, Reason.BAD_DURATION, "RingingDuration"),
        ({"MainCallHistoryId": "", "CallHistoryId": ""}, Reason.MISSING_FIELD, "MainCallHistoryId"),
    ],
)
def test_row_that_cannot_be_read_says_which_field(cells: dict[str, str], reason: Reason, field: str) -> None:
    with pytest.raises(Misread) as caught:
        segment(**cells)
    assert (caught.value.bad.reason, caught.value.bad.field) == (reason, field)


@pytest.mark.parametrize(("text", "seconds"), [("PT2H3M4S", 7_384), ("P1DT1S", 86_401), ("PT5M", 300), ("", 0)])
def test_lengths_of_every_size(text: str, seconds: int) -> None:
    assert segment(RingingDuration="PT0S", TalkingDuration=text).billsec == seconds
