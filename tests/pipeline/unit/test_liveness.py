"""When a part that runs is judged to hang: by questions without an answer, never by one alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.embedded.health_checks import of_worker
from pipeline.embedded.liveness import LivenessWatch, Pulse, heard, silent_s
from pipeline.embedded.part import StackPart

PATIENCE_S = 30.0


def pulse(answers: Sequence[tuple[float, bool]], pid: int = 7) -> Pulse:
    """After these questions: (when it was asked, whether it was answered)."""
    found = Pulse(pid, 0.0)
    for at, answered in answers:
        found = heard(found, pid, at, answered=answered)
    return found


def silent(answers: Sequence[tuple[float, bool]], now: float) -> float:
    return silent_s(pulse(answers), now, PATIENCE_S)


def test_three_questions_in_a_row_without_an_answer_for_as_long_as_the_patience() -> None:
    asked = [(0, True), (5, False), (15, False), (25, False)]
    assert silent(asked, 34) == 0
    assert silent(asked, 35) == 30


def test_an_answer_in_between_begins_anew_however_slow_the_part_is() -> None:
    assert silent([(0, True), (5, False), (15, False), (25, True), (30, False), (40, False)], 54) == 0


@pytest.mark.parametrize("failed", [1, 2])
def test_a_supervisor_or_machine_that_slept_does_not_take_the_time_for_silence(failed: int) -> None:
    """The question on its way when it slept ends without an answer, an hour later; the next ones are answered."""
    assert silent([(0, True), *((5 + n, False) for n in range(failed))], 3600) == 0


def test_a_part_that_starts_has_ten_times_as_long() -> None:
    starting = [(second, False) for second in range(0, 300, 5)]
    assert silent(starting, 299) == 0
    assert silent(starting, 300) == 300


def test_what_was_heard_of_the_process_before_it_is_not_held_against_a_new_one() -> None:
    hung = pulse([(0, True), (5, False), (15, False), (25, False)])
    again = heard(hung, 8, 40, answered=False)
    assert again == Pulse(8, 40, has_answered=False, silent_since=40, tries=1)
    assert silent_s(again, 300, PATIENCE_S) == 0


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class FakePart(StackPart):
    """A process by its number only."""

    def __init__(self) -> None:
        super().__init__("store", [], logs=Path(), env={}, ready=lambda: True)
        self.number = 7

    @property
    def pid(self) -> int:
        return self.number


class World:
    """A part that answers or hangs, and who watches it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.part = FakePart()
        self.answers = True
        self.watch = LivenessWatch(self.part, self._ask, PATIENCE_S, self.clock)

    def _ask(self, within_s: float) -> bool:
        self.clock.now += 0 if self.answers else within_s
        return self.answers

    def hang(self) -> float:
        """Until it has to be replaced; how long that took."""
        began, self.answers = self.clock.now, False
        while not self.watch.silent_s:
            self.watch.ask()
        self.watch.replaced()
        self.part.number += 1
        return self.clock.now - began

    def be_well(self, seconds: float) -> None:
        self.answers = True
        until = self.clock.now + seconds
        while self.clock.now < until:
            self.watch.ask()
            self.clock.now += 5


def test_what_hangs_again_and_again_is_replaced_more_and_more_seldom_until_it_has_been_well() -> None:
    world = World()
    took = []
    for _ in range(7):
        world.be_well(60)
        took.append(world.hang())
    assert took == [30, 60, 120, 240, 480, 480, 480]
    world.be_well(PATIENCE_S * 20 * 16 + 5)
    assert world.hang() == 30


def test_a_part_that_waits_for_another_one_before_it_is_ready_is_not_judged() -> None:
    world = World()
    world.answers = False
    for _ in range(60):
        world.watch.ask()
        world.watch.forgive()
    assert world.clock.now == 600
    assert world.watch.silent_s == 0
    world.be_well(5)
    assert world.hang() == 30, "once it was ready it has to answer, whoever else is away"


def test_a_worker_lives_while_its_file_changes_whatever_the_clock_says(tmp_path: Path) -> None:
    import os

    file = tmp_path / "worker-1.ready"
    ask = of_worker(file)
    assert not ask(1)
    file.touch()
    assert ask(1)
    assert not ask(1)
    os.utime(file, (1, 1))  # the clock was set back by decades
    assert ask(1)
    assert not ask(1)
