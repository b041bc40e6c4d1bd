"""Handles of one kind of user: so many run, so many wait, and whoever comes then is refused at once."""

from __future__ import annotations

import asyncio
import queue
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from pipeline.embedded.engine import EngineError, EngineLimits, Handle

T = TypeVar("T")

_LATE_S = 5.0
"""The engine ends a query at its limit, looking at the clock between two blocks of rows: that took up to a second and
a half. A function that is slow on one value is not ended at all; whoever asked is answered all the same."""


class Pool:
    """For one event loop. Each handle has a thread; nothing waits in a thread."""

    def __init__(self, user: str, limits: EngineLimits, open_handle: Callable[[], Handle]) -> None:
        self._user = user
        self._limits = limits
        self._free: queue.SimpleQueue[Handle] = queue.SimpleQueue()
        for _ in range(limits.handles):
            self._free.put(open_handle())
        self._threads = ThreadPoolExecutor(limits.handles, thread_name_prefix=user)
        self._free_handles = asyncio.Semaphore(limits.handles)
        self._waiting = 0
        self._began: dict[int, float] = {}
        """Queries that run: number -> when they began."""
        self._count = 0

    @property
    def overdue_s(self) -> float:
        """By how much the oldest query is over its time; 0 when none is."""
        now = time.monotonic()
        return max(0.0, now - min(self._began.values(), default=now) - self._limits.time_s)

    async def run(self, work: Callable[[Handle], T]) -> T:
        """What `work` returns, called in a thread with a handle.

        Raises EngineError: what `work` raises, 202 when too many wait or it waited too long, 159 when the engine did
        not end a query in time. The handle of such a query comes back when the query ends.
        """
        await self._enter()
        loop = asyncio.get_running_loop()
        self._count += 1
        number = self._count
        self._began[number] = time.monotonic()
        running = self._threads.submit(self._with_handle, work)
        running.add_done_callback(lambda _: loop.call_soon_threadsafe(self._leave, number))
        return await self._answer(running)

    async def _enter(self) -> None:
        if self._free_handles.locked():
            if self._waiting >= self._limits.waiting:
                raise self._too_many()
            self._waiting += 1
            try:
                await asyncio.wait_for(self._free_handles.acquire(), self._limits.wait_s)
            except TimeoutError:
                raise self._too_many() from None
            finally:
                self._waiting -= 1
        else:
            await self._free_handles.acquire()

    def _leave(self, number: int) -> None:
        del self._began[number]
        self._free_handles.release()

    def _with_handle(self, work: Callable[[Handle], T]) -> T:
        handle = self._free.get_nowait()  # there is one for each place
        try:
            return work(handle)
        finally:
            self._free.put(handle)

    async def _answer(self, running: Future[T]) -> T:
        try:
            # Shielded: the thread goes on, and the place is taken until it ends.
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(running)), self._limits.time_s + _LATE_S)
        except TimeoutError:
            raise EngineError(
                f"Code: 159. DB::Exception: no answer within {self._limits.time_s} s, the limit of user {self._user}:"
                " ask for less (a shorter period, fewer rows) (TIMEOUT_EXCEEDED)"
            ) from None

    def _too_many(self) -> EngineError:
        return EngineError(
            f"Code: 202. DB::Exception: too many simultaneous queries of user {self._user}:"
            f" {self._limits.handles} run and {self._waiting} wait. Ask again in some seconds; long queries"
            f" (over {self._limits.time_s} s) are ended: ask for less (TOO_MANY_SIMULTANEOUS_QUERIES)"
        )

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
