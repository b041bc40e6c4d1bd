"""Who took a call of FusionPBX's ring groups, queues and tenants."""

from __future__ import annotations

from typing import Any

from connectors.freeswitch.fusionpbx import leg
from pipeline.stitch import stitch
from schemas.records import CallLeg, Direction, Disposition
from tests.connectors.conftest import context

AT = 1793599200


def uuid(number: int) -> str:
    return f"6f1c3b1e-0000-4000-8000-00000000000{number}"


def of(number: int, **cells: Any) -> CallLeg:
    """A leg of a call from outside that was up for 90 of 100 seconds."""
    row = {
        "xml_cdr_uuid": uuid(number),
        "direction": "inbound",
        "caller_id_number": "+79160000010",
        "caller_destination": "74950000099",
        "start_epoch": str(AT),
        "answer_epoch": str(AT + 10),
        "end_epoch": str(AT + 100),
        "duration": "100",
        "billsec": "90",
        "leg": "a",
        "hangup_cause": "NORMAL_CLEARING",
        **cells,
    }
    return leg(row, "x", context())


GROUP = of(1, destination_number="600", bridge_uuid=uuid(2), last_app="bridge", last_arg="user/102@a.example")
MEMBER = of(
    4,
    destination_number="7001",
    bridge_uuid=uuid(5),
    last_app="callcenter",
    cc_side="member",
    cc_queue="7001@a.example",
    cc_agent="102@a.example",
    cc_agent_bridged="true",
)
AGENT = of(
    5,
    direction="local",
    destination_number="102",
    bridge_uuid=uuid(4),
    leg="b",
    cc_side="agent",
    cc_queue="7001@a.example",
    cc_agent="102@a.example",
    answer_epoch=str(AT + 15),
    billsec="85",
)


def test_member_of_a_ring_group_took_the_call_not_the_group() -> None:
    assert (GROUP.extension, GROUP.disposition, GROUP.billsec) == ("102", Disposition.ANSWERED, 90)


def test_phones_of_a_ring_group_tell_the_same_as_the_callers_leg() -> None:
    answered = of(2, destination_number="102", leg="b", originating_leg_uuid=uuid(1))
    lost = {"billsec": "0", "answer_epoch": "0", "hangup_cause": "LOSE_RACE"}
    rang = of(3, destination_number="101", leg="b", originating_leg_uuid=uuid(1), **lost)
    call = stitch([GROUP, answered, rang])
    assert (call.extension, call.talk_s, call.direction) == ("102", 90, Direction.INBOUND)


def test_several_phones_that_rang_together_name_nobody() -> None:
    several = of(1, destination_number="600", bridge_uuid=uuid(2), last_app="bridge", last_arg="user/101@a,user/102@a")
    assert (several.extension, several.disposition) == ("", Disposition.ANSWERED)


def test_agent_of_a_queue_took_the_call_for_as_long_as_the_agents_leg_says() -> None:
    assert (MEMBER.extension, MEMBER.queue, MEMBER.call_id) == ("102", "7001", AGENT.call_id)
    call = stitch([MEMBER, AGENT])
    assert (call.extension, call.talk_s, call.direction, call.queue) == ("102", 85, Direction.INBOUND, "7001")


def test_agent_of_an_id_is_whose_phone_it_was() -> None:
    of_an_id = of(
        4, destination_number="7001", bridge_uuid=uuid(5), cc_side="member", cc_queue="7001@a", cc_agent="0c1d@a"
    )
    assert stitch([of_an_id, AGENT]).extension == "102"


def test_tenants_of_one_exchange_are_apart() -> None:
    one, other = (of(7, destination_number="101", domain_name=name, bridge_uuid=uuid(8)) for name in ("a.example", "b"))
    assert (one.extension, other.extension) == ("101@a.example", "101@b")
