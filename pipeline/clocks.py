"""The clocks that `doctor` can read, compared; and stored versions that are in the future.

A clock is given in seconds ahead of this machine's (below 0: behind). Two clocks that differ do not say which is wrong;
of three or more, it is the one that the others leave alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from statistics import median_low

import msgspec

from pipeline.store import Store
from pipeline.version_clamp import MAX_AHEAD_NS, SECOND_NS, STORED_AHEAD_NS, format_seconds
from schemas.topics import ALL

HERE = "this machine"
NOTED_S = STORED_AHEAD_NS / SECOND_NS
"""Clocks that are set by NTP are milliseconds apart."""
WRONG_S = MAX_AHEAD_NS / SECOND_NS

NOTHING_AHEAD = "no stored version is in the future"


class Clocks(msgspec.Struct, frozen=True):
    """What was found. `todo` is "" when nothing needs to be done."""

    well: bool
    found: str
    todo: str = ""


class _Now(msgspec.Struct):
    now: int


class _Listener(msgspec.Struct):
    name: str
    heartbeat: int


class _Ahead(msgspec.Struct):
    records: int
    newest: int


def read_clocks(store: Store, clock: Callable[[], int] = time.time_ns) -> dict[str, float]:
    """The clocks by whose they are, in seconds ahead of this machine's. Raises Transient or Terminal.

    A listener's clock is only seen where it is ahead: a heartbeat that is behind may just be old.
    """
    sent_at = clock()
    (answer,) = store.rows(msgspec.json.Decoder(_Now), "SELECT toUnixTimestamp64Nano(now64(9)) AS now")
    now = clock()
    clocks = {HERE: 0.0, "the store": (answer.now - (sent_at + now) // 2) / SECOND_NS}
    sql = (
        "SELECT concat('the listener ', source, ' ', door) AS name, toUnixTimestamp64Milli(heartbeat_at) AS heartbeat"
        f" FROM feeds FINAL WHERE toUnixTimestamp64Milli(heartbeat_at) > {(now + STORED_AHEAD_NS) // 10**6}"
    )
    for listener in store.rows(msgspec.json.Decoder(_Listener), sql):
        clocks[listener.name] = listener.heartbeat / 1000 - now / SECOND_NS
    return clocks


def compare_clocks(clocks: Mapping[str, float]) -> Clocks:
    """Which of them is off, and by how much. Pure."""
    middle = median_low(clocks.values())
    off = {name: ahead - middle for name, ahead in clocks.items() if abs(ahead - middle) > NOTED_S}
    well = all(abs(seconds) <= WRONG_S for seconds in off.values())
    if not off:
        return Clocks(True, f"{', '.join(clocks)}: less than {NOTED_S:.0f} s apart")
    if len(clocks) == 2:
        one, other = clocks
        message = f"{other} is {_apart(clocks[other] - clocks[one])} {one}"
        return Clocks(well, message, f"set the one that is wrong ({_NTP})")
    message = "; ".join(f"{name} is {_apart(seconds)} the other clocks" for name, seconds in off.items())
    return Clocks(well, message, f"set the clock of {' and '.join(off)} ({_NTP})")


_NTP = "`timedatectl set-ntp true`"


def _apart(seconds: float) -> str:
    return f"{format_seconds(abs(seconds))} {'ahead of' if seconds > 0 else 'behind'}"


def stored_ahead(store: Store, now: int) -> Clocks:
    """Records whose version is in the future: stored by an earlier release, or before a clock was set back.

    Never unwell: it can be corrected (`pipeline.merge_latest`), and it is over when the clock gets there.
    """
    found = []
    for topic in ALL:
        sql = (
            f"SELECT count() AS records, max(version) AS newest FROM {topic.table} FINAL"
            f" WHERE version > {now + MAX_AHEAD_NS}"
        )
        (ahead,) = store.rows(msgspec.json.Decoder(_Ahead), sql)
        if ahead.records:
            until = f"{datetime.fromtimestamp(ahead.newest // SECOND_NS, UTC):%Y-%m-%d %H:%M:%S} UTC"
            found.append(f"{topic.table}: {ahead.records:,} versions are in the future, up to {until}")
    if not found:
        return Clocks(True, NOTHING_AHEAD)
    message = "a clock was ahead when these were sent; a correction that is sent now replaces them all the same"
    return Clocks(True, "\n".join([*found, message]))
