"""Channel events over the manager interface are the legs of the channel event log."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from connectors.asterisk.ami.cel import HEADERS, CelEvents
from connectors.asterisk.ami.listener import Ami
from connectors.asterisk.ami.messages import MOST_LINE, AmiMessage, AmiMessages
from connectors.asterisk.ami.session import AmiLogin
from schemas.codec import Codec, encode
from schemas.records import CallLeg, Reason, Record, Rejected
from tests.connectors.asterisk.ami.peer import SECRET, event, peer
from tests.connectors.asterisk.ami.test_listener import serving
from tests.connectors.asterisk.cel_rows import START_S, Event, inbound, log
from tests.connectors.conftest import Write, context, read
from tests.connectors.live.opened import PATIENT, opened
from tests.connectors.live.sinks import until
from tests.connectors.rows import MOSCOW, NINE


def event_bytes(one: Event, **more: str) -> bytes:
    """An event on the wire, by cel_manager.c: its time is local."""
    headers = {
        "Event": "CEL",
        "Privilege": "call,all",
        "EventName": one.name,
        "CallerIDnum": one.number,
        "CallerIDani": one.number,
        "Exten": one.exten,
        "Context": "internal",
        "Channel": one.channel,
        "Application": one.app,
        "AppData": one.data,
        "EventTime": f"{datetime.fromtimestamp(START_S + int(one.at_s), MOSCOW):%Y-%m-%d %H:%M:%S}",
        "UniqueID": one.uniqueid,
        "LinkedID": one.linkedid,
        "Peer": one.peer,
        "Extra": one.extra,
        **more,
    }
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode() + b"\r\n"


def messages(*events: Event) -> list[AmiMessage]:
    return AmiMessages().feed(b"".join(map(event_bytes, sorted(events, key=lambda one: one.at_s))))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def without_origin(items: list[Record | Rejected] | list[CallLeg | Rejected]) -> list[CallLeg]:
    return [msgspec.structs.replace(leg, origin="") for leg in items if isinstance(leg, CallLeg)]


def test_events_are_the_legs_of_the_log_once_nothing_more_comes(write: Write) -> None:
    events = [*inbound(1, 0), *inbound(10, 30, phone="102", talk_s=0)]
    clock = Clock()
    reader = CelEvents(context, clock)
    first = reader.items(messages(*events))
    clock.now = 4.0
    assert reader.items([]) == []
    clock.now = 6.0
    legs = first + reader.items([])
    assert len(legs) == 4
    assert sorted(map(encode, without_origin(legs))) == sorted(map(encode, without_origin(read(write(log(*events))))))
    assert {leg.origin for leg in legs} == {f"ami:{START_S}.{number}" for number in (1, 2, 10, 11)}


def test_calls_are_told_while_others_go_on() -> None:
    clock = Clock()
    reader = CelEvents(context, clock)
    assert reader.items(messages(*inbound(1, 0))) == []
    later = messages(*inbound(10, 100), *inbound(20, 103))
    assert [leg.call_id for leg in without_origin(reader.items(later))] == [f"{START_S}.1"] * 2


def test_channel_of_which_not_all_was_heard_makes_nothing() -> None:
    """Its `Cdr` event tells of it, and of a time without a connection the gap."""
    clock = Clock()
    reader = CelEvents(context, clock)
    heard = inbound(1, 0)[2:]
    assert reader.items(messages(*heard)) == []
    clock.now = 10.0
    assert reader.items([]) == []


def test_event_that_says_what_cannot_be_is_a_reject() -> None:
    (one, *_) = inbound(1, 0)
    wire = (
        event_bytes(one, EventTime="soon")
        + event_bytes(one._replace(linkedid=""))
        + event_bytes(one, AppData="x" * MOST_LINE)
    )
    items = CelEvents(context).items(AmiMessages().feed(wire))
    assert [(item.reason, item.field) for item in items if isinstance(item, Rejected)] == [
        (Reason.BAD_TIME, "time"),
        (Reason.MISSING_FIELD, "linkedid"),
        (Reason.LINE_TOO_LONG, ""),
    ]


def test_times_are_taken_as_epochs_where_cel_conf_says_so() -> None:
    clock = Clock()
    wire = b"".join(event_bytes(one, EventTime=f"{START_S + one.at_s:.6f}") for one in inbound(1, 0))
    reader = CelEvents(context, clock)
    reader.items(AmiMessages().feed(wire))
    clock.now = 6.0
    assert [leg.billsec for leg in without_origin(reader.items([]))] == [60, 60]


texts = st.one_of(st.text(max_size=12), st.sampled_from(["", "HANGUP", "CHAN_START", "101", "2026-11-02 09:00:00"]))


@given(st.lists(st.dictionaries(st.sampled_from(HEADERS), texts), max_size=6))
def test_any_events_are_legs_that_the_wire_takes_or_rejects(headers: list[dict[str, str]]) -> None:
    clock = Clock()
    reader = CelEvents(context, clock)
    items = reader.items([AmiMessage(one, "text", True) for one in headers])
    clock.now = 10.0
    for item in [*items, *reader.items([])]:
        if isinstance(item, CallLeg):
            assert Codec(CallLeg).read(encode(item))[0] == [item]


def test_channel_events_are_asked_for_and_missed_when_none_come(tmp_path: Path) -> None:
    with peer(serving(event(1, NINE))) as exchange:
        login = AmiLogin("127.0.0.1", exchange.port, "callfunnel", SECRET, cel=True)
        with opened(lambda context: Ami(login, context, PATIENT), tmp_path, "ami") as door:
            until(lambda: "no CEL event came: cel.conf needs enable = yes" in door.feed.detail)
        (connection,) = exchange.connections
    assert next(one for one in connection.actions if one["Action"] == "Login")["Events"] == "cdr,call"


def test_advice_stays_while_only_channel_events_come() -> None:
    ami = Ami(AmiLogin("127.0.0.1", 1, "callfunnel", SECRET, cel=True), context)
    cel = messages(*inbound(1, 0))
    without_ids = AmiMessages().feed(event(1, NINE, ids=False))
    ami.items([*cel, *without_ids])
    assert "linkedid => LinkedID" in ami.learn([*cel, *without_ids])
    assert "linkedid => LinkedID" in ami.learn(cel)
    assert ami.learn(AmiMessages().feed(event(2, NINE))) == ""
