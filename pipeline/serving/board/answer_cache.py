"""Answers that are remembered for a moment: tabs that ask the same at once are one question to the store."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable

Answer = bytes


class AnswerCache:
    """The latest answers by key, never more than `most_bytes` of them. Failures are not remembered."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._answers: OrderedDict[Hashable, Answer] = OrderedDict()
        self._under_way: dict[Hashable, asyncio.Future[Answer]] = {}

    async def get(self, key: Hashable, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer of this key; asked for once, however many want it. Raises what `ask` raises, to all of them."""
        if key in self._answers:
            self._answers.move_to_end(key)
            return self._answers[key]
        waiting = self._under_way.get(key)
        if waiting is None:
            waiting = asyncio.ensure_future(ask())
            self._under_way[key] = waiting
            waiting.add_done_callback(lambda done: self._keep(key, done))
        # Who leaves does not take the answer away from the others.
        return await asyncio.shield(waiting)

    def _keep(self, key: Hashable, done: asyncio.Future[Answer]) -> None:
        self._under_way.pop(key, None)
        if done.cancelled() or done.exception() is not None:
            return
        self._answers[key] = done.result()
        self._bytes += len(done.result())
        while self._bytes > self._most:
            _, oldest = self._answers.popitem(last=False)
            self._bytes -= len(oldest)
