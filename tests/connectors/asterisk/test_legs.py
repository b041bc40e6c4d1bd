"""What a row of the Asterisk family says: who is at its ends, which call it is of, and under which id."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.asterisk.peers import Peer, PeerKind, Peers
from pipeline.stitch import stitch
from schemas.records import CallLeg, Direction, Disposition, Reason, Rejected
from tests.connectors.conftest import Write, read
from tests.connectors.rows import NINE, row

GOLDEN = Path(__file__).parent / "golden" / "asterisk-csv"
FREEPBX = (
    "calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,amaflags,accountcode,"
    "uniqueid,userfield,did,cnum,cnam,outbound_cnum,outbound_cnam,dst_cnam,recordingfile,linkedid,peeraccount,sequence"
)


def legs(path: Path, tz: str = "Europe/Moscow", **more: Any) -> list[CallLeg]:
    return [item for item in read(path, tz=tz, **more) if isinstance(item, CallLeg)]


def one(write: Write, line: str, **more: Any) -> CallLeg:
    (leg,) = legs(write(line), **more)
    return leg


# --- channels


@pytest.mark.parametrize(
    ("channel", "peer"),
    [
        ("", Peer(PeerKind.NONE, "")),
        ("PJSIP/114-000000c4", Peer(PeerKind.EXTENSION, "114")),
        ("SIP/12345-000000c4", Peer(PeerKind.EXTENSION, "12345")),
        ("SIP/123456-000000c4", Peer(PeerKind.TRUNK, "")),
        ("PJSIP/provider-000000c4", Peer(PeerKind.TRUNK, "")),
        ("PJSIP/pro-vi-der-000000c4", Peer(PeerKind.TRUNK, "")),
        ("PJSIP/900-000000c4", Peer(PeerKind.TRUNK, "")),  # named in `trunks`
        ("DAHDI/4-1", Peer(PeerKind.TRUNK, "")),
        ("DAHDI/i1/84950000000-5", Peer(PeerKind.TRUNK, "")),
        ("DAHDI/21-1", Peer(PeerKind.TRUNK, "")),  # named with its technology: an analog line, not a phone
        ("SIP/21-00000001", Peer(PeerKind.EXTENSION, "21")),
        ("IAX2/branch-17", Peer(PeerKind.TRUNK, "")),
        ("PJSIP/101", Peer(PeerKind.EXTENSION, "101")),  # cut off: no running number
        ("PJSIP/provider", Peer(PeerKind.TRUNK, "")),
        ("Local/101@from-queue-0000001a;1", Peer(PeerKind.LOCAL, "101")),
        ("Local/101@from-queue-0000001a;2", Peer(PeerKind.LOCAL, "101", mirror=True)),
        ("Local/101@from-queue-0000001a;2<ZOMBIE>", Peer(PeerKind.LOCAL, "101", mirror=True)),
        ("Local/FMPR-101@from-internal-00000001;1", Peer(PeerKind.LOCAL, "101")),
        ("Local/RG-600-101@from-internal-00000001;1", Peer(PeerKind.LOCAL, "101")),
        ("Local/FMGL-89160000002#@from-internal-00000001;1", Peer(PeerKind.LOCAL, "", outside=True)),
        ("Local/89160000002@from-internal-00000001;2", Peer(PeerKind.LOCAL, "", mirror=True, outside=True)),
        ("Local/vmu101@default-00000001;1", Peer(PeerKind.LOCAL, "")),
        ("Local/*203@access-code-00000000;2", Peer(PeerKind.LOCAL, "", mirror=True)),
        ("AsyncGoto/PJSIP/101-00000001", Peer(PeerKind.EXTENSION, "101")),
        ("Surrogate/PJSIP/provider-00000001", Peer(PeerKind.TRUNK, "")),
        ("PJSIP/101-00000001<ZOMBIE>", Peer(PeerKind.EXTENSION, "101")),
        ("Message/ast_msg_queue", Peer(PeerKind.LOCAL, "")),
        ("CBAnn/800-00000001;2", Peer(PeerKind.LOCAL, "", mirror=True)),
        ("DAHDI/pseudo-1234", Peer(PeerKind.LOCAL, "")),
    ],
)
def test_channel_names_its_peer(channel: str, peer: Peer) -> None:
    peers = Peers(r"\d{2,5}", ("900", "DAHDI/21"))
    assert peers.of(channel) == peer
    assert peers.of(channel) == peer  # remembered


def test_channels_without_a_running_number_do_not_share_what_is_remembered() -> None:
    peers = Peers(r"\d{2,5}", ())
    assert [peers.of(name).number for name in ("PJSIP/101", "PJSIP/102", "PJSIP/provider", "PJSIP/101")] == [
        "101",
        "102",
        "",
        "101",
    ]


def test_halves_of_a_pair_are_told_apart_after_one_was_remembered() -> None:
    peers = Peers(r"\d{2,5}", ())
    halves = [peers.of(f"Local/101@q-0000001a;{half}").mirror for half in (1, 2, 1, 2)]
    assert halves == [False, True, False, True]


# --- inside and outside


def test_six_digits_are_a_phone_when_it_calls_under_its_own_name(write: Write) -> None:
    """Six digits are an extension here and a provider's account there: the whole file tells which."""
    line = row(channel="PJSIP/200101-00000001", src="200101", dst="200102", dstchannel="PJSIP/200102-00000002")
    found = one(write, line)
    assert (found.direction, found.extension, found.peer_extension) == (Direction.INTERNAL, "200101", "200102")
    from_outside = row(2, channel="PJSIP/200101-00000001", dst="101", at=NINE + timedelta(minutes=1))
    assert [leg.direction for leg in legs(write(line + from_outside))][1] is Direction.INBOUND


def test_trunk_that_looks_like_an_extension_is_named_in_the_settings(write: Write) -> None:
    line = row(channel="SIP/62342-00000001", src="84950000001", dst="101")
    assert one(write, line).direction is Direction.INTERNAL
    found = one(write, line, trunks=("62342",))
    assert (found.direction, found.extension, found.contact) == (Direction.INBOUND, "101", "+74950000001")


def test_src_of_an_outgoing_call_is_the_number_that_was_sent_not_the_person(write: Write) -> None:
    """FreePBX puts the outbound CID there (formats.md, 2); the channel tells who dialled."""
    line = row(channel="PJSIP/101-00000001", src="74950000100", dst="84950000001", dstchannel="PJSIP/provider-00000002")
    found = one(write, line)
    assert (found.direction, found.extension, found.contact) == (Direction.OUTBOUND, "101", "+74950000001")


def test_person_of_a_trunk_to_trunk_row_is_in_cnum(write: Write) -> None:
    """A call out whose channel was taken over: cnum still has the extension."""
    line = (
        '2026-11-02 09:00:00,x,74950000100,84950000001,from-internal,PJSIP/provider-1,PJSIP/provider-2,Dial,"",'
        "70,60,ANSWERED,3,,1793599200.1,,,101,Anna,74950000100,,,,1793599200.1,,1"
    )
    found = one(write, f"{FREEPBX}\n{line}\n")
    assert (found.direction, found.extension, found.contact) == (Direction.OUTBOUND, "101", "+74950000001")


def test_number_outside_that_nobody_reached_is_still_an_attempt(write: Write) -> None:
    line = row(
        channel="PJSIP/101-00000001", src="101", dst="84950000001", dstchannel="", talk_s=0, disposition="FAILED"
    )
    found = one(write, line)
    assert (found.direction, found.disposition, found.contact) == (
        Direction.OUTBOUND,
        Disposition.FAILED,
        "+74950000001",
    )


@pytest.mark.parametrize(
    "lastapp", ["VoiceMail", "BackGround", "Playback", "Read", "Wait", "Hangup", "Queue", "AGI", ""]
)
def test_answer_without_anybody_there_is_a_machine(write: Write, lastapp: str) -> None:
    assert one(write, row(dstchannel="", lastapp=lastapp)).disposition is Disposition.MACHINE


@pytest.mark.parametrize("lastapp", ["Dial", "Queue", "FollowMe", "AppDial", "AppQueue", "Bridge", "Pickup"])
def test_answer_with_a_phone_there_is_a_person(write: Write, lastapp: str) -> None:
    assert one(write, row(lastapp=lastapp)).disposition is Disposition.ANSWERED


def test_phone_that_was_picked_up_and_dropped_at_once_was_answered(write: Write) -> None:
    found = one(write, row(talk_s=0, disposition="ANSWERED"))
    assert (found.disposition, found.extension, found.billsec) == (Disposition.ANSWERED, "101", 0)


@pytest.mark.parametrize("lastapp", ["VoiceMail", "Hangup", "Macro", ""])
def test_answer_of_no_length_proves_nothing_of_other_applications(write: Write, lastapp: str) -> None:
    assert one(write, row(talk_s=0, disposition="ANSWERED", lastapp=lastapp)).disposition is Disposition.MACHINE


@pytest.mark.parametrize("lastapp", ["VoiceMail", "Playback", "BackGround"])
def test_phone_that_did_not_answer_before_a_machine_did_talked_with_nobody(write: Write, lastapp: str) -> None:
    """Before Asterisk 12 one row keeps the phone that was rung, and names the last application."""
    assert one(write, row(lastapp=lastapp)).disposition is Disposition.MACHINE


def test_one_second_more_than_the_duration_is_a_rounding(write: Write) -> None:
    """Both are cut to whole seconds, from different beginnings."""
    line = row(ring_s=0, talk_s=30).replace(",30,30,", ",30,31,")
    assert one(write, line).billsec == 31


# --- calls


@pytest.mark.parametrize(
    ("case", "call_id", "direction", "disposition", "extension", "contact", "talk_s", "count"),
    [
        ("queue_ring_all", "1793599200.16", "inbound", "answered", "103", "+74950000001", 120, 5),
        ("blind_transfer", "1793599200.32", "inbound", "answered", "102", "+74950000001", 60, 2),
        ("voicemail_and_ivr", "1793599200.48", "inbound", "no_answer", "", "+74950000001", 0, 2),
        ("voicemail_and_ivr", "1793599500.51", "inbound", "machine", "", "+74950000001", 0, 1),
        ("forward_to_mobile", "1793599200.64", "inbound", "answered", "+79160000002", "+74950000001", 60, 1),
        ("forward_to_mobile", "1793599500.66", "inbound", "answered", "101", "+74950000001", 40, 2),
        ("queue_local_members", "1793599200.80", "inbound", "answered", "101", "+74950000001", 45, 3),
        ("click_to_dial", "1793599200.96", "outbound", "answered", "101", "+74950000003", 90, 2),
        ("click_to_dial", "1793599500.98", "outbound", "busy", "102", "+74950000004", 0, 1),
        ("internal", "1793599200.112", "internal", "answered", "101", "", 30, 1),
    ],
)
def test_legs_of_a_call_make_the_call_that_happened(
    case: str, call_id: str, direction: str, disposition: str, extension: str, contact: str, talk_s: int, count: int
) -> None:
    call = stitch([leg for leg in legs(GOLDEN / f"{case}.csv") if leg.call_id == call_id])
    assert (call.direction, call.disposition, call.extension) == (direction, disposition, extension)
    assert (call.contact, call.talk_s, call.legs) == (contact, talk_s, count)


# --- ids

CALLS = [
    (1, "84950000001", "101", "PJSIP/provider-0000000a", "PJSIP/101-0000000b", 5, 0, "NO ANSWER"),
    (2, "84950000001", "102", "PJSIP/provider-0000000a", "PJSIP/102-0000000c", 5, 60, "ANSWERED"),
    (3, "101", "84950000002", "PJSIP/101-0000000d", "PJSIP/provider-0000000e", 9, 0, "BUSY"),
]
UNIQUEID = {1: "1793599200.10", 2: "1793599200.10", 3: "1793599200.13"}


def as_master(tail: str, zone: ZoneInfo | None = None) -> str:
    """The calls as cdr_csv; `tail` is what stands behind amaflags."""
    lines = []
    for number, src, dst, channel, dstchannel, ring_s, talk_s, disposition in CALLS:
        whole = row(
            number, at=NINE.astimezone(zone) if zone else NINE, src=src, dst=dst, channel=channel,
            dstchannel=dstchannel, ring_s=ring_s, talk_s=talk_s, disposition=disposition,
        )  # fmt: skip
        uniqueid = UNIQUEID[number]
        lines.append(whole.partition(',"DOCUMENTATION"')[0] + ',"DOCUMENTATION"' + tail.format(u=uniqueid, n=number))
    return "\n".join(lines) + "\n"


def as_freepbx(columns: int, sequence: bool = True) -> str:
    lines = [",".join(FREEPBX.split(",")[:columns])]
    for number, src, dst, channel, dstchannel, ring_s, talk_s, disposition in reversed(CALLS):
        u = UNIQUEID[number]
        cells = ["2026-11-02 09:00:00", f'"x" <{src}>', src, dst, "from-trunk", channel, dstchannel, "Dial", ""]
        cells += [str(ring_s + talk_s), str(talk_s), disposition, "3", "", u, "", "", src, "", "", "", "", "", u, ""]
        lines.append(",".join([*cells, str(number) if sequence else "0"][:columns]))
    return "\n".join(lines) + "\n"


def as_day_first() -> str:
    lines = []
    for number, src, dst, channel, dstchannel, ring_s, talk_s, disposition in CALLS:
        cells = ["2/11/2026 9:00:00", "x", src, dst, "from-trunk", channel, dstchannel, "Dial", ""]
        cells += [str(ring_s + talk_s), str(talk_s), disposition, "3", "", UNIQUEID[number], "", "", "", src]
        lines.append(",".join(f'"{cell}"' for cell in [*cells, "", "", "", "", "0", ""]))
    return "\n".join(lines) + "\n"


def ids(path: Path, tz: str = "Europe/Moscow") -> set[tuple[str, str, datetime]]:
    return {(leg.call_id, leg.record_id, leg.started_at) for leg in legs(path, tz)}


def test_layouts_with_a_sequence_give_one_call_the_same_ids(write: Write) -> None:
    start = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
    expected = {(UNIQUEID[n], f"{UNIQUEID[n]}:{n}", start) for n in (1, 2, 3)}
    assert ids(write(as_master(',"{u}","","","{u}",{n}'))) == expected
    assert ids(write(as_master(',"{u}","","{u}",{n}'))) == expected
    assert ids(write(as_freepbx(26))) == expected


def test_layouts_without_a_sequence_give_one_call_the_same_ids(write: Write) -> None:
    """Whatever the form of their dates, and in UTC as well (usegmtime), and when the exchange leaves sequence at 0."""
    expected = ids(write(as_master(',"{u}"')))
    assert {call_id for call_id, _, _ in expected} == set(UNIQUEID.values())
    assert len(expected) == 3
    assert ids(write(as_master(',"{u}","sale"'))) == expected
    assert ids(write(as_master(',"{u}","","","",0'))) == expected
    assert ids(write(as_freepbx(16))) == expected
    assert ids(write(as_freepbx(26, sequence=False))) == expected
    assert ids(write(as_day_first())) == expected
    assert ids(write(as_master(',"{u}"', ZoneInfo("UTC"))), "UTC") == expected


def test_corrected_zone_corrects_the_record_instead_of_making_another(write: Write) -> None:
    """Without a uniqueid nothing checks --tz; when it was wrong, the same file is loaded again with the right one."""
    path = write("calldate,src,dst,duration,billsec,disposition\n2026-11-02 09:00,101,84950000001,70,60,ANSWERED\n")
    wrong, right = legs(path, "Asia/Yekaterinburg")[0], legs(path, "Europe/Moscow")[0]
    assert wrong.record_id == right.record_id
    assert wrong.started_at != right.started_at


def test_ids_of_hand_picked_columns_do_not_depend_on_the_form_of_their_dates(write: Write) -> None:
    header = "calldate,src,dst,duration,billsec,disposition\n"
    texts = ("2026-11-22 09:00", "2026-11-22 09:00:00", "22/11/26 09:00", "22.11.2026 9:00")
    found = {legs(write(f"{header}{text},101,84950000001,70,60,ANSWERED\n"))[0].record_id for text in texts}
    assert len(found) == 1


def test_linkedid_that_holds_no_ids_is_not_used(write: Write) -> None:
    """A column of zeros under that name would make one call of everything."""
    lines = [row(n, linkedid="0") for n in (1, 2, 3)]
    assert [leg.call_id for leg in legs(write("".join(lines)))] == [f"{int(NINE.timestamp())}.{n}" for n in (1, 2, 3)]


def test_row_without_a_linkedid_belongs_to_the_call_of_its_channel(write: Write) -> None:
    first, second = row(1, uniqueid="1793599200.1"), row(2, uniqueid="1793599200.1", linkedid="", sequence="2")
    assert {leg.call_id for leg in legs(write(first + second))} == {"1793599200.1"}


def test_linkedid_that_comes_later_in_the_file_is_used_from_there(write: Write) -> None:
    """Written since an upgrade: most of the first rows have none."""
    old = [row(n, uniqueid=f"1793599200.{n}", linkedid="") for n in range(1, 31)]
    new = row(40, uniqueid="1793599200.40", linkedid="1793599200.39")
    found = [leg.call_id for leg in legs(write("".join([*old, new])))]
    assert found == [*(f"1793599200.{n}" for n in range(1, 31)), "1793599200.39"]


@pytest.mark.parametrize("year", ["1989", "2105", "9999", "0000"])
def test_call_of_another_century_is_a_reject_before_it_is_sent(write: Write, year: str) -> None:
    """What no bucket can hold must not be refused by the worker only."""
    odd = row(2).replace('"2026-11-02 09', f'"{year}-11-02 09')
    rejected = read(write(row(1) + odd))[1]
    assert isinstance(rejected, Rejected)
    assert (rejected.reason, rejected.field, rejected.origin) == (Reason.BAD_TIME, "start", "Master.csv:2")
