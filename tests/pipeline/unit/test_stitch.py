"""Legs to calls, by the base facts of docs/metrics.md. Every shape is one that real exchanges write."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pipeline.stitch import stitch, union_s
from schemas.records import CallLeg, Direction, Disposition
from tests.pipeline.unit.making import CUSTOMER, NINE, at, leg

MOBILE = "+79160000077"
SECOND = timedelta(seconds=1)


def machine(record_id: str, start: str, end: str, **said: Any) -> CallLeg:
    """The channel was answered, and nobody was there: IVR, queue music, voicemail."""
    return leg(
        record_id, start=start, answer=start, end=end, **{"disposition": Disposition.MACHINE, "extension": "", **said}
    )


# A queue that rings five phones.


def ring_all(answered_by: str | None) -> list[CallLeg]:
    phones = ["101", "102", "103", "104", "105"]
    return [
        leg(
            f"1793610000.1:{number}",
            answer="09:00:12" if phone == answered_by else None,
            end="09:03:12" if phone == answered_by else "09:00:12",
            extension=phone,
            queue="sales",
        )
        for number, phone in enumerate(phones)
    ]


def test_queue_that_rang_five_phones_is_one_call_of_who_answered() -> None:
    call = stitch(ring_all("104"))
    assert (call.extension, call.talk_s, call.wait_s, call.legs) == ("104", 180, 12, 5)
    assert (call.direction, call.disposition, call.answered) == (Direction.INBOUND, Disposition.ANSWERED, True)
    assert (call.contact, call.queue) == (CUSTOMER, "sales")


def test_queue_that_nobody_answered_blames_nobody_and_keeps_the_queue() -> None:
    call = stitch(ring_all(None))
    assert (call.extension, call.talk_s, call.wait_s, call.queue) == ("", 0, 12, "sales")
    assert (call.disposition, call.answered) == (Disposition.NO_ANSWER, False)


def test_caller_who_hung_up_while_phones_rang_waited_to_the_end() -> None:
    call = stitch(
        [
            machine("1793610000.1:1", "09:00:00", "09:00:41", queue="sales"),
            leg("1793610000.1:2", start="09:00:04", end="09:00:41", extension="101", queue="sales"),
        ]
    )
    assert (call.disposition, call.extension, call.wait_s, call.talk_s) == (Disposition.NO_ANSWER, "", 41, 0)


def test_abandoned_call_has_wait_but_no_answer() -> None:
    call = stitch([leg(end="09:00:41", disposition=Disposition.CANCELLED, queue="sales")])
    assert (call.disposition, call.answered, call.wait_s) == (Disposition.CANCELLED, False, 41)


# A channel that a machine answered.


def test_menu_that_the_caller_left_is_answered_by_nobody() -> None:
    """In a real dump 96 % of inbound calls have an ANSWERED row and 47 % reached a person."""
    call = stitch([machine("1793610000.1:1", "09:00:00", "09:00:25", application="BackGround")])
    assert (call.disposition, call.answered, call.talk_s, call.wait_s) == (Disposition.MACHINE, False, 0, 25)


def test_voicemail_is_no_answer_of_the_person_whose_phone_rang() -> None:
    call = stitch(
        [
            leg("1793610000.1:1", end="09:00:20", extension="101"),
            machine("1793610000.1:2", "09:00:20", "09:01:20", application="VoiceMail", extension="101"),
        ]
    )
    assert (call.disposition, call.answered, call.extension, call.talk_s) == (Disposition.NO_ANSWER, False, "", 0)


def test_time_in_the_menu_is_waiting_not_talk() -> None:
    call = stitch(
        [
            machine("1793610000.1:1", "09:00:00", "09:00:30"),
            leg("1793610000.1:2", start="09:00:30", answer="09:00:36", end="09:02:00", extension="101"),
        ]
    )
    assert (call.wait_s, call.talk_s, call.extension) == (36, 84, "101")


# Transfers.


def test_blind_transfer_is_one_call_of_who_talked_longest() -> None:
    call = stitch(
        [
            leg("1793610000.1:1", answer="09:00:05", end="09:01:05", extension="101"),
            leg("1793610000.1:2", start="09:01:05", answer="09:01:11", end="09:05:01", extension="102"),
        ]
    )
    assert (call.extension, call.talk_s, call.wait_s, call.legs) == ("102", 230, 5, 2)
    assert (call.started_at, call.ended_at) == (at("09:00:00"), at("09:05:01"))


def test_blind_transfer_to_a_phone_that_nobody_picked_up_is_the_first_persons() -> None:
    call = stitch(
        [
            leg("1793610000.1:1", answer="09:00:05", end="09:00:15", extension="101"),
            leg("1793610000.1:2", start="09:00:15", end="09:00:45", extension="102"),
        ]
    )
    assert (call.extension, call.talk_s, call.disposition) == ("101", 10, Disposition.ANSWERED)


def test_consultation_before_an_attended_transfer_is_no_talk_with_the_customer() -> None:
    consultation = leg(
        "1793610000.3:3",
        start="09:01:05",
        answer="09:01:08",
        end="09:21:08",
        direction=Direction.INTERNAL,
        extension="101",
        peer_extension="102",
        contact="",
        contact_raw="",
    )
    call = stitch(
        [
            leg("1793610000.1:1", answer="09:00:05", end="09:01:05", extension="101"),
            consultation,
            leg("1793610000.1:2", start="09:21:08", answer="09:21:08", end="09:21:38", extension="102"),
        ]
    )
    assert (call.extension, call.talk_s, call.legs) == ("101", 60, 3)
    assert (call.direction, call.contact) == (Direction.INBOUND, CUSTOMER)


def test_customer_who_comes_back_to_the_first_person_is_added_up_without_the_gap() -> None:
    call = stitch(
        [
            leg("1793610000.1:1", answer="09:00:00", end="09:01:00", extension="101"),
            leg("1793610000.1:2", start="09:01:00", answer="09:01:05", end="09:02:30", extension="102"),
            leg("1793610000.1:3", start="09:02:30", answer="09:02:40", end="09:03:20", extension="101"),
        ]
    )
    assert (call.extension, call.talk_s) == ("101", 100)


def test_billsec_of_a_transferred_leg_that_runs_on_counts_each_second_once() -> None:
    """The first leg is written with the whole call's billsec; the same person is in both."""
    call = stitch(
        [
            leg("1793610000.1:1", answer="09:00:00", end="09:10:00", extension="101"),
            leg("1793610000.1:2", start="09:04:00", answer="09:05:00", end="09:10:00", extension="101"),
        ]
    )
    assert (call.talk_s, call.extension) == (600, "101")


def test_ringing_inside_of_the_queues_own_leg_is_no_talk() -> None:
    """A caller who came through a menu was answered by it; the leg of the phone itself says when it was picked up."""
    queue = leg("1793610000.1:1", answer="09:00:10", end="09:01:10", billsec=60, extension="101", queue="sales")
    phone = leg("1793610000.2:2", answer="09:00:17", end="09:01:10", billsec=53, extension="101")
    assert (stitch([queue, phone]).talk_s, stitch([queue]).talk_s) == (53, 60)


def test_leg_of_nobody_does_not_take_the_place_of_the_queues() -> None:
    queue = leg("1793610000.1:1", answer="09:00:01", billsec=29, extension="", queue="sales")
    nobody = leg("1793610000.1:2", answer="09:00:16", billsec=0, extension="")
    assert stitch([queue, nobody]).talk_s == 29


def test_call_forwarded_to_a_mobile_stays_inbound_and_its_callers() -> None:
    forwarded = leg(
        "1793610000.2:2",
        answer="09:00:20",
        end="09:02:00",
        direction=Direction.OUTBOUND,
        extension="101",
        contact=MOBILE,
        contact_raw="89160000077",
    )
    call = stitch([machine("1793610000.1:1", "09:00:00", "09:02:00"), forwarded])
    assert (call.direction, call.contact, call.contact_raw) == (Direction.INBOUND, CUSTOMER, "84950000012")
    assert (call.disposition, call.extension, call.talk_s) == (Disposition.ANSWERED, "101", 100)


@pytest.mark.parametrize(
    ("first", "second"), [("9:7", "10:8"), ("99:1", "100:2"), ("8:99", "9:100"), ("1:5", "2:4"), ("9:100", "10:99")]
)
def test_leg_that_touched_the_trunk_first_is_told_by_its_number_when_seconds_are_equal(first: str, second: str) -> None:
    """As text 1793610000.10 is before 1793610000.9, and the forward would turn the call round."""
    inbound = machine(f"1793610000.{first}", "09:00:00", "09:02:00")
    forward = leg(f"1793610000.{second}", answer="09:00:20", direction=Direction.OUTBOUND, contact=MOBILE)
    for legs in ([inbound, forward], [forward, inbound]):
        assert (stitch(legs).direction, stitch(legs).contact) == (Direction.INBOUND, CUSTOMER)


# Direction and contact.


def test_transfer_to_an_outside_number_does_not_turn_an_outbound_call_round() -> None:
    call = stitch(
        [
            leg("1793610000.1:1", answer="09:00:10", end="09:01:00", direction=Direction.OUTBOUND, extension="101"),
            leg("1793610000.3:2", start="09:01:00", answer="09:01:10", end="09:02:00", extension="102", contact=MOBILE),
        ]
    )
    assert (call.direction, call.contact) == (Direction.OUTBOUND, CUSTOMER)


def test_internal_leg_before_the_trunk_does_not_make_the_call_internal() -> None:
    call = stitch(
        [
            leg("1793610000.1:1", end="09:00:05", direction=Direction.INTERNAL, extension="101", contact=""),
            leg(
                "1793610000.2:2", start="09:00:05", answer="09:00:15", end="09:01:15", direction=Direction.OUTBOUND,
                extension="101",
            ),
        ]
    )  # fmt: skip
    assert (call.direction, call.started_at, call.talk_s) == (Direction.OUTBOUND, NINE, 60)


def test_call_between_extensions_is_internal_and_answered_by_whom_was_called() -> None:
    call = stitch(
        [leg(answer="09:00:10", direction=Direction.INTERNAL, extension="102", peer_extension="101", contact="")]
    )
    assert (call.direction, call.answered, call.talk_s, call.contact) == (Direction.INTERNAL, True, 20, "")


def test_first_leg_without_a_number_takes_it_from_a_later_one() -> None:
    hidden = leg("1793610000.1:1", end="09:00:05", contact="", contact_raw="anonymous")
    call = stitch([hidden, leg("1793610000.1:2", start="09:00:05", extension="101")])
    assert (call.contact, call.contact_raw) == (CUSTOMER, "84950000012")
    assert (stitch([hidden]).contact, stitch([hidden]).contact_raw) == ("", "anonymous")


# Whose call it is.


@pytest.mark.parametrize("became", [Disposition.BUSY, Disposition.NO_ANSWER, Disposition.FAILED, Disposition.CANCELLED])
def test_unanswered_outbound_call_is_who_dialled(became: Disposition) -> None:
    call = stitch([leg(direction=Direction.OUTBOUND, extension="101", disposition=became)])
    assert (call.extension, call.disposition, call.talk_s) == ("101", became, 0)


def test_attempt_over_a_second_trunk_is_the_same_call() -> None:
    call = stitch(
        [
            leg("1793610000.1:1", end="09:00:03", direction=Direction.OUTBOUND, extension="101",
                disposition=Disposition.FAILED),
            leg("1793610000.1:2", start="09:00:03", answer="09:00:13", end="09:00:43", direction=Direction.OUTBOUND,
                extension="101"),
        ]
    )  # fmt: skip
    assert (call.disposition, call.extension, call.talk_s, call.legs) == (Disposition.ANSWERED, "101", 30, 2)


def test_of_two_who_talked_equally_long_the_first_is_it() -> None:
    first = leg("1793610000.1:2", answer="09:00:00", end="09:01:00", extension="109")
    second = leg("1793610000.1:1", start="09:01:00", answer="09:01:00", end="09:02:00", extension="101")
    assert stitch([first, second]).extension == "109"
    assert stitch([second, first]).extension == "109"


def test_talk_of_a_person_comes_before_longer_talk_of_nobody_known() -> None:
    known = leg("1793610000.1:1", answer="09:00:00", end="09:00:10", extension="101")
    nobody = leg("1793610000.1:2", start="09:00:10", answer="09:00:10", end="09:09:10")
    assert (stitch([known, nobody]).extension, stitch([known, nobody]).talk_s) == ("101", 10)
    assert (stitch([nobody]).extension, stitch([nobody]).talk_s) == ("", 540)


def test_busy_phone_says_more_than_the_menu_before_it() -> None:
    call = stitch(
        [
            machine("1793610000.1:1", "09:00:00", "09:00:20"),
            leg("1793610000.1:2", start="09:00:20", extension="101", disposition=Disposition.BUSY),
        ]
    )
    assert call.disposition is Disposition.BUSY


# Time.


def test_call_that_crosses_midnight_began_on_its_start_day() -> None:
    call = stitch([leg(start="23:59:50", answer="23:59:55", end="00:01:05", extension="101")])
    assert (call.started_at, call.ended_at) == (at("23:59:50", 2), at("00:01:05", 3))
    assert (call.talk_s, call.wait_s) == (70, 5)


def test_answer_that_the_exchange_did_not_write_is_billsec_before_the_end() -> None:
    call = stitch([leg(answer="09:00:10", end="09:01:00", answered_at=None, extension="101")])
    assert (call.talk_s, call.wait_s) == (50, 10)


def test_billsec_longer_than_the_call_is_cut_to_the_call() -> None:
    """duration 29, billsec 30: both were cut to whole seconds, from different beginnings."""
    assert stitch([leg(answer="09:00:00", end="09:00:29", billsec=30, extension="101")]).talk_s == 29
    assert stitch([leg(answer="09:00:00.700", end="09:00:05.300", billsec=5)]).talk_s == 5
    assert stitch([leg(answer="09:00:00", end="09:00:00", billsec=2**32 - 1)]).talk_s == 0


def test_parts_of_seconds_add_up_before_they_are_cut() -> None:
    spans = [(NINE, NINE + 0.6 * SECOND), (NINE + SECOND, NINE + 1.6 * SECOND)]
    assert union_s(spans) == 1


@pytest.mark.parametrize(
    ("spans", "seconds"),
    [
        ([], 0),
        ([(0, 10)], 10),
        ([(0, 10), (0, 10)], 10),
        ([(0, 10), (10, 20)], 20),
        ([(0, 10), (5, 20)], 20),
        ([(0, 30), (5, 10)], 30),
        ([(0, 10), (20, 30), (5, 25)], 30),
        ([(0, 10), (15, 20)], 15),
        ([(5, 5)], 0),
    ],
)
def test_union_of_bridged_intervals(spans: list[tuple[int, int]], seconds: int) -> None:
    moments = [(NINE + start * SECOND, NINE + end * SECOND) for start, end in spans]
    assert union_s(moments) == seconds
    assert union_s(reversed(moments)) == seconds


# Records of one talk that differ: the exact one decides.


def test_channel_events_decide_who_talked_and_how_long() -> None:
    """The CDR's billsec holds a menu, and names the phone that rang; the events know the bridge."""
    cdr = leg("1793610000.1:1", answer="09:00:00", end="09:02:00", extension="101")
    began = leg("1793610000.1:cel", answer="09:00:40", end="09:02:00", extension="")
    phone = leg("1793610000.3:cel", start="09:00:30", answer="09:00:40", end="09:02:00", extension="102")
    call = stitch([cdr, began, phone])
    assert (call.extension, call.talk_s, call.wait_s, call.legs) == ("102", 80, 40, 3)


def test_events_that_tell_of_no_talk_leave_it_to_the_cdr() -> None:
    cdr = leg("1793610000.1:1", answer="09:00:10", end="09:02:00", extension="101")
    cut = leg("1793610000.3:cel", start="09:00:00", end="09:02:00", extension="101")
    assert (stitch([cdr, cut]).extension, stitch([cdr, cut]).talk_s) == ("101", 110)


def test_events_decide_the_direction_of_a_call_that_a_program_began() -> None:
    cdr = leg("1793610000.1:1", answer="09:00:02", end="09:02:00", extension="101")
    phone = leg(
        "1793610000.3:cel", start="09:00:02", answer="09:00:10", end="09:02:00", extension="101",
        direction=Direction.OUTBOUND,
    )  # fmt: skip
    assert (stitch([cdr, phone]).direction, stitch([cdr, phone]).talk_s) == (Direction.OUTBOUND, 110)


def log_talk(answer: str, end: str, extension: str) -> CallLeg:
    """A member's talk as the queue's log tells it."""
    return leg(
        "1793610000.1:completecaller:0", start="09:00:00", answer=answer, end=end, extension=extension,
        application="COMPLETECALLER",
    )  # fmt: skip


def test_queue_log_that_misses_a_transfer_does_not_widen_the_talk() -> None:
    queue = leg("1793610000.1:1", answer="09:00:00", end="10:00:10", extension="101", queue="600")
    first = leg("1793610000.3:2", start="09:00:00", answer="09:00:10", end="09:02:10", extension="101")
    second = leg("1793610000.3:3", start="09:02:10", answer="09:02:20", end="10:00:10", extension="102")
    for more in ([], [log_talk("09:00:10", "10:00:10", "101")]):
        call = stitch([queue, first, second, *more])
        assert (call.extension, call.talk_s) == ("102", 3470)


def test_queue_log_bounds_a_cdr_that_holds_the_ringing() -> None:
    cdr = leg("1793610000.1:1", answer="09:00:00", end="09:02:00", extension="101", queue="600")
    assert stitch([cdr, log_talk("09:00:20", "09:02:00", "101")]).talk_s == 100


def test_member_of_a_queue_who_is_known_by_name_is_whoever_was_bridged() -> None:
    phone = leg("1793610000.3:2", start="09:00:00", answer="09:00:10", end="09:02:10", extension="101")
    call = stitch([phone, log_talk("09:00:10", "09:02:12", "Anna")])
    assert (call.extension, call.talk_s) == ("101", 120)
    assert stitch([log_talk("09:00:10", "09:02:12", "Anna")]).extension == "Anna"
