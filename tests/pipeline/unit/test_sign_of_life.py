"""The ready file of a worker is renewed while its event loop turns, and only then."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from pipeline.sign_of_life import SignOfLife


class Seconds:
    """A sleep that ends when the test says so."""

    def __init__(self) -> None:
        self._waits: asyncio.Queue[float] = asyncio.Queue()
        self._ends: asyncio.Queue[None] = asyncio.Queue()

    async def sleep(self, seconds: float) -> None:
        await self._waits.put(seconds)
        await self._ends.get()

    async def pass_by(self) -> float:
        """Let one sleep end, and return once the next one has begun: the seconds of the one that ended."""
        seconds = await self._waits.get()
        self._ends.put_nowait(None)
        while self._waits.empty():
            await asyncio.sleep(0)
        return seconds


def make_old(file: Path) -> None:
    os.utime(file, (1, 1))


def is_fresh(file: Path) -> bool:
    return time.time() - file.stat().st_mtime < 60


def test_the_file_appears_with_the_first_partitions_and_is_renewed_every_second(tmp_path: Path) -> None:
    file = tmp_path / "ready"

    async def life() -> None:
        seconds = Seconds()
        sign = SignOfLife(file, sleep=seconds.sleep)
        assert not file.exists()
        sign.begin()
        sign.begin()  # another rebalance
        assert file.exists()
        for _ in range(3):
            make_old(file)
            assert await seconds.pass_by() == 1.0
            assert is_fresh(file)

    asyncio.run(life())


def test_a_file_that_cannot_be_renewed_is_said_and_does_not_end_the_worker(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def life() -> None:
        seconds = Seconds()
        sign = SignOfLife(tmp_path / "gone" / "ready", sleep=seconds.sleep)
        sign.begin()
        await seconds.pass_by()
        (tmp_path / "gone").mkdir()
        await seconds.pass_by()

    asyncio.run(life())
    assert (tmp_path / "gone" / "ready").exists()
    assert "cannot be renewed: No such file or directory" in caplog.text
