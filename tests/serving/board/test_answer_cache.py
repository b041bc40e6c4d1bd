"""One question for many who ask at once; failures are asked again; memory is bounded."""

from __future__ import annotations

import asyncio

import pytest

from pipeline.serving.board.answer_cache import AnswerCache


def test_many_who_ask_at_once_are_one_question() -> None:
    async def story() -> None:
        remembered, asked = AnswerCache(1000), 0

        async def ask() -> bytes:
            nonlocal asked
            asked += 1
            await asyncio.sleep(0)
            return b"answer"

        assert await asyncio.gather(*(remembered.get("key", ask) for _ in range(9))) == [b"answer"] * 9
        assert await remembered.get("key", ask) == b"answer"
        assert asked == 1

    asyncio.run(story())


def test_who_leaves_does_not_take_the_answer_away() -> None:
    async def story() -> None:
        remembered, go = AnswerCache(1000), asyncio.Event()

        async def ask() -> bytes:
            await go.wait()
            return b"answer"

        leaver, stayer = (asyncio.ensure_future(remembered.get("key", ask)) for _ in range(2))
        await asyncio.sleep(0)
        leaver.cancel()
        go.set()
        assert await stayer == b"answer"
        with pytest.raises(asyncio.CancelledError):
            await leaver

    asyncio.run(story())


def test_a_failure_reaches_all_and_is_asked_again() -> None:
    async def story() -> None:
        remembered = AnswerCache(1000)
        answers: list[OSError | bytes] = [OSError("away"), b"back"]

        async def ask() -> bytes:
            await asyncio.sleep(0)
            answer = answers.pop(0)
            if isinstance(answer, OSError):
                raise answer
            return answer

        failed = await asyncio.gather(*(remembered.get("key", ask) for _ in range(3)), return_exceptions=True)
        assert [str(one) for one in failed] == ["away"] * 3
        assert await remembered.get("key", ask) == b"back"

    asyncio.run(story())


def test_the_oldest_answers_make_room() -> None:
    async def story() -> None:
        remembered, asked = AnswerCache(25), list[str]()

        async def of(key: str) -> bytes:
            async def ask() -> bytes:
                asked.append(key)
                return b"0123456789"

            return await remembered.get(key, ask)

        for key in ("a", "b", "a", "c", "a", "b"):
            await of(key)
        assert asked == ["a", "b", "c", "b"], "a was used lately and stayed"

    asyncio.run(story())
