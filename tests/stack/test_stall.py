"""A worker that has stalled ends and says why; one that waits, retries or has nothing to do does not."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence, Set

import pytest

from pipeline.embedded.part import StackPart
from pipeline.stall import Partition, Snapshot, StallWatch, Still, judge
from pipeline.work import STALLED
from schemas.errors import Transient
from tests.conftest import STARTS_S
from tests.stack.department import Department
from tests.stack.deployment import Deployment, kill, wait_for

LEGS_0, LEGS_1, ACTIVITIES_0 = ("call-legs", 0), ("call-legs", 1), ("activities", 0)
PATIENCE_S = 30.0


def look(at: float, waiting: Mapping[Partition, int], busy: Sequence[str] = (), settled: int = 0) -> Snapshot:
    """`settled` chunks of call-legs."""
    return Snapshot(at, waiting, set(busy), {"call-legs": settled})


def stalled_after(*looks: Snapshot) -> list[list[Partition]]:
    """What is judged at each look, one after another."""
    still: dict[Partition, Still] = {}
    judged = []
    for one in looks:
        still, stalled = judge(still, one, PATIENCE_S)
        judged.append(stalled)
    return judged


def test_frames_that_nobody_takes_for_the_patience_are_a_stall() -> None:
    waits = {LEGS_0: 5}
    assert stalled_after(look(0, waits), look(29.9, waits), look(30, waits)) == [[], [], [LEGS_0]]


def test_hours_without_frames_are_no_stall_and_patience_begins_with_the_first_frame() -> None:
    waits = {LEGS_0: 5}
    assert stalled_after(look(0, {}), look(7200, {}), look(7205, waits), look(7230, waits)) == [[], [], [], []]


def test_any_movement_begins_the_patience_anew() -> None:
    assert stalled_after(look(0, {LEGS_0: 5}), look(25, {LEGS_0: 6}), look(50, {LEGS_0: 6})) == [[], [], []]


def test_a_chunk_that_is_tried_again_for_an_hour_because_the_store_is_away_is_no_stall() -> None:
    waits = {LEGS_0: 5, LEGS_1: 9}
    hour = [look(at, waits, busy=["call-legs"]) for at in range(0, 3600, 5)]
    after = [look(3600, waits), look(3620, waits)]
    assert stalled_after(*hour, *after) == [[]] * (len(hour) + 2)


def test_a_busy_topic_does_not_excuse_another_one() -> None:
    waits = {LEGS_0: 5, ACTIVITIES_0: 2}
    assert stalled_after(look(0, waits, busy=["call-legs"]), look(30, waits, busy=["call-legs"])) == [
        [],
        [ACTIVITIES_0],
    ]


def test_a_topic_that_waits_while_chunks_of_another_one_are_settled_has_some_times_the_patience() -> None:
    def at(second: int) -> Snapshot:
        return look(second, {LEGS_0: second, ACTIVITIES_0: 2}, settled=second // 10)

    judged = stalled_after(*map(at, range(0, 130, 10)))
    assert judged == [[]] * 12 + [[ACTIVITIES_0]], "at 120 s"


def test_a_partition_that_hundreds_of_chunks_of_others_pass_by_is_a_stall_though_its_topic_is_busy() -> None:
    def at(second: int) -> Snapshot:
        return look(second, {LEGS_0: 5, LEGS_1: second}, busy=["call-legs"], settled=second * 10)

    judged = stalled_after(*map(at, range(0, 60, 5)))
    assert judged[-1] == [LEGS_0]
    assert judged[6] == [], "at 30 s: 200 chunks had passed by at 20 s, and patience is counted from the look before"


def test_a_partition_that_was_elsewhere_meanwhile_begins_anew() -> None:
    waits = {LEGS_0: 5}
    assert stalled_after(look(0, waits), look(20, {}), look(40, waits), look(60, waits)) == [[], [], [], []]


class FakeBroker:
    """Stands for `pipeline.transport.Transport`."""

    def __init__(self) -> None:
        self.away = False

    def ends(self, _: object) -> dict[Partition, int]:
        if self.away:
            raise Transient("kafka: away")
        return {LEGS_0: 7, LEGS_1: 7}

    def consumed(self, _: object) -> dict[Partition, int]:
        return {LEGS_0: 5, LEGS_1: 7}


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def watch_over(broker: FakeBroker, clock: Seconds, mine: Set[Partition] | None) -> StallWatch:
    return StallWatch(lambda: broker, ["call-legs"], lambda: mine, lambda: (set(), {}), PATIENCE_S, clock)  # type: ignore[arg-type, return-value]


def look_until(watch: StallWatch, clock: Seconds, until: float) -> str:
    """Look as often as the worker does; what the last look said."""
    said = watch.check()
    while clock.now < until:
        clock.now = min(until, clock.now + watch.pause_s)
        said = watch.check()
    return said


@pytest.mark.parametrize(
    "mine",
    [
        pytest.param({LEGS_0}, id="my partition"),
        pytest.param(None, id="a rebalance without end: everybody's frames count"),
    ],
)
def test_the_watch_names_the_partition_and_the_time(mine: Set[Partition] | None) -> None:
    clock = Seconds()
    watch = watch_over(FakeBroker(), clock, mine)
    assert not look_until(watch, clock, PATIENCE_S - 1)
    clock.now = PATIENCE_S
    assert watch.check() == "frames wait on call-legs:0, nobody is at work on them, and nothing moved for 30 s"


def test_a_process_that_was_frozen_for_an_hour_had_no_time_to_move_anything() -> None:
    clock = Seconds()
    watch = watch_over(FakeBroker(), clock, {LEGS_0})
    assert not look_until(watch, clock, 10)
    clock.now = 3600
    assert not watch.check()
    assert not look_until(watch, clock, 3610)
    assert look_until(watch, clock, 3620), "10 s before, 20 s after, and one pause and a half of the hour"


def test_a_worker_too_many_that_was_given_nothing_waits() -> None:
    clock = Seconds()
    assert not look_until(watch_over(FakeBroker(), clock, set()), clock, 300)


def test_frames_of_another_worker_are_no_stall_of_mine() -> None:
    clock = Seconds()
    assert not look_until(watch_over(FakeBroker(), clock, {LEGS_1}), clock, 300)


def test_a_broker_that_is_away_is_no_stall_and_patience_begins_anew_when_it_is_back() -> None:
    clock, broker = Seconds(), FakeBroker()
    watch = watch_over(broker, clock, {LEGS_0})
    assert not look_until(watch, clock, 25)
    broker.away = True
    assert not look_until(watch, clock, 100)
    broker.away = False
    assert not look_until(watch, clock, 129)
    assert look_until(watch, clock, 135)


@pytest.mark.stack
def test_a_worker_whose_streams_give_nothing_ends_with_its_code_and_the_next_one_finishes_the_load(
    embedded: Deployment, department: Department
) -> None:
    embedded.start(workers=0)
    silent = StackPart(
        "silent",
        [sys.executable, "-m", "tests.stack.silent_worker"],
        logs=embedded.folder,
        env=embedded.env,
        ready=lambda: True,
    )
    silent.start()
    loading = embedded.loading(department.files["managers"], kind="managers")
    try:
        wait_for("end of the silent worker", lambda: not silent.is_running)
    finally:
        silent.stop(0)
    assert silent.exit_code == STALLED
    assert "stalled: frames wait on managers:0" in embedded.log_of("silent")
    assert loading.is_running
    embedded.add_worker("worker-1")
    assert loading.outcome()["records"] > 0


@pytest.mark.stack
def test_a_worker_starts_before_the_store_and_waits_for_it(embedded: Deployment, department: Department) -> None:
    embedded.start(workers=0)
    kill(embedded.store)
    worker = embedded.add_worker("early", wait=False)
    wait_for("words of the worker", lambda: "again in" in embedded.log_of("early"))
    embedded.store.start()
    worker.wait_ready(STARTS_S)
    assert embedded.loading(department.files["managers"], kind="managers").outcome()["records"] > 0
