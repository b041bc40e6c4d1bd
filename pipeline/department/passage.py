"""The funnel counted plainly from the organisations' histories: who stands where, what moved, how cohorts fared.

Three clocks (docs/metrics, Funnel). A later stage implies the earlier ones. Only first entries make a cohort; its
window is 90 working days, Monday to Friday, the day of entry being day 0 and the last day counting whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from pipeline.department.portfolio import DISQUALIFIED, STAGES, Organisation
from pipeline.department.working import midnight

WINDOW = 90
FUNNEL = STAGES[:DISQUALIFIED]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One stage of one month. `manager_id` is "" for the whole department, else the owner at the entry."""

    month: str
    manager_id: str
    stage: str
    entered: int
    reached: int
    step_conversion: float | None = None
    overall_conversion: float | None = None


class _Move(NamedTuple):
    at: int
    stage: int
    owner: str


def histories(organisations: Iterable[Organisation]) -> list[list[_Move]]:
    """Moves in order of (time, order of the stage)."""
    told = ([_Move(*move) for move in organisation.stages] for organisation in organisations)
    return [sorted(moves) for moves in told if moves]


class Month(NamedTuple):
    """A month as [start, end) in epoch seconds."""

    name: str
    start: int
    end: int


def months(moves: Sequence[Sequence[_Move]], last: date, zone: ZoneInfo) -> list[Month]:
    """From the month of the earliest move to the month before `last`."""
    earliest = min((history[0].at for history in moves), default=midnight(last, zone))
    day = datetime.fromtimestamp(earliest, zone).date().replace(day=1)
    found = []
    while day < last:
        following = (day + timedelta(days=32)).replace(day=1)
        found.append(Month(f"{day:%Y-%m}", midnight(day, zone), midnight(following, zone)))
        day = following
    return found


def cohorts(all_moves: Sequence[Sequence[_Move]], month: Month, zone: ZoneInfo) -> Iterator[Step]:
    """How far those came, within their window, that first entered the funnel in the month."""
    entered: Counter[tuple[str, int]] = Counter()
    reached: Counter[tuple[str, int]] = Counter()
    for history in all_moves:
        inside = [move for move in history if move.stage < DISQUALIFIED]
        firsts = [next((move for move in inside if move.stage >= stage), None) for stage in range(DISQUALIFIED)]
        for stage, first in enumerate(firsts):
            if first is not None and month.start <= first.at < month.end:
                _count(entered, first.owner, stage)
        begins = firsts[0]
        if begins is None or not month.start <= begins.at < month.end:
            continue
        ends_at = _window_end(begins.at, zone)
        for stage, first in enumerate(firsts):
            if first is not None and first.at < ends_at:
                _count(reached, begins.owner, stage)
    for who in _people(entered, reached):
        for stage in range(DISQUALIFIED):
            before = reached[who, stage - 1] if stage else reached[who, 0]
            yield Step(
                month=month.name,
                manager_id=who,
                stage=STAGES[stage],
                entered=entered[who, stage],
                reached=reached[who, stage],
                step_conversion=reached[who, stage] / before if stage and before else None,
                overall_conversion=reached[who, stage] / reached[who, 0] if reached[who, 0] else None,
            )


def _window_end(at: int, zone: ZoneInfo) -> int:
    """The midnight before the first working day that is not in the window any more."""
    day, left = datetime.fromtimestamp(at, zone).date(), WINDOW
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    day += timedelta(days=1)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return midnight(day, zone)


def flows(all_moves: Sequence[Sequence[_Move]], month: Month) -> Iterator[Step]:
    """Entries of each stage in the month, every time, and how many came up from the stage before."""
    entered: Counter[tuple[str, int]] = Counter()
    came_up: Counter[tuple[str, int]] = Counter()
    for history in all_moves:
        standing, place = -1, -1
        for move in history:
            if move.stage == standing:
                continue
            standing = move.stage
            through = range(place + 1, move.stage + 1) if place < move.stage < DISQUALIFIED else [move.stage]
            if month.start <= move.at < month.end:
                for stage in through:
                    _count(entered, move.owner, stage)
                    if stage == 0 or place < move.stage < DISQUALIFIED:
                        _count(came_up, move.owner, stage)
            if move.stage < DISQUALIFIED:
                place = move.stage
    for who in _people(entered):
        for stage in range(len(STAGES)):
            inside = stage < DISQUALIFIED
            first, before = entered[who, 0], entered[who, stage - 1] if stage else 0
            up = came_up[who, stage] if inside else entered[who, stage]
            yield Step(
                month=month.name,
                manager_id=who,
                stage=STAGES[stage],
                entered=entered[who, stage],
                reached=up,
                step_conversion=up / before if inside and before else None,
                overall_conversion=up / first if inside and first else None,
            )


def snapshot(all_moves: Sequence[Sequence[_Move]], month: Month) -> Iterator[Step]:
    """Who stands where just before the month's end; an organisation is whose who moved it there."""
    standing: Counter[tuple[str, int]] = Counter()
    for history in all_moves:
        entry = None
        for move in history:
            if move.at < month.end and (entry is None or move.stage != entry.stage):
                entry = move
        if entry is not None:
            _count(standing, entry.owner, entry.stage)
    for who in _people(standing):
        for stage in range(len(STAGES)):
            there = standing[who, stage]
            yield Step(month=month.name, manager_id=who, stage=STAGES[stage], entered=there, reached=there)


def _count(counter: Counter[tuple[str, int]], owner: str, stage: int) -> None:
    counter[owner, stage] += 1
    counter["", stage] += 1


def _people(*counters: Counter[tuple[str, int]]) -> list[str]:
    """The department first, then everybody who has something."""
    return sorted({"", *(who for counter in counters for who, _ in counter)})
