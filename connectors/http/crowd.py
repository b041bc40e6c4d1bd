"""Connections of one port: as many as the process may have, and none that holds a place without asking anything.

Whoever opens thousands of connections, or sends a request byte by byte, must not keep others out: what waits longest
without a whole request gives way when there is no room, and all of them after a while.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Protocol

from aiohttp import web

BACKLOG = 1_024
"""Connections that may wait to be accepted: bursts of them come faster than a busy loop accepts."""
_OTHERS = 200
"""Files and connections that a process needs beside."""
_MOST, _FEWEST = 20_000, 32
_LOOK_S = 0.25


class Connection(Protocol):
    """What aiohttp calls a RequestHandler."""

    def force_close(self) -> None: ...


class Crowd:
    """The connections of one server, in its event loop."""

    def __init__(self, idle_s: float, most: int = 0, clock: Callable[[], float] = time.monotonic) -> None:
        """`idle_s`: for the head of a request to arrive, and between two of one connection. `most` 0: what fits."""
        self._idle_s = idle_s
        self.most = most or room()
        self._clock = clock
        self._busy: set[object] = set()
        self._since: dict[Connection, float] = {}

    @web.middleware
    async def counted(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """To be the outermost middleware: who is being answered does not give way."""
        self._busy.add(request.protocol)
        try:
            return await handler(request)
        finally:
            self._busy.discard(request.protocol)

    def tend(self, connections: Iterable[Connection]) -> int:
        """Close those that wait too long, and the longest waiting ones of too many. How many were closed."""
        now = self._clock()
        present = list(connections)
        idle = {one: self._since.get(one, now) for one in present if one not in self._busy}
        longest = sorted(idle, key=idle.__getitem__)
        excess = len(present) - self.most
        closed = [one for number, one in enumerate(longest) if number < excess or now - idle[one] > self._idle_s]
        for one in closed:
            one.force_close()
            del idle[one]
        self._since = idle
        return len(closed)

    @asynccontextmanager
    async def kept(self, runner: web.AppRunner) -> AsyncIterator[None]:
        """Tend them meanwhile. The runner must be set up."""
        task = asyncio.create_task(self._tend(runner))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _tend(self, runner: web.AppRunner) -> None:
        while True:
            if runner.server is not None:
                self.tend(runner.server.connections)
            await asyncio.sleep(_LOOK_S)


def room() -> int:
    """How many connections this process may have: its limit of open files is raised as far as it may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST + _OTHERS
    wanted = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return max(_FEWEST, min(_MOST, (wanted if soft == resource.RLIM_INFINITY else soft) - _OTHERS))
