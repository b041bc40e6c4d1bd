"""Asterisk's channel events: whoever talked is told, however the rows of a call lie, beside its CDRs or alone."""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from connectors.asterisk.cel import epoch_s
from connectors.asterisk.cel_calls import Gathered, Gatherer
from connectors.reading.lengths import WEEK_S
from connectors.reading.sample import Sample
from connectors.recognise import choose
from schemas.codec import encode
from schemas.errors import Terminal
from schemas.records import CallLeg, Direction, Disposition, Reason, Rejected
from tests.connectors.asterisk.cel_rows import START_S, Event, Leg, channel, inbound, log, uid
from tests.connectors.conftest import Items, Write, context, read
from tests.connectors.rows import row
from tests.connectors.test_pbx_calls import calls

TABLE = Path(__file__).parent / "golden" / "asterisk-cel" / "freepbx_table.csv"


def legs(items: Items) -> list[tuple[Direction, Disposition, str, str, int]]:
    return [
        (leg.direction, leg.disposition, leg.extension, leg.contact, leg.billsec)
        for leg in items
        if isinstance(leg, CallLeg)
    ]


def text_of(leg: CallLeg) -> bytes:
    return encode(leg).replace(leg.origin.encode(), b"")


# --- beside the CDR


def test_events_beside_the_cdr_of_a_queue_name_who_answered_and_count_nothing_twice(write: Write) -> None:
    """The CDR of a queue that a menu had answered: its billsec holds the waiting. The bridge says how long it was."""
    cdr = row(7, dst="600", dstchannel="PJSIP/102-00000008", lastapp="Queue", ring_s=0, talk_s=85, uniqueid=uid(7))
    cdr = cdr.replace('"Queue",""', '"Queue","sales,t,,,60"')
    cel = log(*inbound(7, 0, phone="102", ring_s=25, talk_s=60))
    items = [*read(write(cdr)), *read(write(cel, "cel.csv"))]
    ((call_id, call),) = calls(items).items()
    assert (call_id, call.extension, call.talk_s, call.queue, call.legs) == (uid(7), "102", 60, "sales", 3)


@pytest.mark.parametrize("talk_s", [0, 60])
def test_call_told_by_cdr_by_events_and_by_both_is_one(write: Write, talk_s: int) -> None:
    """A dialled number says NO ANSWER in both, and nobody talks twice as long for being told twice."""
    cdr = read(write(row(7, ring_s=5, talk_s=talk_s, disposition="ANSWERED" if talk_s else "NO ANSWER")))
    cel = read(write(log(*inbound(7, 0, talk_s=talk_s)), "cel.csv"))
    found_legs = []
    for items in (cdr, cel, [*cdr, *cel]):
        ((_, call),) = calls(items).items()
        found_legs.append((call.direction, call.disposition, call.extension, call.contact, call.talk_s, call.wait_s))
    expected = Disposition.ANSWERED if talk_s else Disposition.NO_ANSWER
    who = "101" if talk_s else ""
    assert found_legs == [(Direction.INBOUND, expected, who, "+74950000001", talk_s, 5)] * 3


# --- transfers


def consultation(second: Leg, other: Leg, dialled: str) -> list[Event]:
    """101 talks with a caller from second 5 on, asks somebody at 30, and leaves the two at 50 until 500."""
    caller, desk = channel("provider", 1, says="84950000001"), channel("101", 2, 1, "101")
    moved = other._replace(linkedid=caller.linkedid)
    return [
        caller.begins(0, "74950000000"), desk.begins(0), *desk.bridged("b1", 5, 50), *caller.bridged("b1", 5, 50),
        second.begins(30, dialled), other.begins(31), *second.bridged("b2", 35, 50),
        other.event(35, "ANSWER"), *other.bridged("b2", 35, 50)[:1],
        *caller.bridged("b2", 50, 500), desk.ends(50), second.ends(50), second.event(50, "LINKEDID_END"),
        moved.bridged("b2", 35, 500)[1], moved.ends(500), caller.ends(501),
    ]  # fmt: skip


def test_caller_who_is_left_with_a_colleague_talked_with_both(write: Write) -> None:
    """The colleague's call ends for Asterisk (LINKEDID_END) while he talks on; others call meanwhile."""
    consulted = consultation(channel("101", 3, says="101"), channel("102", 4, 3, "102"), "102")
    found = read(write(log(*consulted, *inbound(20, 100, phone="103"), *inbound(30, 300, phone="103"))))
    assert not [item for item in found if isinstance(item, Rejected)]
    mine = [leg for leg in found if isinstance(leg, CallLeg) and leg.record_id in {f"{uid(n)}:cel" for n in range(5)}]
    assert legs([*mine]) == [
        (Direction.INBOUND, Disposition.ANSWERED, "", "+74950000001", 495),
        (Direction.INBOUND, Disposition.ANSWERED, "101", "+74950000001", 45),
        (Direction.INTERNAL, Disposition.ANSWERED, "101", "", 15),
        (Direction.INBOUND, Disposition.ANSWERED, "102", "+74950000001", 450),
    ]
    by_call = calls([*mine])
    assert {name: (call.extension, call.talk_s) for name, call in by_call.items()} == {
        uid(1): ("102", 450),
        uid(3): ("101", 15),
    }


def test_question_to_somebody_outside_is_a_call_of_its_own(write: Write) -> None:
    consulted = consultation(channel("101", 3, says="101"), channel("provider", 4, 3, "89160000001"), "89160000001")
    assert legs(read(write(log(*consulted)))) == [
        (Direction.INBOUND, Disposition.ANSWERED, "", "+74950000001", 495),
        (Direction.INBOUND, Disposition.ANSWERED, "101", "+74950000001", 45),
        (Direction.OUTBOUND, Disposition.ANSWERED, "101", "+79160000001", 15),
    ]


def test_caller_who_comes_into_a_talk_of_two_phones_is_still_inbound(write: Write) -> None:
    """101 and 102 talked before; the older call gives its id, and the caller is who is outside."""
    first, second = channel("101", 1, says="101"), channel("102", 2, 1, "102")
    caller = channel("provider", 3, says="84950000001")
    moved = caller._replace(linkedid=first.linkedid)
    talk = [
        first.begins(0, "102"), second.begins(0), *first.bridged("b1", 5, 40), *second.bridged("b1", 5, 90),
        caller.begins(20, "74950000000"), moved.bridged("b1", 40, 90)[0], moved.bridged("b1", 40, 90)[1],
        first.ends(40), second.ends(90), moved.ends(90),
    ]  # fmt: skip
    assert legs(read(write(log(*talk)))) == [
        (Direction.INTERNAL, Disposition.ANSWERED, "101", "", 35),
        (Direction.INBOUND, Disposition.ANSWERED, "102", "+74950000001", 50),
        (Direction.INBOUND, Disposition.ANSWERED, "", "+74950000001", 50),
    ]


# --- calls to outside


@pytest.mark.parametrize(
    ("status", "cause", "expected"),
    [
        ("BUSY", 17, Disposition.BUSY),
        ("NOANSWER", 19, Disposition.NO_ANSWER),
        ("CANCEL", 16, Disposition.CANCELLED),
        ("CHANUNAVAIL", 20, Disposition.FAILED),
        ("", 17, Disposition.BUSY),
        ("", 34, Disposition.FAILED),
    ],
)
def test_number_that_was_not_reached_says_why(write: Write, status: str, cause: int, expected: Disposition) -> None:
    desk, trunk = channel("101", 1, says="101"), channel("provider", 2, 1, "84950000002")
    dialled = [desk.begins(0, "84950000002"), trunk.begins(1), trunk.ends(20, cause=cause), desk.ends(21, status)]
    others = inbound(20, 100)  # a log without a bridge may be one that does not tell of them
    assert legs(read(write(log(*dialled, *others))))[0] == (Direction.OUTBOUND, expected, "101", "+74950000002", 0)


def test_room_is_a_bridge_and_music_is_nobody(write: Write) -> None:
    """Who is in a conference with the caller talks with them; where parked calls wait, nobody does."""
    caller, desk = channel("provider", 1, says="84950000001"), channel("101", 2, 1, "101")
    room = [event._replace(app="ConfBridge") for one in (caller, desk) for event in one.bridged("room", 5, 100)]
    waits = [
        event._replace(extra='{"bridge_id":"p","bridge_technology":"holding_bridge"}')
        for one in (caller, desk)
        for event in one.bridged("p", 110, 150)
    ]
    rest = [caller.begins(0, "600"), caller.event(1, "ANSWER"), desk.begins(2), desk.ends(160), caller.ends(160)]
    assert [leg[1:] for leg in legs(read(write(log(*room, *waits, *rest))))] == [
        (Disposition.ANSWERED, "", "+74950000001", 95),
        (Disposition.ANSWERED, "101", "+74950000001", 95),
    ]
    assert [leg[1:] for leg in legs(read(write(log(*waits, *rest))))] == [
        (Disposition.MACHINE, "", "+74950000001", 0),
        (Disposition.NO_ANSWER, "101", "+74950000001", 0),
    ]


def test_who_retrieves_a_parked_call_talked_with_the_caller(write: Write) -> None:
    """The phone that dials the parking place began a call of its own, which became this one."""
    caller, desk, other = (
        channel("provider", 1, says="84950000001"), channel("101", 2, 1, "101"), channel("102", 9, 9, "102"),
    )  # fmt: skip
    retrieved = [event._replace(linkedid=caller.linkedid) for event in (*other.bridged("b", 30, 90), other.ends(90))]
    events = [
        *(caller.begins(0, "101"), caller.event(1, "ANSWER"), desk.begins(1), *desk.bridged("a", 5, 15), desk.ends(15)),
        *(*caller.bridged("a", 5, 15), *caller.bridged("b", 30, 90), caller.ends(90), other.begins(28, "701")),
        *retrieved,
    ]
    assert [leg[1:] for leg in legs(read(write(log(*events))))] == [
        (Disposition.ANSWERED, "", "+74950000001", 70),
        (Disposition.ANSWERED, "101", "+74950000001", 10),
        (Disposition.ANSWERED, "102", "+74950000001", 60),
    ]


def test_local_channel_joins_bridges_only_while_both_halves_are_in(write: Write) -> None:
    """A consultation through a Local channel is over before one half comes to the caller."""
    caller, desk, other = (
        channel("provider", 1, says="84950000001"), channel("101", 2, 1, "101"), channel("102", 5, 1, "102"),
    )  # fmt: skip
    one, two = (
        channel("x", number, 1)._replace(channel=f"Local/102@internal-0001;{half}") for number, half in ((3, 1), (4, 2))
    )
    events = [
        *(caller.begins(0, "101"), desk.begins(0), other.begins(20), one.begins(20), two.begins(20)),
        *(*caller.bridged("a", 5, 60), *desk.bridged("a", 5, 20), *desk.bridged("c", 20, 30)),
        *(*one.bridged("c", 20, 30), *one.bridged("a", 30, 60), *two.bridged("d", 22, 60), *other.bridged("d", 22, 60)),
        *(desk.ends(30), caller.ends(60), other.ends(60), one.ends(60), two.ends(60)),
    ]
    found = {leg[2]: leg[4] for leg in legs(read(write(log(*events))))}
    assert (found["101"], found["102"]) == (15, 30)


def test_log_without_extra_and_peer_tells_who_was_together_by_time(write: Write) -> None:
    caller, desk = channel("provider", 1, says="84950000001"), channel("101", 2, 1, "101")
    events = [caller.begins(0, "101"), desk.begins(1), desk.event(5, "ANSWER"), caller.event(5, "ANSWER")]
    events += [event._replace(extra="") for one in (desk, caller) for event in one.bridged("a", 5, 65)]
    events += [desk.ends(65), caller.ends(65)]
    assert [leg[1:] for leg in legs(read(write(log(*events))))] == [
        (Disposition.ANSWERED, "", "+74950000001", 60),
        (Disposition.ANSWERED, "101", "+74950000001", 60),
    ]


# --- any order, any text

_CALLS = st.lists(
    st.tuples(st.integers(0, 3_000), st.sampled_from(["101", "102"]), st.integers(0, 30), st.sampled_from([0, 1, 90])),
    min_size=1,
    max_size=8,
)


@given(_CALLS, st.integers(0, 2**32))
@settings(deadline=None, max_examples=40)
def test_rows_that_interleave_and_stand_in_any_order_within_a_second_tell_the_same_legs(
    made: list[tuple[int, str, int, int]], seed: int
) -> None:
    alone = [
        inbound(10 * number, at_s, phone=phone, ring_s=ring_s, talk_s=talk_s)
        for number, (at_s, phone, ring_s, talk_s) in enumerate(made)
    ]
    dice = random.Random(seed)
    mixed = sorted((event for events in alone for event in events), key=lambda event: (event.at_s, dice.random()))
    together = sorted(
        text_of(leg) for leg in _read("".join(event.row() for event in mixed)) if isinstance(leg, CallLeg)
    )
    apart = sorted(text_of(leg) for events in alone for leg in _read(log(*events)) if isinstance(leg, CallLeg))
    assert together == apart
    assert len(together) == 2 * len(made)


def _read(text: str) -> Items:
    """As `read`, and each row that makes an item is counted."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "cel.csv"
        path.write_text(text, encoding="utf-8")
        source, seen = choose(Sample(path), "calls", "asterisk-cel", "RU")
        reading = source.read(path, seen, context())
        items = list(reading)
    assert reading.rows == len(items)
    return items


_NAMES = ("CHAN_START", "ANSWER", "BRIDGE_ENTER", "BRIDGE_EXIT", "HANGUP", "CHAN_END", "LINKEDID_END", "OWN_EVENT")
_CHANNELS = ("PJSIP/101-1", "PJSIP/102-2", "PJSIP/provider-3", "Local/103@queue-4;1", "Local/103@queue-4;2", "", "x")
_EXTRAS = ("", '{"bridge_id":"b1"}', '{"bridge_id":"b2"', '{"hangupcause":17,"dialstatus":"BUSY"}', "{")
_EVENTS = st.builds(
    lambda at_s, name, number, linked, extra, app: Event(
        at_s,
        name,
        _CHANNELS[number],
        f"{uid(number)}",
        f"{uid(linked)}",
        _CHANNELS[number],
        "84950000002",
        app,
        "",
        extra,
    ),
    st.integers(0, 40),
    st.sampled_from(_NAMES),
    st.integers(0, len(_CHANNELS) - 1),
    st.integers(0, 2),
    st.sampled_from(_EXTRAS),
    st.sampled_from(("", "Queue", "AppDial", "MeetMe")),
)
_BROKEN = st.sampled_from(("soon", "", "1e9", "-1", "99999999999", "1793599200.x"))


@given(st.lists(st.tuples(_EVENTS, st.none() | _BROKEN), max_size=40))
@settings(deadline=None, max_examples=100)
def test_any_events_are_legs_or_rejects_and_no_phone_is_lost(made: list[tuple[Event, str | None]]) -> None:
    rows = [
        event.row() if broken is None else event.row().replace(f"{START_S + event.at_s:.6f}", broken)
        for event, broken in made
    ]
    good = [event for number in range(50, 100, 10) for event in inbound(number, 41)]
    try:
        items = _read("".join(rows) + log(*good))
    except Terminal as refusal:  # more steps back in time than forth: rightly refused, and no case of this test
        if "the rows stand newest first" not in str(refusal):
            raise
        reject()
    for item in items:
        encode(item)
    bad = [item for item in items if isinstance(item, Rejected) and item.reason is Reason.BAD_TIME]
    assert sum(item.field == "epoch" for item in bad) == sum(broken is not None for _, broken in made)
    phones = {event.uniqueid for event, broken in made if broken is None and event.channel.startswith("PJSIP/10")}
    found_legs = {item.record_id.partition(":")[0] for item in items if isinstance(item, CallLeg)}
    refused = "".join(item.payload for item in items if isinstance(item, Rejected))
    assert all(phone in found_legs or f'"{phone}"' in refused for phone in phones)


# --- bounds


def _gathered(*events: Event) -> tuple[Gatherer, list[Gathered]]:
    gatherer, given_back = Gatherer(epoch_s, lambda channel: channel.startswith("PJSIP/1")), []
    for event in events:
        cells = (event.name, f"{START_S + event.at_s}", event.uniqueid, event.linkedid, event.channel)
        if gatherer.add((*cells, *[""] * 7, event.extra), 1, ""):
            given_back += list(gatherer.settled())
    return gatherer, given_back


def test_call_without_an_end_is_given_up_after_the_longest_call() -> None:
    hung = channel("101", 1).begins(0)
    later = [event for n in (10, 20, 30) for event in inbound(n, WEEK_S + 10 * n)]
    gatherer, given_back = _gathered(hung, *later[:-1])
    assert hung.uniqueid in {uniqueid for call in given_back for uniqueid in call.channels}
    assert not any(hung.uniqueid in call.channels for call in gatherer.rest())


@pytest.mark.parametrize("odd_s", [-80 * WEEK_S, 80 * WEEK_S])
def test_one_row_with_an_odd_time_gives_nobody_up(odd_s: float) -> None:
    one, other = inbound(1, 0), inbound(10, 20)
    _, given_back = _gathered(*one, *other[:2], channel("102", 90).begins(odd_s), *other[2:])
    assert given_back == []


def test_calls_that_never_end_are_bounded_in_number_and_in_size() -> None:
    many = [channel("101", number).begins(number % 60) for number in range(20_100)]
    gatherer, given_back = _gathered(*many)
    assert len(given_back) == 100
    assert len(list(gatherer.rest())) == 20_000
    one_id = [channel("101", number, 0).begins(number % 60) for number in range(4_500)]
    gatherer, given_back = _gathered(*one_id)
    assert [len(call.channels) for call in given_back] == [2_001, 2_001]
    assert sum(len(call.channels) for call in gatherer.rest()) == 498


# --- what a log must tell


def test_rows_that_stand_newest_first_are_refused(write: Write) -> None:
    lines = log(*inbound(1, 0)).splitlines(keepends=True)
    with pytest.raises(Terminal, match=r"Master\.csv: the rows stand newest first: export them .*ORDER BY id"):
        read(write("".join(reversed(lines))))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("BRIDGE_ENTER", "BRIDGE_START", "an Asterisk before 12"),
        ("BRIDGE_ENTER", "APP_START", "no BRIDGE_ENTER says with whom: add CHAN_START,ANSWER,BRIDGE_ENTER"),
    ],
)
def test_log_that_does_not_say_who_was_together_is_refused(write: Write, old: str, new: str, why: str) -> None:
    text = log(*inbound(1, 0)).replace('"Dial"', '"AppDial"').replace(old, new)
    with pytest.raises(Terminal, match=why):
        read(write(text))


def test_zone_of_a_table_is_held_against_the_epochs() -> None:
    source, seen = choose(Sample(TABLE), "calls", "auto", "RU")
    assert source.zone(Sample(TABLE), seen, None)[1] == "14 of 14 rows prove UTC+03:00 (epoch in uniqueid)"
    with pytest.raises(Terminal, match=r"the file says UTC\+03:00 .*--tz Europe/Samara is UTC\+04:00"):
        read(TABLE, tz="Europe/Samara")


def test_table_with_offsets_of_seconds_is_read_as_one_without(write: Write) -> None:
    """cel_pgsql and newer cel_odbc keep microseconds."""
    text = TABLE.read_text(encoding="utf-8")
    finer = text.replace(",2026-11-02 09:00:54,", ",2026-11-02 09:00:54.250000,")
    assert finer != text
    assert [*map(encode, read(write(finer, TABLE.name)))] == [*map(encode, read(TABLE))]
