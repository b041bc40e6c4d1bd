"""Exports of calls that need a mapping: what `callfunnel map` proposes reads them right, without a word of help."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.mapped.choose import choose_mapped
from connectors.reading.lengths import seconds
from connectors.reading.rejects import Misread
from connectors.reading.sample import Sample
from connectors.recognise import choose
from pipeline.loading.map_table import MappingProposal, MappingRequest, describe, map_table, undecided_of
from pipeline.settings import read_settings
from schemas.errors import Terminal
from schemas.records import CallLeg, Direction, Disposition, Rejected
from tests.connectors.conftest import Write, context

HERE = Path(__file__).parent / "exports"
IN, OUT = Direction.INBOUND, Direction.OUTBOUND
YES, NO, MACHINE = Disposition.ANSWERED, Disposition.NO_ANSWER, Disposition.MACHINE


def proposed(path: Path, region: str = "RU", **more: object) -> MappingProposal:
    request = MappingRequest(None, "mine", {}, {})._replace(**more)  # type: ignore[arg-type]  # options of map
    return map_table(path, request, region, read_settings({}))


def read(path: Path, region: str = "RU", **more: object) -> list[CallLeg | Rejected]:
    """The calls of a file by the mapping that is proposed for it."""
    mapped = proposed(path, region, **more)
    assert mapped.kind == "calls"
    assert mapped.proposed.mapping is not None
    found = choose_mapped(Sample(path), "calls", "auto", region, {"mine": mapped.proposed.mapping})
    assert found is not None
    source, seen = found
    return [
        item
        for item in source.read(path, seen, context("Europe/Moscow", region=region))
        if isinstance(item, CallLeg | Rejected)
    ]


def facts(item: CallLeg | Rejected) -> tuple[object, ...]:
    """Direction, disposition, who, with whom, seconds of the call, seconds of talk."""
    if isinstance(item, Rejected):
        return item.reason, item.field
    length = int((item.ended_at - item.started_at).total_seconds())
    return item.direction, item.disposition, item.extension, item.contact, length, item.billsec


EXPORTS: list[tuple[str, str, list[tuple[object, ...]]]] = [
    ("hubspot_ms_named_calls.csv", "RU", [(OUT, YES, "101", "+79160000015", 65, 65),
        (OUT, NO, "101", "+79160000015", 8, 0), (OUT, YES, "101", "+79160000015", 9, 9)]),
    ("hubspot_calls.csv", "US", [(OUT, YES, "Anna Lee", "+14155550101", 60, 60),
        (OUT, YES, "Anna Lee", "+14155550102", 125, 125)]),
    ("dialpad.csv", "US", [(OUT, YES, "anna@example.com", "+14155550101", 65, 60),
        (IN, YES, "anna@example.com", "+14155550102", 41, 35), (IN, NO, "anna@example.com", "+14155550103", 20, 0)]),
    ("minutes.csv", "US", [(OUT, YES, "101", "+14155550101", 210, 210), (IN, YES, "102", "+14155550102", 30, 30),
        (IN, YES, "101", "+14155550103", 720, 720)]),
    ("pipes.csv", "RU", [(OUT, YES, "101", "+79160000001", 60, 60), (IN, YES, "102", "+79160000002", 30, 30)]),
    ("rc_portal.csv", "US", [(OUT, YES, "101", "+14155550101", 60, 60), (IN, YES, "101", "+14155550102", 40, 40),
        (IN, NO, "101", "+14155550103", 20, 0), (IN, MACHINE, "101", "+14155550104", 30, 30)]),
    ("sipuni_trailing.csv", "RU", [(OUT, YES, "201", "+79160000001", 180, 171),
        (OUT, NO, "201", "+79160000002", 41, 0)]),
    ("json_wrapper.json", "US", [(OUT, YES, "101", f"+1415555010{n}", 30 + n, 30 + n) for n in range(4)]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "region", "expected"), EXPORTS, ids=[name for name, _, _ in EXPORTS])
def test_export_is_read_as_it_was(name: str, region: str, expected: list[tuple[object, ...]]) -> None:
    assert [facts(item) for item in read(HERE / name, region)] == expected


def test_day_and_time_of_avaya_cm_without_marks() -> None:
    """030226 and 1015. What they do not say, which of two numbers is the day, is asked."""
    rows = read(HERE / "avaya_cm.csv", date_order="mdy")
    assert [facts(row) for row in rows] == [
        (OUT, YES, "2101", "+79161234567", 125, 125),
        (IN, YES, "2102", "+74951234567", 40, 40),
        (OUT, YES, "2101", "+79161234568", 300, 300),
    ]
    assert isinstance(rows[0], CallLeg)
    assert f"{rows[0].started_at:%Y-%m-%d %H:%M}" == "2026-03-02 07:15"
    undecided = undecided_of(proposed(HERE / "avaya_cm.csv"))
    assert undecided is not None
    assert undecided.date_order == "dmy"


def test_report_of_3cx_is_read_without_a_word_of_help() -> None:
    path = HERE.parents[2] / "pipeline/cases/who/threecx_report.csv"
    assert [facts(item) for item in read(path, "US")] == [
        (IN, MACHINE, "", "+12025550101", 38, 38),
        (IN, YES, "137", "+12025550102", 51, 45),
        (IN, NO, "", "+12025550102", 6, 0),
        ("bad_time", "start"),
    ]


def test_cells_that_a_spreadsheet_spoilt_are_understood_or_rejected_with_a_reason() -> None:
    rows = read(HERE / "excel_mangled.csv")
    assert [facts(row)[3:] if isinstance(row, CallLeg) else facts(row) for row in rows] == [
        ("+79160000021", 75, 75),
        ("+79160000021", 1234, 1234),
        *[("+79160000021", 75, 75)] * 3,
        ("bad_phone", "contact"),
        *[("+79160000021", 75, 75)] * 2,
    ]
    first = rows[0]
    assert isinstance(first, CallLeg)
    assert f"{first.started_at:%d %H:%M:%S}" == "09 07:00:00"


def test_month_first_by_the_region_is_reported() -> None:
    (call, *_) = read(HERE / "rc_portal.csv", "US")
    assert isinstance(call, CallLeg)
    assert f"{call.started_at:%m-%d %H:%M}" == "03-02 07:15"
    undecided = undecided_of(proposed(HERE / "rc_portal.csv", "US"))
    assert undecided is not None
    assert undecided.date_order == "mdy"
    (call, *_) = read(HERE / "rc_portal.csv", "US", date_order="dmy")
    assert isinstance(call, CallLeg)
    assert f"{call.started_at:%m-%d}" == "02-03"


def test_day_above_twelve_in_another_column_tells_the_order(write: Write) -> None:
    path = write(
        "Start,End,Direction,Phone,Ext\n03/02/2026 10:00:00,03/02/2026 10:01:00,out,89160000001,101\n"
        "03/12/2026 23:59:00,03/13/2026 00:01:00,out,89160000001,101\n"
    )
    mapped = proposed(path)
    assert mapped.proposed.mapping is not None
    assert (mapped.proposed.mapping.date_order, undecided_of(mapped)) == ("mdy", None)


def test_guessed_unit_is_told_asked_and_written_down() -> None:
    mapped = proposed(HERE / "hubspot_calls.csv")
    assert mapped.proposed.mapping is not None
    assert mapped.proposed.mapping.units == {"duration": "ms"}
    assert any("taken for likely: duration is read as ms" in line for line in describe(mapped))
    undecided = undecided_of(mapped)
    assert undecided is not None
    assert undecided.units == {"duration": "ms"}
    (call, *_) = read(HERE / "hubspot_calls.csv", units={"duration": "s"})
    assert facts(call)[4:] == (60_000, 60_000)


def test_older_mapping_without_units_reads_what_the_header_says() -> None:
    """A mapping of before units were known: it counted 12 minutes as 12 seconds."""
    mapped = proposed(HERE / "minutes.csv", "US")
    assert mapped.proposed.mapping is not None
    assert mapped.proposed.mapping.units == {}
    assert facts(read(HERE / "minutes.csv", "US")[2])[4] == 720


@pytest.mark.parametrize(
    ("header", "cells", "length"),
    [
        ("Length (sec)", ["65", "30"], 65),
        ("Длительность, мин", ["1,5", "12"], 90),
        ("Длительность (мс)", ["65000", "900"], 65),
        ("durationMins", ["2", "1"], 120),
        ("Duration", ["0.00075", "0.00150"], 65),
        ("Duration", ["1.5", "12.25"], 90),
        ("Duration", ["65.0", "30.0"], 65),
        ("Duration", ["95000", "125000"], 95),
        ("Duration", ["1:05", "12:00"], 65),
        ("Duration", ["PT1M5S", "PT2M"], 65),
        ("Duration", ["65s (1m)", "30s"], 65),
    ],
)
def test_unit_of_a_column(write: Write, header: str, cells: list[str], length: int) -> None:
    rows = [f'2026-03-02 10:0{n}:00;out;8916000000{n};101;"{cell}"' for n, cell in enumerate(cells)]
    path = write("\n".join([f"Start;Direction;Phone;Ext;{header}", *rows, ""]))
    assert facts(read(path)[0])[4] == length


@pytest.mark.parametrize(("text", "unit", "length"), [
    ("0.58", "min", 35), ("1.0", "min", 60), ("65000", "ms", 65), ("999", "ms", 0), ("1.5", "h", 5400),
    ("500 ms", "s", 0), ("1500 мс", "s", 1), ("1.5 min", "s", 90), ("1 234", "s", 1234), ("PT1H2M3.5S", "s", 3723),
    ("60s (1m)", "s", 60), ("1:05", "min", 65),
])  # fmt: skip
def test_length(text: str, unit: str, length: int) -> None:
    assert seconds(text, "duration", unit) == length


@pytest.mark.parametrize("text", ["0.58", "-5", "1:2:3:4", "P", "PT", "1e5", "8 days"])
def test_length_that_nobody_can_read_is_a_reject(text: str) -> None:
    with pytest.raises(Misread):
        seconds(text, "duration")


def test_column_whose_rows_would_be_rejected_is_left_out(write: Write) -> None:
    rows = "".join(f"2026-03-02 10:0{n}:00,out,8916000000{n},101,60,2026-03-01 09:00:00\n" for n in range(4))
    path = write("Start,Direction,Phone,Ext,Duration,Answer time\n" + rows)
    mapped = proposed(path)
    assert mapped.dropped == ["answer"]
    assert all(isinstance(item, CallLeg) for item in read(path))


def test_proposed_column_can_be_left_out(write: Write) -> None:
    path = write("Start,Direction,Phone,Ext,Duration,Line\n2026-03-02 10:00:00,out,89160000001,101,60,Moscow\n")
    mapped = proposed(path, columns={"did": ""})
    assert mapped.proposed.mapping is not None
    assert "did" not in mapped.proposed.mapping.columns
    assert "Line" in mapped.proposed.unused


def test_ids_cut_by_a_spreadsheet_are_refused_in_a_mapped_table(write: Write) -> None:
    rows = "".join(f"2026-03-02 10:0{n}:00,out,8916000000{n},101,60,{n + 1}23456789012345000\n" for n in range(4))
    path = write("Start,Direction,Phone,Ext,Duration,Call ID\n" + rows)
    with pytest.raises(Terminal, match="a spreadsheet has cut the ids in column 'Call ID'"):
        read(path)


def test_no_source_takes_these_exports_for_its_own() -> None:
    for path in HERE.iterdir():
        with pytest.raises(Terminal, match="not recognised"):
            choose(Sample(path), "calls", "auto", "RU")


def test_two_columns_of_one_name_are_both_read(write: Write) -> None:
    path = write("Компания;Телефон;Телефон\nРомашка;+79163330001;+79163330002\nЛютик;;+79163330003\n")
    mapped = proposed(path)
    assert mapped.proposed.mapping is not None
    assert mapped.proposed.mapping.columns["phones"] == "Телефон"
    found = choose_mapped(Sample(path), "", "auto", "RU", {"mine": mapped.proposed.mapping})
    assert found is not None
    source, seen = found
    phones = [getattr(item, "phones") for item in source.read(path, seen, context())]  # noqa: B009  # organisations
    assert [sorted(one) for one in phones] == [["+79163330001", "+79163330002"], ["+79163330003"]]


def test_dates_that_contradict_the_mapping_are_refused(write: Write) -> None:
    header = "Start,Direction,Phone,Ext,Duration\n"
    first = write(header + "13/02/2026 10:00:00,out,89160000001,101,60\n", "first.csv")
    mapping = proposed(first).proposed.mapping
    assert mapping is not None
    assert mapping.date_order == "dmy"
    later = write(header + "03/02/2026 10:00:00,out,89160000001,101,60\n03/13/2026 10:00:00,out,89160000001,101,60\n")
    with pytest.raises(Terminal, match=r"dates are mdy .* and mappings.mine says dmy"):
        choose_mapped(Sample(later), "calls", "auto", "RU", {"mine": mapping})
