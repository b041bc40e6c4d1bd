"""100,000 calls and 50,000 stage changes pulled from the tests' servers of every vendor, as fast as its limits allow.

Waiting is done in a time of its own, so an hour at a vendor's limit takes seconds here; what is measured is our
processor's time, without that of the server. `python -m bench.pulling_vendors [VENDOR ...]`.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from connectors.api.adapter import PullOptions
from connectors.hubspot.api import HubspotAdapter
from department.calls import Path, SimulatedCall, Way
from department.people import Salesperson
from schemas.records import CallLeg, Record, Rejected, StageChange
from tests.connectors.api.department_story import story
from tests.connectors.api.exchanges.hubspot import STAGES, TOKEN, HubspotAccount
from tests.connectors.api.test_exchanges import CASES, connected
from tests.connectors.api.virtual import World

CALLS, DEALS, MOVES_OF_DEAL = 100_000, 12_500, 4
BEGIN = datetime(2025, 11, 1, tzinfo=UTC)
NOW = BEGIN + timedelta(days=360)
_HOURS = timedelta(hours=60)


class _Done(BaseException):
    """Everything was pulled: what follows is waiting."""


class _Journal(list[Record | Rejected]):
    """Remembers when it got its last record, by the world's clock."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world
        self.last = world.now

    def __iadd__(self, items: Iterable[Record | Rejected]) -> _Journal:  # type: ignore[misc,override]  # of one kind
        before = len(self)
        self.extend(items)
        if len(self) > before:
            self.last = self._world.now
        return self


def _pulled(
    title: str,
    world: World,
    kind: type[Record],
    options: PullOptions,
    stages: dict[str, str],
    *,
    wanted: str,
    rows: int,
) -> str:
    """`rows` is how many records there are to come."""
    vendor = world.vendor
    assert vendor is not None
    journal = _Journal(world)
    world.journal = journal
    server_s = 0.0
    answer = vendor.answer

    def timed(method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        nonlocal server_s
        began = time.process_time()
        found = answer(method, path, query, headers, body)
        server_s += time.process_time() - began
        return found

    vendor.answer = timed  # type: ignore[method-assign]  # it is measured
    began_at, began = world.now, time.process_time()

    def is_done() -> None:
        if len(journal) >= rows:
            raise _Done
        world.at(world.now + timedelta(minutes=1), is_done)

    is_done()
    with suppress(_Done):
        world.pull(world.now + _HOURS, begin=BEGIN, options=options, stages=stages, wanted=[wanted])
    spent_s = time.process_time() - began - server_s
    records = {_identity(one) for one in journal if isinstance(one, kind)}
    hours = (journal.last - began_at).total_seconds() / 3600
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (
        f"pull {title}: {len(records):,} records in {hours:.1f} h at the vendor's limits, {len(vendor.asked):,}"
        f" requests, {vendor.refused} refused, {spent_s / max(1, len(records)) * 1e6:.0f} us of CPU a record,"
        f" {memory_mb:.0f} MB"
    )


def _identity(record: Record) -> tuple[object, ...]:
    if isinstance(record, CallLeg):
        return (record.record_id,)
    assert isinstance(record, StageChange)
    return record.organisation_id, record.changed_at, record.stage


def calls_of(name: str) -> str:
    case = CASES[name]
    world, vendor = connected(case, NOW)
    vendor.staff = story(7, plain=True).staff
    here, world.now = world.now, BEGIN
    step = (NOW - BEGIN) / CALLS
    for number in range(CALLS):
        world.now = BEGIN + number * step
        vendor.happens(_call(number, world.now, vendor.staff[number % len(vendor.staff)]))
    world.now = here
    return _pulled(f"{name} calls", world, CallLeg, PullOptions(), {}, wanted="calls", rows=CALLS)


def _call(number: int, at: datetime, manager: Salesperson) -> SimulatedCall:
    start = int(at.timestamp())
    contact = f"+7495{number % 10_000_000:07d}"
    return SimulatedCall(
        start, start + 69, Way.OUT, Path.DIALLED, contact, None, manager.extensions[0], manager, start + 9
    )  # fmt: skip


def stages_of_hubspot() -> str:
    world = World(NOW)
    world.vendor = account = HubspotAccount(lambda: world.now)
    world.adapter = HubspotAdapter
    world.account = HubspotAdapter(PullOptions()).account(f"https://portal.example {TOKEN}")
    step = (NOW - BEGIN) / DEALS
    for number in range(DEALS):
        world.now = BEGIN + number * step
        deal = account.deal(STAGES[0][0], company=account.company(f"Организация {number}"))
        for move in range(1, MOVES_OF_DEAL):
            world.now += timedelta(seconds=60)
            account.change("deals", deal, 0, dealstage=STAGES[move][0])
    world.now = NOW
    ours = dict(zip((stage for stage, *_ in STAGES), ("new", "active", "customer", "disqualified"), strict=True))
    return _pulled(
        "hubspot stages", world, StageChange, PullOptions(), ours, wanted="deals", rows=DEALS * MOVES_OF_DEAL
    )


MEASURES: dict[str, Callable[[], str]] = {
    **{name: (lambda name=name: calls_of(name)) for name in CASES},  # type: ignore[misc]
    "hubspot-stages": stages_of_hubspot,
}


def main() -> None:
    for name in sys.argv[1:] or MEASURES:
        print(MEASURES[name](), flush=True)


if __name__ == "__main__":
    main()
