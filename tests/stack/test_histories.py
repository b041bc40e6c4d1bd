"""Histories of kills, few and of fixed seeds; `python -m bench.histories` draws as many as there is time for."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.histories import FAULTS, plan, run, world_in

pytestmark = pytest.mark.stack

_ALL = [fault for fault in FAULTS if fault.name == "all killed"]
_BROKER = [fault for fault in FAULTS if fault.name == "broker and listener killed"]


def test_everything_that_was_answered_is_counted_once(tmp_path: Path) -> None:
    with world_in(tmp_path) as world:
        run(world, 0, 3, _BROKER)
        run(world, 1, 1, _ALL)


def test_a_seed_is_a_history() -> None:
    assert plan(7) == plan(7)
    assert len({tuple(event.fault.name for event in plan(seed)) for seed in range(200)}) > 30
    assert {event.fault.name for seed in range(200) for event in plan(seed)} == {fault.name for fault in FAULTS}
