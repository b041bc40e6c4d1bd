"""Corrections and what they correct in any order, and a word before an older file replaces newer content."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.loading.file_age import FileAge, day_in_name, is_older, oldest_first
from tests.pipeline.loading.in_memory import Office, only

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("stages_2026-03-09.csv", date(2026, 3, 9)),
        ("20260309_cdr.csv", date(2026, 3, 9)),
        ("выгрузка 09.03.2026 (2).xlsx", date(2026, 3, 9)),
        ("cdr_2026-03-01_2026-03-31.csv", date(2026, 3, 31)),
        ("cdr-2026-13-41.csv", None),
        ("1772521200.csv", None),
        ("79160000050.csv", None),
        ("Master.csv", None),
    ],
)
def test_day_in_a_name(name: str, day: date | None) -> None:
    assert day_in_name(name) == day


days = st.none() | st.dates(date(2026, 3, 1), date(2026, 3, 4))
ages = st.builds(FileAge, days, st.none() | st.integers(0, 3).map(lambda hours: NOON + timedelta(hours=hours)))


@given(st.lists(ages, max_size=6))
def test_files_in_order_of_age_are_all_of_them_and_none_is_before_an_older_one(files: list[FileAge]) -> None:
    order = oldest_first(files)
    assert sorted(order) == list(range(len(files)))
    assert all(not is_older(one, one) for one in files)
    if all(one.day for one in files) or not any(one.day for one in files):
        for position, index in enumerate(order):
            assert not any(is_older(files[later], files[index]) for later in order[position + 1 :])


def written(path: Path, hours: int) -> Path:
    at = (NOON + timedelta(hours=hours)).timestamp()
    os.utime(path, (at, at))
    return path


STAGES = "organisation_id;stage;changed_at\n"


@pytest.mark.parametrize("corrected_first", [False, True])
def test_correction_in_one_load_with_what_it_corrects_holds_in_any_order(office: Office, corrected_first: bool) -> None:
    wrong = written(office.write("a.csv", f"{STAGES}o50;shipment;2026-03-02 10:00\n"), 0)
    corrected = written(office.write("b.csv", f"{STAGES}o50;development;2026-03-02 10:00\n"), 1)
    files = [corrected, wrong] if corrected_first else [wrong, corrected]
    outcomes = office.load("stages", *files)
    assert [Path(one.file).name for one in outcomes] == [file.name for file in files]
    assert office.stages("o50") == ["development"]


def test_older_file_that_would_replace_newer_content_is_reported_before(office: Office) -> None:
    head = "id;name;phones\n"
    new = written(office.write("new.csv", f"{head}o1;Новое;\no2;B;\n"), 5)
    old = written(office.write("old.csv", f"{head}o1;Старое;\no2;B;\no3;C;\n"), 1)
    same_age = written(office.write("same.csv", f"{head}o1;Третье;\n"), 5)
    assert only(office.load("organisations", new)).warnings == []
    (warning,) = only(office.load("organisations", old)).warnings
    assert office.progress.notes == [f"warning: {warning}"]
    assert warning == (
        "old.csv (written 2026-03-02 13:00 UTC) is older than new.csv (written 2026-03-02 17:00 UTC), which was loaded"
        " before it: 1 records replace newer ones. Load new.csv again to have these back"
    )
    assert only(office.load("organisations", new)).warnings == []
    assert only(office.load("organisations", same_age)).warnings == []


def test_older_calls_that_are_new_are_not_reported(office: Office) -> None:
    head = "calldate,src,dst,channel,dstchannel,lastapp,duration,billsec,disposition,uniqueid\n"

    def row(minute: int, billsec: int) -> str:
        return (
            f"2026-03-03 10:{minute:02}:00,101,89160000050,PJSIP/101-00000001,PJSIP/provider-00000002,Dial,60,"
            f"{billsec},ANSWERED,{1772521200 + 60 * minute}.{minute}\n"
        )

    new = written(office.write("cdr-2026-03-04.csv", head + row(2, 50)), 5)
    old = written(office.write("cdr-2026-03-03.csv", head + row(1, 50)), 9)
    worse = written(office.write("cdr-2026-03-02.csv", head + row(2, 20)), 9)
    office.load("calls", new)
    assert only(office.load("calls", old)).warnings == []
    assert len(only(office.load("calls", worse)).warnings) == 1
