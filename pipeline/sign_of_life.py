"""A worker's sign of life: its ready file, whose modification time is renewed for as long as the event loop turns.

Whoever started the worker reads it: a process that is frozen, or whose event loop hangs, cannot say so itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

log = logging.getLogger("callfunnel.worker")

PERIOD_S = 1.0
"""Between two renewals, while the machine is not busy."""
LATEST_S = 5.0
"""A file that is older than this is a sign that something is wrong; on a very busy machine it may be older now and
then, so a supervisor waits some times longer before it ends a worker."""


class SignOfLife:
    """Renews the file from the event loop, from the first assignment of partitions on."""

    def __init__(
        self, file: Path, period_s: float = PERIOD_S, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    ) -> None:
        self._file = file
        self._period_s = period_s
        self._sleep = sleep
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Renew now, and from now on. From the event loop; may be called again."""
        self._renew()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._go_on())

    async def _go_on(self) -> None:
        while True:
            await self._sleep(self._period_s)
            self._renew()

    def _renew(self) -> None:
        try:
            self._file.touch()
        except OSError as error:  # a full disk, a folder that is gone: no reason to end a worker that works
            log.warning("the ready file %s cannot be renewed: %s", self._file, error.strerror)
