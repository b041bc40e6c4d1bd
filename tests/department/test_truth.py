"""The truth, counted from the simulation, against an independent reading of the exchange's and the CRM's files."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from department.generate import TRUTH, generate
from department.options import FORMATS, DepartmentOptions
from tests.department import reading

OPTIONS = st.builds(
    DepartmentOptions,
    managers=st.integers(1, 7),
    days=st.integers(3, 14),
    seed=st.integers(0, 10_000),
    # From ordinary weeks to new year, a moved Saturday, and both changes of clocks.
    first=st.sampled_from(
        [date(2026, 1, 26), date(2025, 12, 27), date(2025, 10, 24), date(2026, 3, 27), date(2024, 4, 24)]
    ),
    country=st.sampled_from(["RU", "DE", "GB"]),
    format=st.sampled_from(FORMATS),
    corruption=st.sampled_from([0.0, 0.02, 0.2, 0.5]),
    files=st.integers(1, 3),
    pace=st.sampled_from([2.0, 12.0, 40.0]),
)


@settings(max_examples=30, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(OPTIONS)
# Long enough for every anomaly, and for an extension that changes hands.
@example(DepartmentOptions(managers=6, days=100, seed=1, pace=6.0, corruption=0.1, files=3))
@example(DepartmentOptions(managers=5, days=100, seed=2, pace=6.0, country="DE", format="freepbx"))
# Both changes of clocks; in Britain the night's first hour belongs to a call that began the day before.
@example(DepartmentOptions(managers=5, days=5, seed=4, pace=12.0, country="GB", first=date(2026, 3, 27)))
@example(
    DepartmentOptions(managers=5, days=4, seed=5, pace=12.0, country="GB", first=date(2025, 10, 24), format="freepbx")
)
@example(DepartmentOptions(managers=5, days=4, seed=6, pace=12.0, country="DE", first=date(2025, 10, 24)))
@example(DepartmentOptions(managers=6, days=100, seed=7, pace=6.0, corruption=0.1, files=3, format="mango"))
@example(DepartmentOptions(managers=6, days=100, seed=8, pace=6.0, corruption=0.1, files=2, format="3cx"))
@example(DepartmentOptions(managers=5, days=4, seed=9, pace=12.0, country="DE", first=date(2025, 10, 24), format="3cx"))
@example(DepartmentOptions(managers=104, days=4, seed=3, pace=2.0, format="cdr-custom"))
def test_truth_is_what_the_legs_and_tables_say(options: DepartmentOptions) -> None:
    with tempfile.TemporaryDirectory() as folder:
        generate(options, Path(folder))
        truth = msgspec.json.decode((Path(folder) / TRUTH).read_bytes())
        read = reading.Folder(Path(folder), truth)
    counted = {(row["manager_id"], row["day"]): _numbers(row) for row in truth["activity"] + truth["nobody"]}
    heard = reading.numbers(read)
    assert counted.keys() == heard.keys()
    assert {key: (counted[key], heard[key]) for key in counted if counted[key] != heard[key]} == {}
    behind = {(row["manager_id"], row["day"]): row["ids"].split() for row in truth["calls"]}
    assert {key: set(calls) for key, calls in behind.items()} == reading.ids(read)
    assert all(len(set(calls)) == len(calls) for calls in behind.values())


def _numbers(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("manager_id", "day")}
