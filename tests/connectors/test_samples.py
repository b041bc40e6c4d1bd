"""The private corpus of real exports: recognised, every row accounted for, as many records as its README counts."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from connectors.reading.sample import Sample
from connectors.recognise import choose
from schemas.errors import Terminal
from schemas.records import CallLeg, Direction, Disposition, Reason, Rejected
from tests.connectors.conftest import Items, context, read

SAMPLES = os.environ.get("CALLFUNNEL_SAMPLES", "")
pytestmark = pytest.mark.skipif(
    not SAMPLES, reason="CALLFUNNEL_SAMPLES is not set: the real exports are private and are not in the repository"
)

_FREEPBX = "asterisk_freepbx_export/apspoliveira_"
_PBXWARE = "asterisk_sql_dump/srinimonster_"
_MANGO = "mango_vpbx/stats_result.csv"
_3CX = "3cx/public_lines.anonymised.log"
_SERVICES = ("megafon_vats", "uis_comagic", "zadarma", "bitrix24", "ringcentral", "twilio")
"""Folders of the services: tests/connectors/services."""
_CUCM = ("cucm/sieteunoseis_cdr.txt", "cucm/sieteunoseis_fixture_cdr.txt", "cucm/sieteunoseis_cmr.txt")
_AVAYA = "avaya_smdr/public_lines.csv"
_PANASONIC = "panasonic_smdr/CONSTRUCTED_from_manual_pattern_A.log"
_QUEUE_LOG = "asterisk_queue_log/srinimonster_queue_log.anonymised.csv"
_FREESWITCH = "freeswitch_csv/Kxingyunliushui_Master.csv"


def sample(name: str) -> Path:
    return Path(SAMPLES) / name


def read_sample(name: str, tz: str, region: str = "RU") -> Items:
    """All of a sample; its rows are counted against what the reading gave."""
    loading_context = context(tz, region=region)
    beginning = Sample(sample(name))
    source, recognised = choose(beginning, "calls", "auto", loading_context.region)
    zone, _ = source.zone(beginning, recognised, loading_context.zone)
    reading = source.read(sample(name), recognised, msgspec.structs.replace(loading_context, zone=zone))
    items = list(reading)
    assert reading.rows == len(items)
    return items


@pytest.mark.parametrize(
    ("name", "tz", "rows", "layout"),
    [
        (f"{_FREEPBX}cdr.anonymised.csv", "auto", 856, "FreePBX report, 25 columns without a header"),
        (f"{_FREEPBX}cdr__1504525205host.anonymised.csv", "auto", 100, "FreePBX report, 16 columns with a header"),
        (f"{_FREEPBX}cdr__1504541678host.anonymised.csv", "auto", 100, "FreePBX report, 16 columns with a header"),
        (f"{_FREEPBX}cdr__1504542198host.anonymised.csv", "auto", 100, "FreePBX report, 16 columns with a header"),
        (f"{_FREEPBX}cdr_new.anonymised.csv", "Europe/Lisbon", 25, "hand-picked columns, 6 columns with a header"),
        (f"{_FREEPBX}g9telecom.anonymised.csv", "Europe/Lisbon", 100, "hand-picked columns, 6 columns with a header"),
        (f"{_PBXWARE}cdr.anonymised.csv", "auto", 1000, "PBXware dump, 26 columns with a header"),
        (f"{_PBXWARE}cdr_tmp.anonymised.csv", "auto", 7, "PBXware dump, 26 columns with a header"),
        ("asterisk_cdr_csv/KelySaina_Master.csv", "auto", 14, "cdr_custom, 19 columns"),
    ],
)
def test_export_is_recognised_and_each_row_is_a_leg_or_a_reject(name: str, tz: str, rows: int, layout: str) -> None:
    items = read_sample(name, tz)
    assert choose(Sample(sample(name)), "calls", "auto", "RU")[1].layout == layout
    assert len(items) == rows
    assert {type(item) for item in items} <= {CallLeg, Rejected}
    assert sum(isinstance(item, Rejected) for item in items) <= rows // 50


def test_every_file_of_the_family_is_in_one_of_these_tests() -> None:
    """A sample that is added later must be named here; the calls of asterisk_driven are in tests/pipeline/driven."""
    named = {path.relative_to(SAMPLES).as_posix() for path in Path(SAMPLES).glob("asterisk_*/*")}
    found = {name for name in named if not name.startswith("asterisk_driven/")}
    assert len(found) == 9 + 3


@pytest.mark.parametrize(
    "name",
    [
        "asterisk_ami_cdr/oun1982_ami_cdr_events.anonymised.jsonl",
        "asterisk_ami_cdr/oun1982_ami_cdr_events.wire.anonymised.txt",
    ],
)
def test_relative_of_another_family_is_not_recognised(name: str) -> None:
    with pytest.raises(Terminal, match="not recognised as an export of calls"):
        choose(Sample(sample(name)), "calls", "auto", "RU")


@pytest.mark.parametrize("kind", ["managers", "organisations", "stages", "proposals"])
def test_export_of_calls_is_no_table_of_the_crm(kind: str) -> None:
    for path in Path(SAMPLES).glob("asterisk_*/*"):
        with pytest.raises(Terminal):
            choose(Sample(path), kind, "auto", "RU")


def test_files_of_other_exchanges_are_refused_in_words() -> None:
    others = [
        path
        for path in sorted(Path(SAMPLES).glob("*/*"))
        if not path.parent.name.startswith((*_SERVICES, "asterisk"))
        and path not in {sample(name) for name in (_MANGO, _3CX, _FREESWITCH, _AVAYA, _PANASONIC, *_CUCM)}
    ]
    assert others
    for path in others:
        with pytest.raises(Terminal, match="not recognised as an export of calls"):
            choose(Sample(path), "calls", "auto", "RU")


def test_offsets_are_those_that_were_measured() -> None:
    """formats.md, finding 3: the first day-first row, and the dump of New York's winter."""
    first = read_sample(f"{_FREEPBX}cdr.anonymised.csv", "auto")[0]
    assert isinstance(first, CallLeg)
    assert f"{first.started_at:%Y-%m-%d %H:%M:%S}" == "2017-09-01 15:33:01"  # 1/9/2017 16:33:01 at UTC+1
    dump = read_sample(f"{_PBXWARE}cdr.anonymised.csv", "auto", "US")[0]
    assert isinstance(dump, CallLeg)
    assert f"{dump.started_at:%Y-%m-%d %H:%M:%S}" == "2018-11-30 01:19:34"  # 2018-11-29 20:19:34 at UTC-5


def test_dump_holds_as_many_calls_as_linkedids() -> None:
    legs = [leg for leg in read_sample(f"{_PBXWARE}cdr.anonymised.csv", "auto", "US") if isinstance(leg, CallLeg)]
    assert (len(legs), len({leg.record_id for leg in legs}), len({leg.call_id for leg in legs})) == (1000, 1000, 636)


def test_voicemail_is_never_a_person() -> None:
    """331 of 856 rows were answered by VoiceMail (formats.md, finding 2)."""
    legs = [leg for leg in read_sample(f"{_FREEPBX}cdr.anonymised.csv", "auto") if isinstance(leg, CallLeg)]
    expected = Counter(leg.disposition for leg in legs if leg.application == "VoiceMail")
    assert sum(expected.values()) == 331
    assert expected[Disposition.ANSWERED] == 0


def test_office_without_a_trunk_has_no_inbound_call() -> None:
    """The FreePBX laboratory has phones only, all of three digits."""
    for number in ("1504525205", "1504541678", "1504542198"):
        items = read_sample(f"{_FREEPBX}cdr__{number}host.anonymised.csv", "auto")
        assert {leg.direction for leg in items if isinstance(leg, CallLeg)} == {Direction.INTERNAL}


def test_row_that_talks_longer_than_it_lasted_is_the_only_reject() -> None:
    items = read_sample(f"{_FREEPBX}g9telecom.anonymised.csv", "Europe/Lisbon")
    assert [(item.reason, item.field) for item in items if isinstance(item, Rejected)] == [
        (Reason.BAD_DURATION, "billsec")
    ]


def test_rows_of_mango_are_calls_among_accounts_and_two_that_nobody_took() -> None:
    """Twelve from a phone to a SIP account of the same exchange, six of them talked; two that ended in the menu."""
    legs = [leg for leg in read_sample(_MANGO, "auto") if isinstance(leg, CallLeg)]
    assert (len(legs), len({leg.call_id for leg in legs})) == (14, 14)
    inside = [leg for leg in legs if leg.direction is Direction.INTERNAL]
    assert Counter(leg.disposition for leg in inside) == {Disposition.ANSWERED: 6, Disposition.NO_ANSWER: 6}
    menu = [leg for leg in legs if leg.direction is Direction.INBOUND]
    assert [(leg.contact, leg.did, leg.disposition) for leg in menu] == [
        ("+78124072922", "74952129298", Disposition.MACHINE),
        ("+78124072994", "74952129298", Disposition.MACHINE),
    ]


def test_lines_of_3cx_are_each_read_in_the_order_of_their_version(tmp_path: Path) -> None:
    """Two of v20, and one of v16 that is a log of its own: of another width, it would be a reject beside them."""
    items = read_sample(_3CX, "auto", "SE")
    assert [(leg.direction, leg.extension, leg.billsec) for leg in items if isinstance(leg, CallLeg)] == [
        (Direction.OUTBOUND, "10016", 25),
        (Direction.INBOUND, "10013", 490),
    ]
    assert [item.reason for item in items if isinstance(item, Rejected)] == [Reason.WRONG_WIDTH]
    old = tmp_path / "cdr.log"
    old.write_text(sample(_3CX).read_text(encoding="utf-8").splitlines()[2] + "\n", encoding="utf-8")
    (leg,) = read(old, tz="Europe/Dublin", region="IE")
    assert isinstance(leg, CallLeg)
    assert (leg.direction, leg.extension, leg.contact, leg.billsec) == (Direction.INBOUND, "504", "+353810874341", 337)
    assert f"{leg.started_at:%H:%M:%S}" == "12:33:54"  # 13:33:54 of an Irish summer


def test_rows_of_freeswitch_are_legs_though_its_clock_was_17_minutes_off() -> None:
    """Ten rows as a spreadsheet saved them, one call three times; calls of a program's, and one among phones."""
    legs = [leg for leg in read_sample(_FREESWITCH, "Asia/Shanghai", "CN") if isinstance(leg, CallLeg)]
    assert (len(legs), len({leg.record_id for leg in legs})) == (10, 8)
    assert f"{legs[0].started_at:%Y-%m-%d %H:%M}" == "2020-02-10 14:41"  # 22:41 of a Chinese evening
    assert [leg.extension for leg in legs if leg.peer_extension] == ["1004"]
    with pytest.raises(Terminal, match=r"--tz Europe/Moscow is wrong by about \+0[45]:"):
        read_sample(_FREESWITCH, "Europe/Moscow", "CN")


def test_rows_of_cucm_are_a_talk_among_phones_and_its_recordings() -> None:
    """Three rows of a laboratory: a talk of eleven seconds, and two legs that its recorder did not get."""
    legs = [leg for leg in read_sample(_CUCM[0], "auto", "US") if isinstance(leg, CallLeg)]
    assert [(leg.direction, leg.extension, leg.peer_extension, leg.billsec) for leg in legs] == [
        (Direction.INTERNAL, "", "", 0),
        (Direction.INTERNAL, "", "", 0),
        (Direction.INTERNAL, "5033466593", "5033466594", 11),
    ]
    assert len({leg.call_id for leg in legs}) == 3


def test_file_of_cucm_without_a_header_is_read_by_places_and_one_of_quality_refused() -> None:
    (leg,) = read_sample(_CUCM[1], "auto", "US")
    assert isinstance(leg, CallLeg)
    assert (leg.direction, leg.extension, leg.contact, leg.billsec) == (
        Direction.OUTBOUND,
        "5033466520",
        "+19712628803",
        60,
    )
    with pytest.raises(Terminal, match="quality of voice"):
        choose(Sample(sample(_CUCM[2])), "calls", "auto", "US")


def test_lines_of_avaya_are_each_read_whatever_their_width() -> None:
    """Of 2002, 2017 and R11, three of which say the UTC time of the record: here an exchange on UTC."""
    legs = [leg for leg in read_sample(_AVAYA, "UTC", "GB") if isinstance(leg, CallLeg)]
    assert [(leg.direction, leg.disposition, leg.extension, leg.billsec) for leg in legs] == [
        (Direction.INBOUND, Disposition.ANSWERED, "4750", 13),
        (Direction.INBOUND, Disposition.MACHINE, "", 21),
        (Direction.OUTBOUND, Disposition.ANSWERED, "12", 38),
        (Direction.OUTBOUND, Disposition.ANSWERED, "201", 225),
        (Direction.INBOUND, Disposition.ANSWERED, "201", 330),
        (Direction.INTERNAL, Disposition.ANSWERED, "202", 75),
    ]
    assert legs[0].call_id == legs[1].call_id


def test_lines_of_a_manual_of_panasonic_are_nine_calls_and_no_log_in() -> None:
    legs = [leg for leg in read_sample(_PANASONIC, "Europe/London", "GB") if isinstance(leg, CallLeg)]
    assert [(leg.extension, leg.contact_raw, leg.billsec) for leg in legs] == [
        ("1200", "12345678901234567890", 0),
        ("1200", "", 0),
        ("1200", "1234567890123456", 65),
        ("*123", "1234567890123456", 65),
        ("1234", "12345678", 65),
        ("1234", "Q COMPANY", 65),
        ("1234", "123..............", 65),
        ("1234", "123456XX", 65),
        ("1235", "", 725),
    ]


def test_queue_log_of_a_table_tells_who_talked_and_who_gave_up() -> None:
    """Of 1,000 events those that make a leg (formats.md, 4); who came in is told 108 times."""
    legs = [leg for leg in read_sample(_QUEUE_LOG, "auto", "US") if isinstance(leg, CallLeg)]
    assert Counter(leg.application for leg in legs) == {
        "RINGNOANSWER": 360,
        "ENTERQUEUE": 108,
        "COMPLETEAGENT": 51,
        "COMPLETECALLER": 38,
        "ABANDON": 12,
        "EXITWITHTIMEOUT": 1,
        "BLINDTRANSFER": 1,
        "ATTENDEDTRANSFER": 1,
    }
    talked = [leg for leg in legs if leg.disposition is Disposition.ANSWERED]
    assert {leg.extension for leg in talked} <= {leg.extension for leg in legs if leg.application == "RINGNOANSWER"}
    assert (talked[0].extension, talked[0].billsec, talked[0].contact) == ("1127", 847, "+17063120834")
