"""Many connections that ask nothing, or very slowly, keep nobody out. `python -m bench.crowds`: 11,000 of them."""

from __future__ import annotations

import asyncio

import pytest

from tests.ports.served import PORTS, SECRET, Served, run_story, served

_IDLE, _SLOW = 1_200, 300
_WITHIN_S = 10.0
"""Alone it takes milliseconds; the tests share two cores."""


async def opened(one: Served, count: int, first: bytes) -> list[asyncio.StreamWriter]:
    """Connections that have sent this much."""
    writers = []
    for _ in range(count):
        _, writer = await asyncio.open_connection("127.0.0.1", one.port)
        if first:
            writer.write(first)
        writers.append(writer)
    return writers


def close(writers: list[asyncio.StreamWriter]) -> None:
    for writer in writers:
        writer.transport.abort()


@pytest.mark.parametrize("name", PORTS)
def test_good_client_is_answered_beside_a_crowd_that_is_idle_or_slow(name: str) -> None:
    async def story() -> None:
        async with served(name) as one:
            crowd = await opened(one, _IDLE, b"") + await opened(one, _SLOW, b"POST / HTTP/1.1\r\nHost: h\r\nX-Slow: ")
            try:
                for writer in crowd[_IDLE:]:
                    writer.write(b"x")
                assert (await one.with_secret(SECRET.encode(), _WITHIN_S)).status == 200
            finally:
                close(crowd)

    run_story(story)


@pytest.mark.parametrize("name", PORTS)
def test_good_client_is_let_in_when_others_have_taken_every_place(name: str) -> None:
    async def story() -> None:
        async with served(name, most=50) as one:
            crowd = await opened(one, 100, b"GET /ping HTTP/1.1\r\n")
            try:
                for _ in range(3):
                    assert (await one.with_secret(SECRET.encode(), _WITHIN_S)).status == 200
                async with asyncio.timeout(30):
                    while one.connections() > 50:
                        await asyncio.sleep(0.05)
            finally:
                close(crowd)

    run_story(story)
