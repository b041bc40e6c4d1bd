"""What pulling costs the processor: 100,000 calls and 50,000 moves of deals of a portal that answers at once.

The vendor's limit (two requests a second) is kept in a time of its own, so that only our work is measured, beside what
the answers of such a portal take to be decoded. `python -m bench.pulling`.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from connectors.api.adapter import Account, ApiRequest, ApiResponse, PullOptions, SourceMapping
from connectors.api.progress import PullState
from connectors.api.puller import PullListener
from connectors.bitrix24.api import Bitrix24Adapter
from connectors.live.delivery_queue import DeliveryQueue
from connectors.reading.source import Context
from schemas.codec import encode
from schemas.records import Record, Rejected
from schemas.stages import default_stages

CALLS, DEALS, MOVES_OF_DEAL = 100_000, 10_000, 5
BEGIN = datetime(2025, 11, 1, tzinfo=UTC)
_STAGES = ("NEW", "PREPARATION", "PREPAYMENT_INVOICE", "EXECUTING", "WON")


class Portal:
    """Makes the rows that are asked for out of their numbers."""

    def __init__(self) -> None:
        self.now = BEGIN + timedelta(days=365)
        self.requests = 0
        self.answer_s = 0.0

    def send(self, account: Account, request: ApiRequest) -> ApiResponse:
        began = time.process_time()
        self.now += timedelta(milliseconds=100)
        self.requests += 1
        assert isinstance(request.body, dict)
        answer = msgspec.json.encode(self._answer(request.group, request.body))
        self.answer_s += time.process_time() - began
        return ApiResponse(200, {}, answer)

    def _answer(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        filters = body.get("FILTER") or body.get("filter") or {}
        after = int(filters.get(">ID", 0))
        if method == "voximplant.statistic.get":
            first = _number_at(filters[">=CALL_START_DATE"])
            last = _number_at(filters["<CALL_START_DATE"]) - 1 if "<CALL_START_DATE" in filters else CALLS
            first = max(first, after + 1)
            return {"result": [_call(n) for n in range(first, min(CALLS, last, first + 49) + 1)]}
        if method == "crm.stagehistory.list":
            wanted = filters.get("@OWNER_ID")
            numbers = (n for one in wanted for n in _moves(one)) if wanted else range(1, DEALS * MOVES_OF_DEAL + 1)
            return {"result": {"items": [_move(n) for n in sorted(n for n in numbers if n > after)[:50]]}}
        if method == "crm.deal.list":
            ids = filters.get("@ID") or filters.get("@COMPANY_ID") or ()
            return {"result": [_deal(one) for one in sorted(ids) if one > after]}
        return {"result": []}


def _number_at(text: str) -> int:
    """Of the first call that begins then or later."""
    return max(1, -int((BEGIN - datetime.fromisoformat(text)).total_seconds() // 300))


def _call(number: int) -> dict[str, Any]:
    start = (BEGIN + timedelta(minutes=5 * number)).isoformat()
    return {
        "ID": str(number), "PORTAL_USER_ID": str(number % 20 + 1), "PORTAL_NUMBER": "reg1", "CALL_ID": f"C{number}",
        "PHONE_NUMBER": f"+7495{number % 10_000_000:07d}", "CALL_DURATION": "60", "CALL_START_DATE": start,
        "CALL_FAILED_CODE": "200", "CALL_TYPE": "1", "CRM_ENTITY_TYPE": "CONTACT", "CRM_ENTITY_ID": "1",
    }  # fmt: skip


def _moves(deal: int) -> range:
    return range((deal - 1) * MOVES_OF_DEAL + 1, deal * MOVES_OF_DEAL + 1)


def _move(number: int) -> dict[str, Any]:
    deal, step = (number - 1) // MOVES_OF_DEAL + 1, (number - 1) % MOVES_OF_DEAL
    return {"ID": number, "TYPE_ID": 2, "OWNER_ID": deal, "CATEGORY_ID": 0, "STAGE_ID": _STAGES[step],
            "CREATED_TIME": (BEGIN + timedelta(minutes=number)).isoformat(),
            "STAGE_SEMANTIC_ID": "S" if step == 4 else "P"}  # fmt: skip


def _deal(number: int) -> dict[str, Any]:
    return {"ID": str(number), "COMPANY_ID": str(number), "CONTACT_ID": None, "ASSIGNED_BY_ID": "7"}


class _Checkpoints:
    def read(self) -> None:
        return None

    def write(self, state: PullState) -> None:
        msgspec.json.encode(state)


class _Queue(DeliveryQueue):
    def __init__(self, portal: Portal, until: datetime) -> None:
        super().__init__("b24", "api", "s1", lambda: int(portal.now.timestamp() * 1e9))
        self._portal, self._until = portal, until
        self.records = 0

    def wait(self, seconds: float) -> bool:
        self._portal.now += timedelta(seconds=seconds)
        if self._portal.now >= self._until:
            self.stopping.set()
        return self.stopping.is_set()

    def deliver(self, items: Sequence[Record | Rejected], done: Callable[[], None] = lambda: None) -> None:
        for item in items:
            encode(item)
        self.records += len(items)
        done()


def measure(stream: str, span: timedelta) -> str:
    portal = Portal()
    stages = {f"0/{name}": code for name, code in zip(_STAGES, default_stages().codes, strict=False)}

    def context() -> Context:
        return Context(
            source="b24", import_id="i", version=1, zone=None, stages=default_stages(), stage_words=stages,
            loaded_at=portal.now,
        )  # fmt: skip

    queue = _Queue(portal, portal.now + span)
    listener = PullListener(
        Bitrix24Adapter(PullOptions()),
        Account("https://portal.example/rest/1/x"),
        portal,
        _Checkpoints(),  # type: ignore[arg-type]  # nothing is kept
        context,
        BEGIN,
        wanted=[stream],
        mapping=SourceMapping(stages),
    )
    began = time.process_time()
    listener.run(queue)
    spent_s = time.process_time() - began - portal.answer_s
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (
        f"pull {stream}: {queue.records:,} records in {portal.requests:,} requests"
        f" ({portal.requests / 2 / 60:.0f} min at 2/s), {spent_s / queue.records * 1e6:.0f} us of CPU a record,"
        f" {memory_mb:.0f} MB at most"
    )


def main() -> None:
    print(measure("calls", timedelta(minutes=40)))
    print(measure("stages", timedelta(hours=3)))


if __name__ == "__main__":
    main()
