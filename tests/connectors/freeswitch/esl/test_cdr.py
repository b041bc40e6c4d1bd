"""An event now and mod_json_cdr's object or mod_cdr_csv's row tonight are one leg."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.freeswitch.esl.cdr import HangupEvents
from connectors.freeswitch.esl.messages import MOST_BODY, EslMessage, EslMessages
from connectors.freeswitch.fusionpbx import leg as fusionpbx_leg
from connectors.freeswitch.json_cdr import Cdr, CdrReader
from connectors.reading.rejects import Misread
from schemas.codec import Codec, encode
from schemas.records import CallLeg, Reason, Rejected
from tests.connectors.conftest import Write, context, read
from tests.connectors.freeswitch.esl.peer import Headers, as_json, event, headers_of, message, plain
from tests.connectors.golden import golden
from tests.connectors.golden_legs import LEG
from tests.connectors.golden_legs import plain as as_plain
from tests.connectors.rows import NINE

FORMS = [plain, as_json]
GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.json"))
OBJECTS = golden("freeswitch-json")
_LEG = {"id": "record_id", "call": "call_id"} | LEG


def items_of(data: bytes) -> list[CallLeg | Rejected]:
    return HangupEvents(context).items(EslMessages().feed(data))


def leg_of(data: bytes) -> CallLeg:
    (item,) = items_of(data)
    assert isinstance(item, CallLeg), item
    return item


def alike(leg: CallLeg) -> CallLeg:
    return msgspec.structs.replace(leg, origin="")


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_event_is_read_as_a_person_reads_it(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    body = "\n".join(case["body"]).encode("utf-8", "surrogateescape")
    (item,) = items_of(message(case["kind"], body))
    if isinstance(item, Rejected):
        assert {"reject": str(item.reason), "field": item.field} == case["item"]
        assert item.payload == body.decode("utf-8", "backslashreplace").rstrip("\n")
    else:
        found = {short: as_plain(getattr(item, name)) for short, name in _LEG.items()}
        assert {short: value for short, value in found.items() if value not in ("", 0)} == case["item"]


def objects() -> list[dict[str, Any]]:
    lines = (OBJECTS / "both_legs.jsonl").read_text(encoding="utf-8").splitlines()
    whole = [(OBJECTS / name).read_text(encoding="utf-8") for name in ("one_file_old_version.cdr",)]
    more = json.loads((OBJECTS / "array_encoded_values.cdr").read_text(encoding="utf-8"))
    return [*map(json.loads, [*lines, *whole]), *more]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("cdr", objects(), ids=lambda cdr: str(cdr["variables"].get("uuid"))[:8])
def test_event_is_the_leg_of_mod_json_cdrs_object(cdr: dict[str, Any], form: Any) -> None:
    wanted = CdrReader(context(), "file").leg(msgspec.convert(cdr, Cdr), 1)
    assert alike(leg_of(form(headers_of(cdr)))) == alike(wanted)


numbers = st.sampled_from(["101", "102", "84950000001", "+74950000002", "600", "anonymous", ""])
uuids = st.sampled_from([f"1111000{digit}-f38c-449e-a562-95250032e427" for digit in "1234"])
profiles = st.fixed_dictionaries(
    {"caller_id_number": numbers, "destination_number": numbers, "uuid": uuids},
    optional={"context": st.sampled_from(["default", "public"])},
)
others = st.sampled_from(["originator", "originatee"]).flatmap(
    lambda kind: st.fixed_dictionaries({kind: st.fixed_dictionaries({f"{kind}_caller_profiles": st.tuples(profiles)})})
)
variables = st.fixed_dictionaries(
    {
        "uuid": uuids,
        "start_epoch": st.just("1793599200"),
        "billsec": st.integers(0, 60),
        "duration": st.integers(50, 90),
    },
    optional={
        "direction": st.sampled_from(["inbound", "outbound"]),
        "answer_epoch": st.sampled_from(["0", "1793599205"]),
        "end_epoch": st.integers(1_793_599_190, 1_793_599_600).map(str),
        "hangup_cause": st.sampled_from(["NORMAL_CLEARING", "USER_BUSY", "ORIGINATOR_CANCEL", ""]),
        "originator": uuids,
        "bridge_uuid": uuids,
        "user_name": numbers,
        "dialed_user": numbers,
        "sip_gateway_name": st.just("provider"),
        "last_app": st.sampled_from(["bridge", "voicemail", "callcenter"]),
        "cc_queue": st.just("sales@pbx.example"),
        "cc_side": st.sampled_from(["member", "agent"]),
        "record_name": st.just("r 1.wav"),
    },
)


@st.composite
def cdrs(draw: st.DrawFn) -> dict[str, Any]:
    """Objects of channels, some transferred once: what a transfer keeps is the caller, not the context before it."""
    last = draw(profiles) | draw(st.one_of(st.just({}), others))
    flow = [{"caller_profile": last}]
    if draw(st.booleans()):
        before = {"caller_id_number": last["caller_id_number"], "destination_number": draw(numbers.filter(bool))}
        flow.append({"caller_profile": before})
    return {"variables": draw(variables), "callflow": flow}


@given(cdrs(), st.sampled_from(FORMS))
def test_event_of_any_channel_is_what_its_object_is(cdr: dict[str, Any], form: Any) -> None:
    (item,) = items_of(form(headers_of(cdr)))
    found = alike(item) if isinstance(item, CallLeg) else (item.reason, item.field)
    assert found == leg_or_reason(msgspec.convert(cdr, Cdr, strict=False))


def leg_or_reason(cdr: Cdr) -> CallLeg | tuple[Reason, str]:
    try:
        return alike(CdrReader(context(), "file").leg(cdr, 1))
    except Misread as misread:
        return misread.bad.reason, misread.bad.field


@pytest.mark.parametrize("form", FORMS)
def test_event_counts_once_with_its_row_of_master_csv_and_of_fusionpbx(write: Write, form: Any) -> None:
    from_event = leg_of(form(event(1, NINE)))
    b_leg = "00000000-0000-4000-8000-000000000501"
    times = ["2026-11-02 09:00:00", "2026-11-02 09:00:05", "2026-11-02 09:01:05", "65", "60", "NORMAL_CLEARING"]
    cells = ["Anna", "84950000001", "101", "public", *times, from_event.record_id, b_leg, "", "PCMA", "PCMA"]
    (from_csv,) = read(write(",".join(f'"{cell}"' for cell in cells) + "\n"))
    row = {"xml_cdr_uuid": from_event.record_id, "direction": "inbound", "leg": "a", "start_epoch": "1793599200"}
    row |= {"end_epoch": "1793599265", "duration": "65", "billsec": "60", "bridge_uuid": b_leg, "last_app": "bridge"}
    row |= {"caller_id_number": "84950000001", "destination_number": "101", "answer_epoch": "1793599205"}
    assert isinstance(from_csv, CallLeg)
    assert alike(from_csv) == msgspec.structs.replace(from_event, origin="", application="")  # no such column
    assert alike(fusionpbx_leg(row, "sql", context())) == alike(from_event)


@pytest.mark.parametrize("form", FORMS)
def test_byte_that_is_no_utf8_costs_no_call(form: Any) -> None:
    odd = [("Caller-Caller-ID-Name", "Andr\udce9"), ("variable_cc_queue", "caf\udce9")]
    leg = leg_of(form([*event(1, NINE), *odd]))
    assert (leg.contact, leg.queue) == ("+74950000001", "caf\\xe9")


def test_other_events_and_answers_are_nothing() -> None:
    beat: Headers = [("Event-Name", "HEARTBEAT"), ("Up-Time", "0 years"), ("Session-Count", "0")]
    answer = b"Content-Type: command/reply\nReply-Text: +OK\n\n"
    assert items_of(plain(beat) + as_json(beat) + answer + message("log/data", b"x")) == []


@pytest.mark.parametrize(
    ("kind", "body", "reason"),
    [
        ("text/event-json", b'{"Event-Name":', Reason.UNREADABLE_TEXT),
        ("text/event-json", b"[1]", Reason.UNREADABLE_TEXT),
        ("text/event-json", b"[" * 100_000, Reason.UNREADABLE_TEXT),
        ("text/event-json", b'{"a":"\\ud800"}', Reason.UNREADABLE_TEXT),
        ("text/event-xml", b"<event/>", Reason.UNKNOWN_LAYOUT),
        ("text/event-plain", b"x" * (MOST_BODY + 1), Reason.LINE_TOO_LONG),
    ],
    ids=["half", "array", "deep", "half-a-surrogate", "xml", "long"],
)
def test_event_that_cannot_be_read_is_a_reject_with_its_text(kind: str, body: bytes, reason: Reason) -> None:
    (item,) = items_of(message(kind, body))
    assert isinstance(item, Rejected)
    assert item.reason is reason
    assert item.payload == body.decode()[:65_536]
    assert item.origin == "esl:-"


bodies = st.one_of(
    st.binary(max_size=80),
    st.dictionaries(
        st.sampled_from([name for name, _ in event(1, NINE)]), st.one_of(st.text(max_size=8), st.none())
    ).map(lambda as_plain: json.dumps(as_plain).encode()),
    st.lists(st.tuples(st.sampled_from([name for name, _ in event(1, NINE)]), st.text(max_size=8))).map(
        lambda as_plain: "".join(f"{name}: {value}\n" for name, value in as_plain).encode()
    ),
)


@given(st.sampled_from(["text/event-plain", "text/event-json", "text/event-"]), bodies)
def test_any_event_is_a_leg_that_the_wire_takes_or_a_reject_or_of_another_name(kind: str, body: bytes) -> None:
    for item in HangupEvents(context).items([EslMessage({"content-type": kind}, body)]):
        kind_of: Codec[Any] = Codec(type(item))
        assert kind_of.read(encode(item))[0] == [item]
