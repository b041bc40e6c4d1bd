"""A department whose exchange records oddly: what is read of its exports is what truly happened."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from department.generate import generate
from department.oddities import Oddity
from department.options import DepartmentOptions
from department.simulation import Simulation
from pipeline.directory import Directory, Managers
from pipeline.enrich import enrich_call
from pipeline.stitch import stitch
from schemas.errors import Terminal
from schemas.records import CallLeg, Direction, Manager
from schemas.stages import default_stages
from tests.connectors.conftest import read
from tests.connectors.rows import MOSCOW

OPTIONS = DepartmentOptions(managers=8, days=40, pace=20.0, oddities=True)
CONVERSATION_S = 30
COUNTED = ("calls", "attempts", "answered", "conversations", "talk_s", "contacts")


def counted(folder: Path, truth: dict[str, Any]) -> dict[tuple[str, str], dict[str, int]]:
    """(manager, day) -> numbers, from the files, by the product's own reading."""
    files: dict[str, list[Path]] = {}
    for one in truth["files"]:
        files.setdefault(one["kind"], []).append(folder / one["file"])
    managers = [item for path in files["managers"] for item in read(path, "managers")]
    directory = Directory(default_stages())
    directory.managers = Managers([item for item in managers if isinstance(item, Manager)])
    by_call: dict[str, dict[str, CallLeg]] = {}
    for path in files["calls"]:
        for item in read(path):
            assert isinstance(item, CallLeg), item
            by_call.setdefault(item.call_id, {})[item.record_id] = item
    found: dict[tuple[str, str], Counter[str]] = {}
    contacts: dict[tuple[str, str], set[str]] = {}
    for legs in by_call.values():
        call = enrich_call(stitch(list(legs.values())), directory, cause="", caused_at=1, version=1)
        if call.direction is Direction.INTERNAL:
            continue
        key = call.manager_id, f"{call.at.astimezone(MOSCOW):%Y-%m-%d}"
        row = found.setdefault(key, Counter())
        is_answered = call.disposition == "answered"
        row["calls"] += 1
        row["attempts"] += call.direction is Direction.OUTBOUND
        row["answered"] += is_answered
        row["conversations"] += is_answered and call.talk_s >= CONVERSATION_S
        row["talk_s"] += call.talk_s if is_answered else 0
        if call.contact:
            contacts.setdefault(key, set()).add(call.contact)
    return {
        key: {**{name: row[name] for name in COUNTED}, "contacts": len(contacts.get(key, ()))}
        for key, row in found.items()
    }


@pytest.mark.parametrize("export_format", ["asterisk-csv", "freepbx"])
def test_numbers_of_a_department_of_oddities_are_the_true_ones(tmp_path: Path, export_format: str) -> None:
    generate(DepartmentOptions(**{**as_dict(), "format": export_format}), tmp_path)
    truth = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    true = {
        (row["manager_id"], row["day"]): {name: row.get(name, 0) for name in COUNTED}
        for row in (*truth["activity"], *truth["nobody"])
        if row.get("calls")
    }
    found = counted(tmp_path, truth)
    assert {
        key: (true.get(key), found.get(key)) for key in true.keys() | found.keys() if true.get(key) != found.get(key)
    } == {}


def as_dict() -> dict[str, Any]:
    return {"managers": OPTIONS.managers, "days": OPTIONS.days, "pace": OPTIONS.pace, "oddities": True}


def test_every_oddity_is_there_and_none_without_asking() -> None:
    odd = Counter(call.oddity for day in Simulation(OPTIONS).run() for call in day.calls)
    assert {kind for kind, count in odd.items() if count >= 3} == {None, *Oddity}
    plain = DepartmentOptions(managers=8, days=10, pace=12.0)
    assert {call.oddity for day in Simulation(plain).run() for call in day.calls} == {None}


def test_oddities_are_asterisks() -> None:
    with pytest.raises(Terminal, match="oddities are Asterisk's: they are written as asterisk-csv or freepbx"):
        DepartmentOptions(oddities=True, format="mango")
