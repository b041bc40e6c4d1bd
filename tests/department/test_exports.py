"""Files: the same options give the same bytes, and corruption hides nothing for good."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from department.generate import generate
from department.options import FORMATS, DepartmentOptions
from tests.department.conftest import Truth
from tests.department.legs import rows

Make = Callable[[DepartmentOptions], tuple[Path, Truth]]
BERLIN = ZoneInfo("Europe/Berlin")
SMALL = DepartmentOptions(managers=4, days=20, pace=15.0)


def spoiled(**options: Any) -> DepartmentOptions:
    return DepartmentOptions(**{"managers": 4, "days": 20, "pace": 15.0, "corruption": 0.1, "files": 3} | options)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


@pytest.mark.parametrize("export_format", FORMATS)
def test_same_options_same_bytes(department: Make, export_format: str) -> None:
    first, _ = department(spoiled(format=export_format))
    second, _ = department(spoiled(format=export_format))
    assert contents(first) == contents(second)


def test_another_seed_is_another_department(department: Make) -> None:
    one, _ = department(SMALL)
    other, _ = department(DepartmentOptions(managers=4, days=20, pace=15.0, seed=8))
    assert not any(contents(one)[name] == contents(other)[name] for name in ("Master.csv", "organisations.csv"))


def test_corruption_and_files_change_no_number(department: Make) -> None:
    truths = [department(options)[1] for options in (SMALL, spoiled(), spoiled(corruption=0.5, files=1))]
    for part in ("activity", "nobody", "calls", "funnel_cohort", "funnel_flow", "funnel_snapshot", "planted", "totals"):
        assert truths[0][part] == truths[1][part] == truths[2][part]


def test_reports_and_logs_describe_the_same_calls(department: Make) -> None:
    """The same department, whichever linked format its exchange writes."""
    (_, csv_truth), (_, report_truth) = (
        department(SMALL),
        department(DepartmentOptions(managers=4, days=20, pace=15.0, format="freepbx")),
    )
    for part in ("activity", "nobody", "calls", "funnel_cohort"):
        assert csv_truth[part] == report_truth[part]


def test_files_are_listed_in_the_order_to_load_them(department: Make) -> None:
    folder, truth = department(spoiled())
    kinds = [one["kind"] for one in truth["files"]]
    assert list(dict.fromkeys(kinds)) == [
        *("managers", "organisations", "stages", "proposals", "plan", "calendar", "absences", "calls"),
    ]
    calls = [one["file"] for one in truth["files"] if one["kind"] == "calls"]
    assert calls[:3] == ["Master-1.csv", "Master-2.csv", "Master-3.csv"]
    assert calls[3].startswith("Master-late-2026-01-1")
    assert calls[4:] == ["Master-corrections.csv"]
    assert {one["file"] for one in truth["files"]} | {"truth.json", "callfunnel.toml", "README.md"} == set(
        contents(folder)
    )


def test_readme_names_every_file_and_every_part_of_the_truth(department: Make) -> None:
    folder, truth = department(spoiled())
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert [name for name in contents(folder) if name not in text] == ["README.md"]
    assert [part for part in truth if part not in text] == []
    for name in ("plan.csv", "absences.csv", "calendar.csv", "stages.csv", "proposals.csv"):
        header = (folder / name).read_text(encoding="utf-8").splitlines()[0].split(";")
        assert [column for column in header if column not in text] == []


def test_another_department_in_the_same_folder_leaves_nothing_of_the_first(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    generate(spoiled(), tmp_path)
    generate(DepartmentOptions(managers=4, days=20, pace=15.0, format="freepbx"), tmp_path)
    generate(SMALL, tmp_path / "fresh")
    assert {*contents(tmp_path / "fresh"), "mine.txt", "cdr.csv"} - {"Master.csv"} == {
        path.name for path in tmp_path.iterdir() if path.is_file()
    }


def test_late_day_is_in_its_own_file(department: Make) -> None:
    folder, _ = department(spoiled(corruption=0.0001))
    (late,) = folder.glob("Master-late-*.csv")
    day = late.stem[-10:]
    elsewhere = [leg.row["start"][:10] for n in (1, 2, 3) for leg in rows(folder / f"Master-{n}.csv", "asterisk-csv")]
    assert {leg.row["start"][:10] for leg in rows(late, "asterisk-csv")} >= {day}
    assert elsewhere.count(day) <= 5  # what had not ended by midnight
    assert len(set(elsewhere)) >= 18


@pytest.mark.parametrize("export_format", ["asterisk-csv", "freepbx", "cdr-custom"])
def test_every_kind_of_corruption_is_there(department: Make, export_format: str) -> None:
    folder, truth = department(spoiled(format=export_format))
    files = [folder / one["file"] for one in truth["files"] if one["kind"] == "calls"]
    identities = Counter(
        (leg.row["uniqueid"], leg.row["sequence"], *sorted(leg.row.values()))
        for path in files
        for leg in rows(path, export_format)
    )
    assert sum(count > 1 for count in identities.values()) > 20  # the same row twice
    versions = Counter((uniqueid, sequence) for uniqueid, sequence, *_ in identities)
    assert len(versions) == truth["totals"]["legs"]
    assert sum(count > 1 for count in versions.values()) > 5  # a row and its correction
    lines = [line for path in files for line in path.read_text(encoding="utf-8").splitlines()]
    whole = sum(1 for path in files for _ in rows(path, export_format)) + (
        len(files) if export_format == "freepbx" else 0
    )
    assert len(lines) - whole > 10  # cut copies
    ends = [leg.row["start"] for leg in rows(files[1], export_format)]
    assert sum(later < earlier for earlier, later in pairwise(ends)) > len(ends) / 50
    notations = {
        number[:-10] for path in files for leg in rows(path, export_format) if len(number := leg.row["dst"]) > 9
    }
    assert notations >= {"8", "7", "+7", ""}


def test_cut_rows_are_copies_and_join_no_neighbour(department: Make) -> None:
    """Read by a csv reader that knows no lines: an open quote may swallow what follows, never to the right width."""
    folder, _ = department(spoiled(corruption=0.3))
    whole = {
        leg.row["uniqueid"] + leg.row["sequence"]: leg.row for leg in rows(folder / "Master-2.csv", "asterisk-csv")
    }
    with (folder / "Master-2.csv").open(encoding="utf-8", newline="") as file:
        for fields in csv.reader(file):
            if len(fields) == 21:
                assert fields[16] + fields[20] in whole


def test_corrections_name_rows_that_stand_in_earlier_files(department: Make) -> None:
    folder, truth = department(spoiled())
    calls = [one["file"] for one in truth["files"] if one["kind"] == "calls"]
    earlier = {
        (leg.row["uniqueid"], leg.row["sequence"]): leg.row
        for name in calls[:-1]
        for leg in rows(folder / name, "asterisk-csv")
    }
    changed: Counter[str] = Counter()
    for leg in rows(folder / calls[-1], "asterisk-csv"):
        wrong = earlier[leg.row["uniqueid"], leg.row["sequence"]]
        changed.update(name for name in leg.row if leg.row[name] != wrong[name])
    assert changed["duration"] > 3
    assert changed["channel"] + changed["dstchannel"] > 3
    assert not changed.keys() & {"linkedid", "start", "disposition", "src", "dst"}


def test_back_dated_stages_were_recorded_later_than_they_happened(department: Make) -> None:
    folder, _ = department(spoiled())
    with (folder / "stages-late.csv").open(encoding="utf-8") as file:
        late = list(csv.DictReader(file, delimiter=";"))
    assert len(late) > 20
    iso = [row for row in late if row["changed_at"][4] == row["recorded_at"][4] == "-"]
    assert all(row["changed_at"] < row["recorded_at"] for row in iso)


def test_rows_stand_in_the_order_in_which_calls_ended(folder: Path) -> None:
    ends = [leg.row["end"] for leg in rows(folder / "Master.csv", "asterisk-csv")]
    assert ends == sorted(ends)


@pytest.mark.parametrize("first", [date(2026, 3, 28), date(2025, 10, 25)])
def test_wall_times_are_right_through_a_change_of_clocks(department: Make, first: date) -> None:
    """The first row of a channel begins with it: its wall time is that of the epoch in its name."""
    folder, _ = department(DepartmentOptions(managers=3, days=2, pace=5.0, country="DE", first=first))
    began: dict[str, str] = {}
    for leg in sorted(rows(folder / "Master.csv", "asterisk-csv"), key=lambda leg: leg.number):
        began.setdefault(leg.row["uniqueid"], leg.row["start"])
    night = [at for at in began.values() if at.startswith(str(first + timedelta(days=1)))]
    assert len(night) > 3
    assert any(at[11:13] == "02" for at in night) == (first.month == 10)  # skipped in spring, twice in autumn
    for uniqueid, start in began.items():
        at = datetime.fromtimestamp(int(uniqueid.partition(".")[0]), BERLIN)
        assert at.strftime("%Y-%m-%d %H:%M:%S") == start


def test_report_has_the_header_and_columns_of_freepbx(department: Make) -> None:
    folder, _ = department(DepartmentOptions(managers=3, days=8, pace=20.0, format="freepbx"))
    with (folder / "cdr.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert list(table[0])[:3] == ["calldate", "clid", "src"]
    assert list(table[0])[-3:] == ["linkedid", "peeraccount", "sequence"]
    assert len(table[0]) == 26
    out = [row for row in table if row["outbound_cnum"]]
    assert {row["cnum"] for row in out} >= {"101", "102", "103"}
    assert len({row["src"] for row in out}) == 1  # the number shown outside, not who called


def test_log_quotes_as_cdr_csv_does(folder: Path) -> None:
    first = (folder / "Master.csv").read_text(encoding="utf-8").splitlines()[100]
    assert first.startswith('"","')
    assert '"""' in first  # a quote inside of a quoted field is doubled
    unanswered = next(
        leg.row
        for leg in rows(folder / "Master.csv", "asterisk-csv")
        if leg.row["disposition"] == "NO ANSWER" and leg.row["lastapp"] == "Dial"
    )
    assert (unanswered["answer"], unanswered["billsec"], unanswered["amaflags"]) == ("", "0", "DOCUMENTATION")


def test_calendar_has_holidays_and_worked_saturdays(department: Make) -> None:
    folder, truth = department(DepartmentOptions(managers=2, days=14, first=date(2025, 10, 25), pace=30.0))
    with (folder / "calendar.csv").open(encoding="utf-8") as file:
        kinds = {row["day"]: row["kind"] for row in csv.DictReader(file, delimiter=";")}
    assert kinds["2025-11-01"] == "moved"  # for Monday the 3rd
    assert (kinds["2025-11-02"], kinds["2025-11-03"], kinds["2025-11-04"]) == ("weekend", "holiday", "holiday")
    assert (kinds["2025-11-05"], kinds["2025-10-25"]) == ("working", "weekend")
    calls = {row["day"]: row["calls"] for row in truth["activity"]}
    assert calls["2025-11-01"] > 5


def test_plan_is_in_proportion_to_working_days(folder: Path) -> None:
    with (folder / "plan.csv").open(encoding="utf-8") as file:
        plan = [row for row in csv.DictReader(file, delimiter=";") if row["manager_id"] == "m01"]
    # January from the 12th, and the Russian working days of 2026; May to the 11th, with two holidays.
    assert [(row["month"], row["working_days"]) for row in plan] == [
        *(("2026-01", "15"), ("2026-02", "19"), ("2026-03", "21"), ("2026-04", "22"), ("2026-05", "5")),
    ]
    assert all(int(row["amount"]) == int(row["individual_proposals"]) * 80_000 for row in plan)
