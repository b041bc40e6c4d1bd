"""What the rows of an exchange make together: the call that happened, whatever wrote them."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.reading.sample import Sample
from connectors.recognise import choose
from pipeline.stitch import stitch
from schemas.calls import Call
from schemas.errors import Terminal
from schemas.records import CallLeg
from tests.connectors.conftest import Items, Write, read
from tests.connectors.golden import golden
from tests.connectors.rows import NINE, row


def calls(items: Items) -> dict[str, Call]:
    by_call: dict[str, dict[str, CallLeg]] = {}
    for leg in items:
        if isinstance(leg, CallLeg):
            by_call.setdefault(leg.call_id, {})[leg.record_id] = leg
    return {call_id: stitch(list(legs.values())) for call_id, legs in by_call.items()}


@pytest.mark.parametrize(
    ("file", "tz", "call_id", "direction", "disposition", "extension", "contact", "talk_s", "legs"),
    [
        ("freeswitch-json/both_legs.jsonl", "auto", "11110001-*", "outbound", "answered", "101", "+74950000001", 60, 2),
        ("freeswitch-json/both_legs.jsonl", "auto", "11110003-*", "inbound", "answered", "103", "+74950000002", 44, 3),
        ("freeswitch-json/both_legs.jsonl", "auto", "11110008-*", "internal", "answered", "101", "", 12, 2),
        ("freeswitch-json/both_legs.jsonl", "auto", "1111000a-*", "outbound", "answered", "102", "+74950000004", 38, 2),
        ("freeswitch-csv/both_legs_joined.csv", "", "7866825f-*", "inbound", "answered", "101", "+74950000001", 55, 2),
        ("freeswitch-csv/both_legs_joined.csv", "", "78668261-*", "outbound", "answered", "101", "+74950000002", 30, 2),
        ("cucm/v14_133_columns.csv", "auto", "office:2:104", "inbound", "answered", "2003", "+74950000004", 60, 2),
        ("avaya/r11_record_time_utc.csv", "", "20261102090500:*", "inbound", "answered", "202", "+74950000002", 120, 2),
        ("grandstream/ivr_queue_voicemail.csv", "", "*555-20", "inbound", "answered", "102", "+74950000002", 44, 4),
        ("asterisk-queue-log/queue_log.log", "", "1793599250.7", "inbound", "answered", "102", "+74950000001", 60, 3),
        ("asterisk-cel/cel_custom.csv", "auto", "1793599200.10", "inbound", "answered", "102", "+74950000001", 60, 3),
        ("asterisk-cel/cel_custom.csv", "auto", "1793599600.40", "inbound", "answered", "102", "+74950000004", 60, 3),
        ("asterisk-cel/freepbx_table.csv", "", "1793599200.50", "inbound", "answered", "101", "+74950000001", 45, 2),
        ("asterisk-cel/freepbx_table.csv", "", "1793599300.60", "inbound", "answered", "102", "+74950000002", 40, 1),
        ("asterisk-cel/freepbx_table.csv", "", "1793599400.70", "outbound", "answered", "103", "+74950000003", 32, 2),
        ("asterisk-queue-log/queue_log.log", "", "1793599390.12", "inbound", "cancelled", "", "+74950000002", 0, 2),
    ],
)
def test_legs_are_the_call_that_happened(
    file: str,
    tz: str,
    call_id: str,
    direction: str,
    disposition: str,
    extension: str,
    contact: str,
    talk_s: int,
    legs: int,
) -> None:
    found = calls(read(golden(file), tz=tz or "Europe/Moscow"))
    (call,) = [call for name, call in found.items() if Path(name).match(call_id)]
    assert (call.direction, call.disposition, call.extension) == (direction, disposition, extension)
    assert (call.contact, call.talk_s, call.legs) == (contact, talk_s, legs)


def test_queue_log_beside_the_cdr_names_who_answered_and_counts_nothing_twice(write: Write) -> None:
    """The CDR of a queue that a menu had answered: its billsec holds the waiting. The log says how long they talked."""
    start = int(NINE.timestamp())
    uniqueid = f"{start}.7"
    cdr = row(
        7, dst="600", dstchannel="PJSIP/102-0000000b", lastapp="Queue", ring_s=0, talk_s=85, uniqueid=uniqueid
    ).replace('"Queue",""', '"Queue","sales,t,,,60"')
    log = (
        f"{start + 10}|{uniqueid}|sales|NONE|ENTERQUEUE||84950000001|1\n"
        f"{start + 20}|{uniqueid}|sales|PJSIP/101|RINGNOANSWER|9000\n"
        f"{start + 85}|{uniqueid}|sales|PJSIP/102|COMPLETECALLER|15|60|1\n"
    )
    items = [*read(write(cdr)), *read(write(log, "queue_log"))]
    ((call_id, call),) = calls(items).items()
    assert (call_id, call.extension, call.talk_s, call.queue, call.legs) == (uniqueid, "102", 60, "sales", 4)


def test_time_in_uuids_refuses_a_zone_that_is_hours_off_but_not_a_clock_that_drifts() -> None:
    path = golden("freeswitch-csv/example_time_in_uuid.csv")
    source, seen = choose(Sample(path), "calls", "auto", "RU")
    _, why = source.zone(Sample(path), seen, ZoneInfo("Europe/Moscow"))
    assert why == "9 of 9 rows checked agree with Europe/Moscow by the time inside of the ids"
    with pytest.raises(Terminal, match=r"--tz Europe/Samara is wrong by about -01:00 hours \(9 of 9 rows\)"):
        source.zone(Sample(path), seen, ZoneInfo("Europe/Samara"))


def test_time_of_the_records_refuses_a_wrong_zone_of_avaya() -> None:
    path = golden("avaya/r11_record_time_utc.csv")
    source, seen = choose(Sample(path), "calls", "auto", "RU")
    assert source.zone(Sample(path), seen, ZoneInfo("Europe/Moscow"))[1].startswith("5 of 5 rows checked agree")
    with pytest.raises(Terminal, match="by the UTC time of the records, --tz Asia/Yekaterinburg is wrong by about"):
        source.zone(Sample(path), seen, ZoneInfo("Asia/Yekaterinburg"))


def test_file_of_cisco_that_says_how_voices_sounded_is_refused_for_what_it_is(write: Write) -> None:
    header = '"cdrRecordType","globalCallID_callManagerId","globalCallID_callId","nodeId","directoryNum"\n'
    with pytest.raises(Terminal, match=r"a Cisco CMR file .* load the cdr_ files beside it"):
        read(write(header + 'INTEGER,INTEGER,INTEGER,INTEGER,VARCHAR(50)\n2,1,101,1,"2001"\n'))


@pytest.mark.parametrize("missing", ["uuid", "start_stamp", "billsec"])
def test_template_of_freeswitch_that_lacks_something_says_what(write: Write, missing: str) -> None:
    columns = ["uuid", "caller_id_number", "destination_number", "start_stamp", "duration", "billsec", "hangup_cause"]
    columns.remove(missing)
    with pytest.raises(Terminal, match=f"columns of a FreeSWITCH log without .*{missing}.*: add it to the template"):
        choose(Sample(write("1,2,3,4,5,6\n")), "calls", "auto", "RU", tuple(columns))


def test_profile_that_is_given_reads_only_its_own(write: Write) -> None:
    path = golden("yeastar/table_by_month.csv")
    assert choose(Sample(path), "calls", "yeastar", "RU")[0].profile == "yeastar"
    with pytest.raises(Terminal, match="not recognised"):
        choose(Sample(path), "calls", "asterisk-csv", "RU")
