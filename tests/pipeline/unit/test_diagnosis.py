"""What a load waits for: the cause, in words that say what to do, of what was seen of the stack."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.loading.diagnosis import StackState, diagnose
from pipeline.loading.wait_reporter import WaitReporter
from pipeline.storage_wait import Position
from pipeline.transport import Stalled
from schemas.errors import CallfunnelError, Terminal, Transient

WELL: dict[str, Any] = {
    "kafka": "127.0.0.1:9092",
    "data": "/data",
    "members": 1,
    "supervisor_pid": 77,
    "states": {"supervisor": "sleeping", "broker": "sleeping", "store": "running", "worker-1": "sleeping"},
    "free_bytes": 10 << 30,
}
SERVERS: dict[str, Any] = {"kafka": "kafka:9092", "members": 3}


def stopped(*names: str) -> dict[str, str]:
    return {**WELL["states"], **dict.fromkeys(names, "stopped")}


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (WELL, ""),
        (SERVERS, ""),
        (WELL | {"free_bytes": 1 << 20}, "the disk of /data is full (1 MB free): make room, and it goes on by itself"),
        (WELL | {"disk": "no answer within 3 s"}, "the disk of /data does not answer (no answer within 3 s): look at"),
        (WELL | {"broker_answers": False}, "the broker does not answer, so it hangs or"),
        (SERVERS | {"broker_answers": False}, "the broker does not answer, so it hangs or is very busy: start"),
        (WELL | {"store": "no answer within 5 s"}, "the store does not answer (no answer within 5 s), so it"),
        (SERVERS | {"store": "refused"}, "the store does not answer (refused), so it hangs or is very busy: start it"),
        (SERVERS | {"refusal": "TOO_MANY_PARTS: x"}, "the store refuses inserts (TOO_MANY_PARTS: x): mend that, and"),
        (SERVERS | {"members": 0}, "no worker is running: start `callfunnel worker`"),
        (WELL | {"members": 0}, "no worker is running: `up` is starting one"),
        (WELL | {"states": stopped("worker-1")}, "worker-1 is stopped: `callfunnel up` replaces what hangs within"),
        (
            WELL | {"states": stopped("store", "supervisor"), "store": "no answer within 5 s"},
            "store is stopped, and `callfunnel up` is stopped too, and cannot replace it: `kill -CONT 77`",
        ),
        (
            WELL | {"states": stopped("supervisor"), "members": 0},
            "`callfunnel up` is stopped, and replaces nothing: `kill -CONT 77`",
        ),
        (WELL | {"states": stopped("supervisor")}, ""),
    ],
)  # fmt: skip
def test_the_cause_is_named_with_what_to_do(seen: dict[str, Any], words: str) -> None:
    found = diagnose(StackState(**seen))
    assert found.startswith(words) if words else not found, found


def test_a_full_disk_comes_before_what_follows_from_it() -> None:
    seen = WELL | {"free_bytes": 0, "refusal": "NOT_ENOUGH_SPACE", "members": 0, "broker_answers": False}
    assert "is full" in diagnose(StackState(**seen))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Shown:
    """Progress as a person saw it."""

    def __init__(self) -> None:
        self.waited: list[str] = []

    def reading(self, *_: object) -> None:
        pass

    def storing(self, position: Position) -> None:
        pass

    def note(self, words: str) -> None:
        pass

    def waits(self, words: str) -> None:
        self.waited.append(words)

    def check(self) -> None:
        pass


HANGS = StackState(**WELL | {"store": "no answer within 5 s"})


def watched(probe: Callable[[], StackState]) -> tuple[WaitReporter, Shown, Clock]:
    """Its thread is not started: the test looks in its place."""
    clock, shown = Clock(), Shown()
    return WaitReporter(shown, probe, after_s=6, monotonic=clock), shown, clock


def test_nothing_is_said_before_six_seconds_nor_twice_and_it_is_taken_back_when_it_moves() -> None:
    lookout, shown, clock = watched(lambda: HANGS)
    lookout.storing(Position(1, 9))
    clock.now = 5
    lookout.watch()
    assert shown.waited == []
    for clock.now in (6, 10, 14):
        lookout.storing(Position(1, 9))
        lookout.watch()
    assert shown.waited == [diagnose(HANGS)]
    lookout.storing(Position(2, 9))
    assert shown.waited == [diagnose(HANGS), ""]
    clock.now = 19
    lookout.watch()
    assert len(shown.waited) == 2, "it moved five seconds ago"


def test_a_stack_that_is_well_and_slow_is_said_to_be_so_after_half_a_minute() -> None:
    lookout, shown, clock = watched(lambda: StackState(**WELL))
    for clock.now in (6, 29):
        lookout.watch()
    assert shown.waited == []
    clock.now = 30
    lookout.watch()
    assert re.match("nothing has moved for half a minute, though", shown.waited[0])


@pytest.mark.parametrize("kind", [Stalled, Transient, Terminal])
def test_the_error_says_what_was_waited_for_and_stays_of_its_kind(kind: type[CallfunnelError]) -> None:
    lookout, _, clock = watched(lambda: HANGS)
    assert str(lookout.explained(kind("8 frames wait"))) == "8 frames wait"
    clock.now = 10
    lookout.watch()
    explained = lookout.explained(kind("8 frames wait"))
    assert type(explained) is kind
    assert str(explained) == f"8 frames wait; it waited: {diagnose(HANGS)}"
    assert lookout.explained(explained) is explained, "once is enough"


def test_looking_at_nothing_takes_no_longer_than_its_limit(tmp_path: Path) -> None:
    from pipeline.endpoints import Endpoints
    from pipeline.loading.stack_probe import probe

    seen = probe(Endpoints("127.0.0.1:1", "http://callfunnel:secret@127.0.0.1:1/default"))
    assert not seen.broker_answers
    assert "refused" in seen.store
    assert "secret" not in seen.store
