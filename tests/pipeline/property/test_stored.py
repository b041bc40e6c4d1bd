"""What is found stored is stored, whatever order workers take it in, and whoever else uses the wire."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.storage_wait import STAGES, Partition, StorageWait, advance, is_lost

FOLLOWS = {
    "managers": ("call-legs", "rejected"),
    "organisations": ("call-legs", "rejected"),
    "stage-changes": ("call-legs", "rejected"),
    "call-legs": ("activities", "rejected"),
    "proposals": ("activities", "rejected"),
    "activities": ("rejected",),
}
"""What agents publish of what they consume."""
TOPICS = [name for stage in STAGES for name in stage]


class Wire:
    """Partitions of tagged records: True marks what was sent, or follows from it. Workers consume, then acknowledge."""

    def __init__(self) -> None:
        self.logs: dict[Partition, list[bool]] = {(topic, partition): [] for topic in TOPICS for partition in range(2)}
        self.consumed: dict[Partition, int] = dict.fromkeys(self.logs, 0)

    def send(self, place: Partition, *, ours: bool) -> int:
        self.logs[place].append(ours)
        return len(self.logs[place])

    def step(self, place: Partition, partition: int) -> None:
        """An agent: publishes what follows from the next record of a place, then acknowledges it."""
        at = self.consumed[place]
        if at < len(self.logs[place]):
            for topic in FOLLOWS.get(place[0], ()):
                self.send((topic, partition), ours=self.logs[place][at])
            self.consumed[place] += 1

    @property
    def unstored(self) -> list[Partition]:
        return [place for place, log in self.logs.items() if any(log[self.consumed[place] :])]

    def ends(self, topics: tuple[str, ...]) -> dict[Partition, int]:
        return {place: len(log) for place, log in self.logs.items() if place[0] in topics}


PLACES = st.tuples(st.sampled_from(TOPICS), st.integers(0, 1))
STEPS = st.one_of(
    st.tuples(st.just("send"), PLACES),
    st.tuples(st.just("other"), PLACES),
    st.tuples(st.just("work"), PLACES),
    st.tuples(st.just("look"), PLACES),
)


@given(sent=st.lists(PLACES, min_size=1, max_size=6), steps=st.lists(STEPS, max_size=80))
def test_nothing_is_found_stored_of_which_something_is_under_way(
    sent: list[Partition], steps: list[tuple[str, Partition]]
) -> None:
    wire, ends = Wire(), dict[Partition, int]()
    for place in sent:
        ends[place] = wire.send(place, ours=True)
    waiting = StorageWait(ends)
    for what, place in steps:
        if what == "other":
            wire.send(place, ours=False)
        elif what == "work":
            wire.step(place, place[1])
        elif what == "look" and not waiting.is_over:
            waiting, _ = advance(waiting, wire.ends(waiting.topics), dict(wire.consumed))
        assert not (waiting.is_over and wire.unstored)
    for _ in range(100):  # and in the end it is found, when the workers go on
        for place in list(wire.logs):
            wire.step(place, 0)
        if not waiting.is_over:
            waiting, _ = advance(waiting, wire.ends(waiting.topics), dict(wire.consumed))
    assert waiting.is_over
    assert not wire.unstored


def test_a_log_that_ends_before_what_it_acknowledged_is_lost() -> None:
    place = ("call-legs", 0)
    waiting = StorageWait({place: 5}, stage=1)
    assert is_lost(waiting, {place: 0}, {place: 4}, {place: 0})
    assert not is_lost(waiting, {place: 0}, {place: 5}, {place: 0})
    assert is_lost(waiting, {place: 5}, {place: 9}, {place: 3}), "dropped by age before anybody consumed it"
    assert not is_lost(waiting, {place: 5}, {place: 9}, {place: 5})
    assert not is_lost(StorageWait({place: 5}, stage=0), {place: 0}, {place: 0}, {}), (
        "asked of the stage that is looked at"
    )
