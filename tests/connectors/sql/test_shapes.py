"""Tables are told from their columns; a row's values become the texts that an export would hold."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from connectors.freeswitch.fusionpbx import COLUMNS, leg
from connectors.reading.rejects import Misread
from connectors.sql.reading import as_csv
from connectors.sql.shape import text
from connectors.sql.shapes import shape_of
from connectors.sql.zone import ZoneWatch
from schemas.codec import Codec, encode
from schemas.errors import Terminal
from schemas.records import CallLeg, Direction, Disposition
from tests.connectors.conftest import context

MOSCOW = ZoneInfo("Europe/Moscow")
NINE = 1793599200  # 2026-11-02 06:00 UTC
UUID = "6f1c3b1e-0000-4000-8000-00000000000"


def fusion(**columns: str) -> dict[str, str]:
    """An inbound call to 101 that was answered."""
    row = {
        "xml_cdr_uuid": f"{UUID}1",
        "direction": "inbound",
        "caller_id_number": "+74950000001",
        "caller_destination": "+74950000099",
        "destination_number": "101",
        "start_epoch": str(NINE),
        "answer_epoch": str(NINE + 7),
        "end_epoch": str(NINE + 67),
        "duration": "67",
        "billsec": "60",
        "bridge_uuid": f"{UUID}2",
        "leg": "a",
        "last_app": "bridge",
        "hangup_cause": "NORMAL_CLEARING",
    }
    return row | columns


def read(**columns: str) -> CallLeg:
    return leg(fusion(**columns), "sql v_xml_cdr:1", context())


def test_inbound_call_that_was_answered() -> None:
    found = read()
    assert (found.call_id, found.record_id) == (f"{UUID}1", f"{UUID}1")
    assert (found.direction, found.disposition, found.extension) == (Direction.INBOUND, Disposition.ANSWERED, "101")
    assert (found.contact, found.did, found.billsec) == ("+74950000001", "+74950000099", 60)
    assert found.started_at == datetime(2026, 11, 2, 6, tzinfo=UTC)
    assert found.answered_at == found.started_at + timedelta(seconds=7)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"bridge_uuid": "", "last_app": "voicemail"}, Disposition.MACHINE),
        ({"voicemail_message": "true"}, Disposition.MACHINE),
        ({"bridge_uuid": "", "last_app": "playback"}, Disposition.MACHINE),
        ({"cc_side": "member", "cc_agent_bridged": "false"}, Disposition.MACHINE),
        ({"cc_side": "member", "cc_agent_bridged": "true"}, Disposition.ANSWERED),
        ({"billsec": "0", "answer_epoch": "0"}, Disposition.NO_ANSWER),  # NORMAL_CLEARING all the same
        ({"billsec": "0", "hangup_cause": "USER_BUSY"}, Disposition.BUSY),
        ({"billsec": "0", "hangup_cause": "ORIGINATOR_CANCEL"}, Disposition.CANCELLED),
        ({"billsec": "0", "hangup_cause": "UNALLOCATED_NUMBER"}, Disposition.FAILED),
    ],
)
def test_answered_is_a_person(columns: dict[str, str], expected: Disposition) -> None:
    found = read(**columns)
    assert found.disposition is expected
    assert (found.answered_at is None) == (expected not in (Disposition.ANSWERED, Disposition.MACHINE))


def test_outbound_call_is_the_extensions_whatever_caller_id_it_shows() -> None:
    found = read(
        direction="outbound",
        caller_id_number="+74950000099",
        source_number="102",
        destination_number="89160000001",
        caller_destination="89160000001",
    )
    assert (found.direction, found.extension, found.contact) == (Direction.OUTBOUND, "102", "+79160000001")


def test_local_call_has_no_contact() -> None:
    found = read(direction="local", caller_id_number="101", destination_number="102")
    assert (found.direction, found.extension, found.peer_extension) == (Direction.INTERNAL, "101", "102")
    assert (found.contact, found.contact_raw) == ("", "")


def test_b_leg_is_of_the_call_that_began_it() -> None:
    found = read(xml_cdr_uuid=f"{UUID}2", leg="b", originating_leg_uuid=f"{UUID}1", bridge_uuid=f"{UUID}1")
    assert (found.call_id, found.record_id) == (f"{UUID}1", f"{UUID}2")


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        ({"xml_cdr_uuid": ""}, "xml_cdr_uuid"),
        ({"start_epoch": "0"}, "start_epoch"),
        ({"start_epoch": "yesterday"}, "start_epoch"),
        ({"end_epoch": str(NINE - 1)}, "end_epoch"),
        ({"billsec": "-5"}, "billsec"),
        ({"billsec": "99"}, "billsec"),
    ],
)
def test_row_that_cannot_be_understood_names_the_column(columns: dict[str, str], field: str) -> None:
    with pytest.raises(Misread) as misread:
        read(**columns)
    assert misread.value.bad.field == field


cells = st.one_of(
    st.sampled_from(["", "0", "1", "60", "inbound", "outbound", "local", "true", "101", "+74950000001", str(NINE)]),
    st.text(max_size=12),
)


MUST = ("xml_cdr_uuid", "start_epoch")
fusion_rows = st.fixed_dictionaries(
    dict.fromkeys(MUST, cells), optional={name: cells for name in COLUMNS if name not in MUST}
)


@given(fusion_rows)
def test_any_row_is_a_leg_that_the_wire_takes_or_is_misread(row: dict[str, str]) -> None:
    try:
        found = leg(row, "sql:1", context())
    except Misread:
        return
    assert Codec(CallLeg).read(encode(found))[0] == [found]


def asterisk(start: Any = None, **more: Any) -> dict[str, Any]:
    names = ("clid", "src", "dst", "channel", "dstchannel", "lastapp", "duration", "billsec", "disposition", "uniqueid")
    start = sa.DateTime() if start is None else start
    return {"calldate": start} | {name: sa.String() for name in names} | more


def test_asterisk_table_in_any_order_is_told_and_only_its_known_columns_are_read() -> None:
    types = dict(reversed(asterisk(recordingfile=sa.String(), ccompany=sa.String()).items()))
    shape = shape_of("cdr", types, MOSCOW)
    assert shape.start == "calldate"
    assert set(shape.columns) == set(types) - {"clid", "ccompany"}


def test_what_is_missing_is_said() -> None:
    with pytest.raises(Terminal, match=r"table calls: no table of call records.*this one has id, src"):
        shape_of("calls", {"id": sa.Integer(), "src": sa.String()}, MOSCOW)
    with pytest.raises(Terminal, match="calldate has no time zone: give --tz"):
        shape_of("cdr", asterisk(), None)
    with pytest.raises(Terminal, match="cannot be polled"):
        shape_of("cdr", asterisk(sa.String()), MOSCOW)
    with pytest.raises(Terminal, match="not a number"):
        shape_of("v_xml_cdr", {"xml_cdr_uuid": sa.String(), "start_epoch": sa.String()}, None)


def test_column_with_a_zone_needs_none() -> None:
    shape = shape_of("cdr", asterisk(sa.DateTime(timezone=True)), None)
    assert shape.bound(datetime(2026, 11, 2, 6)) == datetime(2026, 11, 2, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""),
        ("ООО «Юг»", "ООО «Юг»"),
        (datetime(2026, 11, 2, 9, 0, 5, 999_000), "2026-11-02 09:00:05"),
        (datetime(2026, 11, 2, 6, tzinfo=UTC), "2026-11-02 09:00:00"),
        (datetime(2026, 11, 2, 8, tzinfo=timezone(timedelta(hours=2))), "2026-11-02 09:00:00"),
        (67, "67"),
        (Decimal("67"), "67"),
        (Decimal("67.5"), "67.5"),
        (Decimal("NaN"), "NaN"),
        (67.0, "67"),
        (True, "true"),
        (b"\xff1", "\\xff1"),
        ("0000-00-00 00:00:00", "0000-00-00 00:00:00"),
    ],
)
def test_value_is_written_as_an_export_does(value: object, written: str) -> None:
    assert text(value, MOSCOW) == written


@given(st.lists(st.text(st.characters(exclude_characters="\r\n\x00")), min_size=1, max_size=8))
def test_rejected_row_is_kept_as_csv(row: list[str]) -> None:
    assert next(csv.reader([as_csv(row)])) == row or row == [""]


YEASTAR = (
    *("id", "datetime", "clid", "src", "dst", "dcontext", "srctrunk", "dstrunk", "lastapp", "lastdata", "duration"),
    *("billable", "disposition", "amaflags", "calltype", "accountcode", "uniqueid", "recordfile", "didnumber"),
)


def test_table_of_yeastar_is_read_as_its_export_is() -> None:
    """A menu is a machine, and an extension that a menu rang and that did not answer is not a person who talked."""
    types: dict[str, Any] = {name: sa.String() for name in YEASTAR} | {"datetime": sa.DateTime()}
    shape = shape_of("cdr_202603", types, ZoneInfo("UTC"))
    at = datetime(2026, 3, 2, 10)
    rows = [
        (1, at, "", "1001", "0501234567", "", "", "LINE1", "Dial", "PJSIP/x", 180, 171, "ANSWERED", 3, "Outbound", "",
         "1772445600.1", "", ""),
        (2, at, "", "0521234567", "6500", "", "LINE1", "", "WaitExten", "3", 14, 14, "ANSWERED", 3, "Inbound", "",
         "1772446200.3", "", ""),
        (3, at, "", "0521234568", "6500(1000)", "", "LINE1", "", "Dial", "PJSIP/1000", 13, 13, "VOICEMAIL", 3,
         "Inbound", "", "1772446800.5", "", ""),
    ]  # fmt: skip
    make = shape.maker(context("UTC", region="UA"), "sql")
    legs = [make(shape.texts([row[YEASTAR.index(name)] for name in shape.columns]), n) for n, row in enumerate(rows)]
    assert [(leg.direction, leg.disposition, leg.billsec, leg.extension) for leg in legs] == [
        (Direction.OUTBOUND, Disposition.ANSWERED, 171, "1001"),
        (Direction.INBOUND, Disposition.MACHINE, 14, ""),
        (Direction.INBOUND, Disposition.NO_ANSWER, 0, "1000"),
    ]
    assert shape.proves == ("datetime", "uniqueid")


def test_zone_is_held_against_all_rows_that_are_read() -> None:
    """Those of a back-fill too, far behind what was looked at when the table was opened."""
    shape = shape_of("cdr", asterisk(), MOSCOW)
    watch = ZoneWatch("cdr", shape)
    start, unique = shape.columns.index("calldate"), shape.columns.index("uniqueid")

    def rows(first: int, count: int, offset_h: int) -> list[list[str]]:
        found = []
        for number in range(count):
            cells = [""] * len(shape.columns)
            at = datetime.fromtimestamp(first + number * 60, UTC) + timedelta(hours=offset_h)
            cells[start], cells[unique] = f"{at:%Y-%m-%d %H:%M:%S}", f"{first + number * 60}.{number}"
            found.append(cells)
        return found

    watch.check(rows(1772445600, 1000, 3))
    watch.check(rows(1762445600, 10, 0))
    with pytest.raises(Terminal, match=r"table cdr: .*UTC\+00:00.*Europe/Moscow"):
        watch.check(rows(1762445600, 190, 0))
