"""Requests that come at the same time: delivered together, told together, and none of them early."""

from __future__ import annotations

import asyncio

import pytest

from connectors.http import request_delivery
from connectors.http.request_delivery import NotTaken, RequestDelivery
from connectors.live.delivery_queue import MOST_WAITING, DeliveryBatch, DeliveryQueue
from schemas.records import CallLeg
from tests.connectors.live.test_feed_runner import leg


def _sink() -> RequestDelivery:
    line = DeliveryQueue("office", "http", "session-1")
    return RequestDelivery(line)


def _taken(line: DeliveryQueue) -> list[DeliveryBatch]:
    return line.take(60, MOST_WAITING)


def _legs(*numbers: int) -> list[CallLeg]:
    return [leg(number) for number in numbers]


def test_requests_of_one_turn_are_one_delivery_and_none_returns_before_it_is_confirmed() -> None:
    async def main() -> None:
        sink = _sink()
        asking = [asyncio.create_task(sink.put(_legs(number))) for number in range(3)]
        (delivery,) = await asyncio.to_thread(_taken, sink.queue)
        assert delivery.items == _legs(0, 1, 2)
        assert not any(one.done() for one in asking)
        sink.queue.kept([delivery])
        await asyncio.gather(*asking)
        assert sink.queue.unkept == 0

    asyncio.run(main())


def test_sender_that_goes_away_takes_no_other_along() -> None:
    async def main() -> None:
        sink = _sink()
        gone, stays = (asyncio.create_task(sink.put(_legs(number))) for number in range(2))
        (delivery,) = await asyncio.to_thread(_taken, sink.queue)
        gone.cancel()
        sink.queue.kept([delivery])
        await stays
        assert gone.cancelled()
        assert len(delivery.items) == 2

    asyncio.run(main())


def test_what_is_not_confirmed_in_time_is_told_to_all_of_the_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_delivery, "ACKNOWLEDGED_S", 0.01)

    async def main() -> None:
        sink = _sink()
        outcomes = await asyncio.gather(*(sink.put(_legs(number)) for number in range(3)), return_exceptions=True)
        assert [type(one) for one in outcomes] == [NotTaken] * 3
        assert sink.queue.unkept == 3

    asyncio.run(main())


def test_requests_of_one_turn_are_bounded_together() -> None:
    async def main() -> None:
        sink = _sink()
        asking = [asyncio.create_task(sink.put(_legs(*range(MOST_WAITING // 2)))) for _ in range(3)]
        (delivery,) = await asyncio.to_thread(_taken, sink.queue)
        assert len(delivery.items) == MOST_WAITING
        with pytest.raises(NotTaken, match="too many records wait"):
            await asking[2]
        sink.queue.kept([delivery])
        await asyncio.gather(*asking[:2])

    asyncio.run(main())
