"""A small department's calls as they truly went, played into a vendor's server; and the numbers of what was pulled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from department.calls import Path, SimulatedCall, Way
from department.options import DepartmentOptions
from department.people import Salesperson
from department.shift import CONVERSATION_S
from department.simulation import Simulation
from department.truth import Truth
from department.working_days import WorkDay
from pipeline.directory import Managers
from pipeline.stitch import stitch
from schemas.records import CallLeg, Direction, Manager
from tests.connectors.api.exchanges.vendor import Vendor
from tests.connectors.api.test_bitrix24 import latest
from tests.connectors.api.virtual import World

MOSCOW = ZoneInfo("Europe/Moscow")
FIRST = date(2026, 11, 2)
BEGIN = datetime(2026, 11, 1, 21, 0, tzinfo=UTC)
"""Midnight of the first day in Moscow."""
DAYS = 2


class Numbers(NamedTuple):
    calls: int = 0
    attempts: int = 0
    answered: int = 0
    conversations: int = 0
    talk_s: int = 0


class Story(NamedTuple):
    staff: list[Salesperson]
    days: list[tuple[WorkDay, list[SimulatedCall]]]

    @property
    def calls(self) -> list[SimulatedCall]:
        return [call for _, calls in self.days for call in calls]


def story(seed: int, *, plain: bool) -> Story:
    """Two days of three managers. `plain`: only calls that one row can tell of, for vendors who write one."""
    staff, days = _simulated(seed)
    return Story(staff, [(day, [call for call in calls if not plain or _is_plain(call)]) for day, calls in days])


def _simulated(seed: int) -> tuple[list[Salesperson], list[tuple[WorkDay, list[SimulatedCall]]]]:
    options = DepartmentOptions(managers=3, days=DAYS, seed=seed, first=FIRST, format="mango", pace=25)
    simulation = Simulation(options)
    days = [(recorded.day, recorded.calls) for recorded in simulation.run()]
    return simulation.managers, days


def _is_plain(call: SimulatedCall) -> bool:
    """One person at most talked, on a phone of the office."""
    inside = call.path in (Path.INSIDE, Path.SERVICE, Path.FORWARDED)
    return not (inside or call.handed or call.voicemail) and (bool(call.contact) or call.way is Way.OUT)


def play(world: World, vendor: Vendor, told: Story, late: Sequence[int] = (0,)) -> None:
    """Each call comes when it ended, or so many minutes later, in turn."""
    vendor.staff = told.staff
    for number, call in enumerate(told.calls):
        at = datetime.fromtimestamp(call.end, UTC) + timedelta(minutes=late[number % len(late)])
        world.at(at, partial(vendor.happens, call))


def true_numbers(told: Story) -> dict[tuple[str, str], Numbers]:
    """(day, manager) -> the department's own count. Calls have the ids that the vendor gave them."""
    truth = Truth(MOSCOW, "RUB")
    for day, calls in told.days:
        truth.add(day, calls, 0)
    return {
        (row.day, row.manager_id): Numbers(row.calls, row.attempts, row.answered, row.conversations, row.talk_s)
        for row in truth.rows()
    }


def pulled_numbers(world: World) -> dict[tuple[str, str], Numbers]:
    """The same out of the legs and the managers that were pulled, as the pipeline stitches and looks them up."""
    legs: defaultdict[str, list[CallLeg]] = defaultdict(list)
    for leg in latest(world, CallLeg, "record_id").values():
        legs[leg.call_id].append(leg)
    managers = Managers(one for one in latest(world, Manager, "manager_id").values() if not one.retracted)
    found: defaultdict[tuple[str, str], Numbers] = defaultdict(Numbers)
    for together in legs.values():
        call = stitch(together)
        if call.direction is Direction.INTERNAL:
            continue
        day = call.started_at.astimezone(MOSCOW).date().isoformat()
        key = day, managers.of_extension(call.extension, call.started_at, call.source)[0]
        before = found[key]
        found[key] = Numbers(
            before.calls + 1,
            before.attempts + (call.direction is Direction.OUTBOUND),
            before.answered + call.answered,
            before.conversations + (call.answered and call.talk_s >= CONVERSATION_S),
            before.talk_s + (call.talk_s if call.answered else 0),
        )
    return dict(found)
