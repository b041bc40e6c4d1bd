"""Exports of Mango and 3CX: every kind of corruption is there, and what such a system cannot say is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from department.options import DepartmentOptions
from tests.department.clouds import PARTS, Part
from tests.department.conftest import Truth

Make = Callable[[DepartmentOptions], tuple[Path, Truth]]
FORMS = sorted(PARTS)


def parts(folder: Path, truth: Truth, export_format: str) -> list[list[Part]]:
    """The rows of each file of calls, in the order to load them."""
    return [list(PARTS[export_format](folder / one["file"])) for one in truth["files"] if one["kind"] == "calls"]


@pytest.mark.parametrize("export_format", FORMS)
def test_every_kind_of_corruption_is_in_the_rows_of_a_cloud(department: Make, export_format: str) -> None:
    folder, truth = department(
        DepartmentOptions(managers=4, days=20, pace=15.0, corruption=0.1, files=3, format=export_format)
    )
    files = parts(folder, truth, export_format)
    texts = Counter(part.text for rows in files for part in rows)
    assert sum(count > 1 for count in texts.values()) > 20  # the same row twice
    versions: dict[tuple[str, ...], set[str]] = {}
    for rows in files:
        for part in rows:
            versions.setdefault(part.identity, set()).add(part.text)
    assert len(versions) == truth["totals"]["legs"]
    assert sum(len(variants) > 1 for variants in versions.values()) > 5  # a row and its correction
    names = [folder / one["file"] for one in truth["files"] if one["kind"] == "calls"]
    lines = sum(len(name.read_text(encoding="utf-8").splitlines()) for name in names)
    assert lines - sum(map(len, files)) > 10  # cut copies
    begun = [part.start for part in files[1]]
    assert sum(later < earlier for earlier, later in pairwise(begun)) > len(begun) / 50  # late and out of order
    assert {part.number[:-10] for rows in files for part in rows if part.number[:1] in "+789"} >= {"8", "7", "+7", ""}


@pytest.mark.parametrize("export_format", FORMS)
def test_clean_export_holds_each_row_once_in_the_order_in_which_it_ended(department: Make, export_format: str) -> None:
    folder, truth = department(DepartmentOptions(managers=4, days=12, pace=15.0, format=export_format))
    (rows,) = parts(folder, truth, export_format)
    assert len({part.identity for part in rows}) == len(rows) == truth["totals"]["legs"]
    assert [part.end for part in rows] == sorted(part.end for part in rows)


@pytest.mark.parametrize("export_format", FORMS)
def test_calls_in_have_several_rows_and_calls_out_one(department: Make, export_format: str) -> None:
    """Handing over a call out is not confirmed for these systems: no simulation for them has it."""
    folder, truth = department(DepartmentOptions(managers=6, days=30, pace=20.0, format=export_format))
    (rows,) = parts(folder, truth, export_format)
    of_call: dict[str, list[Part]] = {}
    for part in rows:
        of_call.setdefault(part.call, []).append(part)
    out = [those for those in of_call.values() if any(part.outbound and not part.inside for part in those)]
    assert len(out) > 500
    assert {len(those) for those in out} == {1}
    taken_over = [
        those
        for those in of_call.values()
        if len({part.extension for part in those if part.talked and not part.inside}) > 1
    ]
    assert len(taken_over) > 20


def test_log_of_3cx_is_in_utc_and_the_settings_say_so(department: Make) -> None:
    folder, truth = department(DepartmentOptions(managers=3, days=5, pace=10.0, format="3cx"))
    assert '[sources.pbx]\ntime_zone = "UTC"' in (folder / "callfunnel.toml").read_text(encoding="utf-8")
    assert truth["time_zone"] == "Europe/Moscow"
