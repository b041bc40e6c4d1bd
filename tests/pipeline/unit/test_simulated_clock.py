"""The clock of a story: as fast as asked, and over what is quiet."""

from __future__ import annotations

from pipeline.demo.simulated_clock import SimulatedClock


class Wall:
    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


def test_story_runs_as_many_times_as_fast() -> None:
    wall = Wall()
    clock = SimulatedClock(50_000, 60, wall)
    wall.at += 2
    assert clock.now() == 50_120


def test_quiet_is_skipped_and_the_clock_goes_on_from_there() -> None:
    wall = Wall()
    clock = SimulatedClock(0, 10, wall)
    wall.at += 1
    assert not clock.skip_quiet(1_810, longest_s=1_800, lead_s=60)
    assert clock.skip_quiet(50_000, longest_s=1_800, lead_s=60)
    assert clock.now() == 49_940
    wall.at += 6
    assert clock.now() == 50_000


def test_what_is_due_is_nothing_to_skip() -> None:
    clock = SimulatedClock(5_000, 1, Wall())
    assert not clock.skip_quiet(10, longest_s=1_800, lead_s=60)
    assert clock.now() == 5_000
