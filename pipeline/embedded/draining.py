"""The end of a stack: what is on the wire is stored first."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from pipeline.embedded.supervise import Stack
from pipeline.endpoints import Running, journals_folder
from pipeline.storage_wait import Position, StorageWait
from pipeline.transport import Transport, wait_until_stored
from schemas.errors import CallfunnelError, Transient

_TELL_S = 2.0


class _Enough(CallfunnelError):
    """Time is up, or somebody is in a hurry."""


def drain(
    stack: Stack,
    running: Running,
    within_s: float,
    say: Callable[[str], None],
    hurried: Callable[[], bool] = lambda: False,
    *,
    monotonic: Callable[[], float] = time.monotonic,
) -> str:
    """Wait until the workers have stored what is on the wire; what remains, in words, "" when nothing does."""
    until = monotonic() + within_s
    reported_at = monotonic()
    waits = 0

    def check() -> None:
        if monotonic() >= until or hurried():
            raise _Enough
        try:
            stack.tend()
        except Transient:
            return  # a part that starts again is waited for

    def progress(position: Position) -> None:
        nonlocal reported_at, waits
        waits = position.lag
        if waits and monotonic() - reported_at > _TELL_S:
            reported_at = monotonic()
            say(f"stopping: {waits:,} frames wait to be stored")

    try:
        with closing(Transport(running.endpoints)) as transport:
            ids = transport.topic_ids()
            wait_until_stored(transport, {}, ids, idle_s=within_s, check=check, progress=progress)
    except _Enough:
        kept = journals_folder(Path(running.data))
        return (
            f"{waits:,} frames were not stored in time: what listeners acknowledged is in {kept} and is sent when the"
            " stack starts; a `load` that has not ended is to be begun again"
        )
    except CallfunnelError as error:
        return f"it is not known that everything is stored: {error}; what listeners acknowledged is on disk"
    return ""


def lag(running: Running) -> int:
    """Frames on the wire that wait, of any stage; 0 when the broker does not say."""
    try:
        with closing(Transport(running.endpoints)) as transport:
            waiting, ids, waits = StorageWait({}), transport.topic_ids(), 0
            while not waiting.is_over and not waits:
                waiting, position = transport.look(waiting, ids)
                waits = position.lag
            return waits
    except CallfunnelError:
        return 0
