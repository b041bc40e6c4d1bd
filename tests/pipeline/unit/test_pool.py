"""A pool of handles: so many run, so many wait, whoever comes then is refused, and no handle is given out twice."""

from __future__ import annotations

import asyncio
import threading
from unittest.mock import Mock

import msgspec
import pytest

from pipeline.embedded import pool as pools
from pipeline.embedded.engine import EngineError, EngineLimits, Handle
from pipeline.embedded.pool import Pool

LIMITS = EngineLimits(handles=2, waiting=1, wait_s=60, time_s=60)


def make(limits: EngineLimits = LIMITS) -> Pool:
    return Pool("reader", limits, lambda: Mock(spec=Handle))


async def turns(until: int = 20) -> None:
    for _ in range(until):
        await asyncio.sleep(0.005)


def test_two_run_one_waits_and_the_fourth_is_refused_at_once() -> None:
    async def check() -> None:
        pool, ends = make(), threading.Event()
        seen: list[Handle] = []

        def work(handle: Handle) -> bool:
            seen.append(handle)
            return ends.wait(60)

        asked = [asyncio.ensure_future(pool.run(work)) for _ in range(3)]
        await turns()
        assert len({id(handle) for handle in seen}) == 2, "the third one waits"
        with pytest.raises(EngineError, match="2 run and 1 wait") as refused:
            await pool.run(work)
        assert refused.value.code == 202
        ends.set()
        assert await asyncio.gather(*asked) == [True, True, True]
        assert len(seen) == 3
        assert await pool.run(lambda _: 7) == 7
        pool.close()

    asyncio.run(check())


def test_whoever_waits_too_long_is_refused() -> None:
    async def check() -> None:
        pool, ends = make(msgspec.structs.replace(LIMITS, handles=1, wait_s=0.05)), threading.Event()
        first = asyncio.ensure_future(pool.run(lambda _: ends.wait(60)))
        await turns(2)
        with pytest.raises(EngineError) as refused:
            await pool.run(lambda _: True)
        assert refused.value.code == 202
        ends.set()
        await first
        assert await pool.run(lambda _: True), "its place in the queue is free again"
        pool.close()

    asyncio.run(check())


def test_a_query_without_end_is_answered_and_keeps_its_place_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "_LATE_S", 0.05)

    async def check() -> None:
        pool, ends = make(msgspec.structs.replace(LIMITS, handles=1, waiting=0, time_s=0)), threading.Event()
        with pytest.raises(EngineError, match="no answer within 0 s, the limit of user reader") as late:
            await pool.run(lambda _: ends.wait(60))
        assert late.value.code == 159
        assert pool.overdue_s > 0
        with pytest.raises(EngineError, match="too many simultaneous"):
            await pool.run(lambda _: True)
        ends.set()
        await turns()
        assert pool.overdue_s == 0
        assert await pool.run(lambda _: "by the same handle") == "by the same handle"
        pool.close()

    asyncio.run(check())


def test_what_a_query_raises_is_raised_and_gives_its_handle_back() -> None:
    def fail(_: Handle) -> None:
        raise EngineError("Code: 62. DB::Exception: no SQL")

    async def check() -> None:
        pool = make(msgspec.structs.replace(LIMITS, handles=1, waiting=0))
        for _ in range(3):
            with pytest.raises(EngineError, match="no SQL"):
                await pool.run(fail)
            await turns(2)
        pool.close()

    asyncio.run(check())
