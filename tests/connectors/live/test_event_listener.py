"""A gap begins where it is last certain that everything was received. The rest is tested with each listener."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.live.backoff import Backoff
from connectors.live.checkpoint import Checkpoint
from connectors.live.delivery_queue import DeliveryQueue
from connectors.live.event_listener import EventCheckpoint, EventListener
from schemas.errors import Transient
from schemas.records import Record, Rejected

NINE = datetime(2026, 11, 2, 9, tzinfo=UTC)
CALL, NOTHING, LOST = "call", "", "lost"


class Clock:
    def __init__(self) -> None:
        self.now = NINE

    def __call__(self) -> int:
        return int(self.now.timestamp()) * 10**9


class Slow(DeliveryQueue):
    """Kafka takes its time over a call."""

    def __init__(self, clock: Clock, takes: timedelta) -> None:
        super().__init__("office", "esl", "s1", clock)
        self._its_clock = clock
        self._takes = takes
        self.gaps: list[Rejected] = []

    def deliver(self, items: Sequence[Record | Rejected], done: Callable[[], None] = lambda: None) -> None:
        self.gaps += [item for item in items if isinstance(item, Rejected) and item.payload]
        if any(isinstance(item, Rejected) and not item.payload for item in items):
            self._its_clock.now += self._takes
        done()


class ScriptedSource:
    """An exchange that tells what the script says, a second after the other, connection by connection."""

    archive = "the CSV"
    where = "pbx:1"
    heard = True

    def __init__(self, queue: Slow, clock: Clock, *scripts: Sequence[str]) -> None:
        self._line = queue
        self._clock = clock
        self._scripts = list(scripts)
        self._script: list[str] = []

    def session(self) -> ScriptedSource:
        return self

    def __enter__(self) -> ScriptedSource:
        self._script = list(self._scripts.pop(0))
        return self

    def __exit__(self, *_: object) -> None: ...

    def read(self, within_s: float) -> Sequence[str]:
        self._clock.now += timedelta(seconds=1)
        message = self._script.pop(0) if self._script else LOST
        if message != LOST:
            return [message] if message else []
        if not self._scripts:
            self._line.stopping.set()
        raise Transient("the connection is gone")

    def items(self, messages: Sequence[str]) -> list[Rejected]:
        return [Rejected(rejected_id="x", source="office", reason="bad_time", payload="", origin="", at=NINE, version=1)  # type: ignore[arg-type]
                for _ in messages]  # fmt: skip

    def learn(self, messages: Sequence[str]) -> str:
        return ""


@pytest.mark.parametrize(
    ("takes_s", "script", "certain_s"),
    [
        (0, [NOTHING, CALL, LOST], 2),
        (3600, [NOTHING, CALL, LOST], 1),
        (3600, [NOTHING, CALL, CALL, CALL, LOST], 1),
        (3600, [NOTHING, CALL, NOTHING, LOST], 3603),
    ],
    ids=["read in time", "late", "late, with what was kept", "late, and all was kept"],
)
def test_gap_begins_where_it_was_certain_that_all_was_read(
    tmp_path: Path, takes_s: int, script: list[str], certain_s: int
) -> None:
    clock = Clock()
    queue = Slow(clock, timedelta(seconds=takes_s))
    with Checkpoint(tmp_path, "office", "esl", EventCheckpoint) as checkpoint:
        EventListener(ScriptedSource(queue, clock, script, []), checkpoint, backoff=Backoff(0.001, 0.001)).run(queue)
        written = checkpoint.read()
    (gap,) = queue.gaps
    assert datetime.fromisoformat(gap.payload.split("/")[0]) == NINE + timedelta(seconds=certain_s)
    assert written is not None
    assert written.at <= clock.now
