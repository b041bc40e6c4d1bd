"""Which number, which call, which time: small exports that were answered wrongly once, read by the door of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.freeswitch.fusionpbx import leg as leg_of_fusionpbx
from connectors.reading.phones import e164, is_hidden
from connectors.reading.sample import Sample
from connectors.recognise import choose
from schemas.errors import Terminal
from schemas.records import CallLeg, Direction, Rejected
from tests.connectors.conftest import context, read
from tests.pipeline.cases.harness import Counted, counted, legs_of, person

FORMS = Path(__file__).parent / "forms"
GOLDEN = Path(__file__).parents[2] / "connectors"
IN, OUT, INSIDE = Direction.INBOUND, Direction.OUTBOUND, Direction.INTERNAL
ROSTER = (person("m1", "101", "201", "1001", "2001"), person("m2", "102", "202"), person("m3", "103"))


def test_number_dialled_five_ways_is_one_contact() -> None:
    legs = legs_of(FORMS / "02_dial_prefix.csv", prefixes=("9",))
    assert counted(legs) == [Counted("m1", 90, True, OUT, "+79160000002")] * 5


def test_call_of_fusionpbx_to_a_number_behind_a_prefix() -> None:
    row = {
        "xml_cdr_uuid": "6f1c3b1e-0000-4000-8000-000000000006",
        "direction": "outbound",
        "source_number": "101",
        "caller_id_number": "74950000099",
        "destination_number": "989160000010",
        "last_app": "bridge",
        "start_epoch": "1793599200",
        "answer_epoch": "1793599210",
        "end_epoch": "1793599300",
        "duration": "100",
        "billsec": "90",
        "bridge_uuid": "6f1c3b1e-0000-4000-8000-000000000007",
        "hangup_cause": "NORMAL_CLEARING",
    }
    legs = [leg_of_fusionpbx(row, "x", context(prefixes=("9",)))]
    assert counted(legs) == [Counted("m1", 90, True, OUT, "+79160000010")]


@pytest.mark.parametrize(
    ("text", "region", "right"),
    [
        *[(text, "RU", "+79160000001") for text in (
            "SIP:+79160000001@host", "<sip:+79160000001@host>", '"Ivan" <+79160000001>', "+79160000001@sip.example",
            "tel:+79160000001;ext=5", "%2B79160000001", "89160000001#", "0079160000001", "79160000001.0",
            "9160000001.0", "+7 916 000 00 01 доб. 5",
        )],
        ("00380671234567", "RU", "+380671234567"),
        ("491712345678", "DE", "+491712345678"),
    ],
)  # fmt: skip
def test_form_of_a_number(text: str, region: str, right: str) -> None:
    assert e164(text, region) == right


def test_number_behind_the_way_out_and_ten_zeros() -> None:
    assert e164("989160000001", "RU", ("9",)) == "+79160000001"
    assert (e164("0000000000", "RU"), is_hidden("0000000000")) == ("", True)


def test_ids_that_a_spreadsheet_cut_are_refused_and_the_original_is_three_calls() -> None:
    with pytest.raises(Terminal, match="a spreadsheet has cut the ids in column 'uniqueid'"):
        legs_of(FORMS / "38_excel_ids.csv")
    original = GOLDEN / "asterisk/golden/asterisk-csv/ids_of_six_decimals.csv"
    assert counted(legs_of(original)) == [
        Counted("m1", 90, True, OUT, "+79160000001"),
        Counted("m1", 90, True, OUT, "+79160000002"),
        Counted("m3", 90, True, OUT, "+79160000003"),
    ]


@pytest.mark.parametrize(
    ("name", "region", "right"),
    [
        ("asterisk/golden/asterisk-csv/elastix_report.csv", "RU", [
            Counted("m1", 60, True, OUT, "+79161234567"),
            Counted("m1", 40, True, IN, "+79161234568"),
            Counted("", 0, False, IN, "+79161234568"),
        ]),
        ("asterisk/golden/asterisk-csv/postgresql_offsets.csv", "RU", [
            Counted("m1", 60, True, OUT, "+79161234567"),
            Counted("m1", 40, True, IN, "+79161234568"),
        ]),
        ("cucm/golden/cucm/no_header.csv", "RU", [
            Counted("", 61, True, INSIDE, ""),
            Counted("", 49, True, INSIDE, ""),
        ]),
        ("grandstream/golden/grandstream/api_cdr_root.body", "RU", [
            Counted("m1", 60, True, OUT, "+79161234567"),
            Counted("m1", 40, True, IN, "+79161234568"),
        ]),
        ("yeastar/golden/yeastar-p/web_download.csv", "RU", [
            Counted("m1", 60, True, OUT, "+79161234567"),
            Counted("m1", 40, True, IN, "+79161234568"),
            Counted("", 0, False, IN, "+79161234569"),
            Counted("", 0, False, IN, "+79161234569"),
        ]),
        ("zoom/golden/zoom/call_logs.body", "US", [
            Counted("m1", 60, True, OUT, "+14155550101"),
            Counted("m1", 40, True, IN, "+14155550102"),
            Counted("", 0, False, IN, "+14155550103"),
        ]),
    ],
)  # fmt: skip
def test_export_in_a_form_of_its_own(name: str, region: str, right: list[Counted]) -> None:
    legs = [item for item in read(GOLDEN / name, region=region) if isinstance(item, CallLeg)]
    assert counted(legs, ROSTER) == right


def test_row_without_a_date_is_rejected_with_its_reason() -> None:
    path = GOLDEN / "asterisk/golden/asterisk-csv/zero_date.csv"
    _, seen = choose(Sample(path), "calls", "auto", "RU")
    items = read(path, tz="auto")
    assert seen.profile == "asterisk-csv"
    assert counted([item for item in items if isinstance(item, CallLeg)], ROSTER) == [
        Counted("m1", 5, True, OUT, "+79161234567")
    ]
    assert [(item.field, item.detail) for item in items if isinstance(item, Rejected)] == [
        ("start", "'0000-00-00 00:00:00': year 0 is out of range")
    ] * 2


HEADER = "calldate,src,dst,channel,dstchannel,lastapp,duration,billsec,disposition,uniqueid"


@pytest.mark.parametrize(("application", "answered"), [("Dial", True), ("Queue", True), ("VoiceMail", False)])
def test_picked_up_and_dropped_within_the_second_is_answered(tmp_path: Path, application: str, answered: bool) -> None:
    path = tmp_path / "cdr.csv"
    row = f"2026-02-04 10:00:00,89160000001,101,PJSIP/out-01,PJSIP/101-02,{application},5,0,ANSWERED,1770188400.1"
    path.write_text(f"{HEADER}\n{row}\n", encoding="utf-8")
    (call,) = counted([item for item in read(path) if isinstance(item, CallLeg)])
    assert call == Counted("m1" if answered else "", 0, answered, IN, "+79160000001")
