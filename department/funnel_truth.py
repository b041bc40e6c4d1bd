"""The funnel counted plainly from the organisations' histories: who stands where, what moved, how cohorts fared.

Three clocks (docs/metrics, Funnel). A later stage implies the earlier ones. Only first entries make a cohort; its
window is 90 working days of the calendar, the day of entry being day 0 and the last day counting whole.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from department.portfolio import DISQUALIFIED, STAGES, Prospect
from department.working_days import midnight

WINDOW = 90
_ALL = ""


class TrueFunnelStep(msgspec.Struct, frozen=True, kw_only=True):
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


def histories(organisations: Iterable[Prospect]) -> list[list[_Move]]:
    """Moves in order of (time, order of the stage)."""
    unsorted = ([_Move(*move) for move in organisation.stages] for organisation in organisations)
    return [sorted(moves) for moves in unsorted if moves]


class FunnelMonth(NamedTuple):
    """A month as [start, end) in epoch seconds."""

    name: str
    start: int
    end: int


def months(moves: Sequence[Sequence[_Move]], last: date, zone: ZoneInfo) -> list[FunnelMonth]:
    """From the month of the earliest move to the month before `last`, without a gap."""
    earliest = min((history[0].at for history in moves), default=midnight(last, zone))
    day = datetime.fromtimestamp(earliest, zone).date().replace(day=1)
    found = []
    while day < last:
        following = (day + timedelta(days=32)).replace(day=1)
        found.append(FunnelMonth(f"{day:%Y-%m}", midnight(day, zone), midnight(following, zone)))
        day = following
    return found


class _Counts:
    """Counts by (month, whose, stage); everything is counted for the whole department too."""

    def __init__(self, of: Sequence[FunnelMonth]) -> None:
        self.months = of
        self._starts = [month.start for month in of]
        self._counts: list[Counter[tuple[str, int]]] = [Counter() for _ in of]

    def month_index(self, at: int) -> int:
        """Which month a moment is in; -1 outside of all."""
        index = bisect_right(self._starts, at) - 1
        return index if index >= 0 and at < self.months[index].end else -1

    def add(self, index: int, owner: str, stage: int, count: int = 1) -> None:
        if index >= 0:
            self._counts[index][owner, stage] += count
            self._counts[index][_ALL, stage] += count

    def __getitem__(self, index: int) -> Counter[tuple[str, int]]:
        return self._counts[index]


def _people(*counters: Counter[tuple[str, int]]) -> list[str]:
    """The department first, then everybody who has something."""
    return sorted({_ALL, *(owner for counter in counters for owner, _ in counter)})


def cohorts(
    all_moves: Iterable[Sequence[_Move]], of: Sequence[FunnelMonth], zone: ZoneInfo, is_worked: Callable[[date], bool]
) -> Iterator[TrueFunnelStep]:
    """How far those came, within their window, that first entered the funnel in each month."""
    entered, reached = _Counts(of), _Counts(of)
    ends: dict[date, int] = {}
    for history in all_moves:
        begins: _Move | None = None
        month, ends_at, furthest = -1, 0, -1
        for move in history:
            if not furthest < move.stage < DISQUALIFIED:
                continue
            if begins is None:
                begins, month = move, entered.month_index(move.at)
                day = datetime.fromtimestamp(move.at, zone).date()
                ends_at = ends.get(day) or ends.setdefault(day, _window_end(day, zone, is_worked))
            for stage in range(furthest + 1, move.stage + 1):
                entered.add(entered.month_index(move.at), move.owner, stage)
                if move.at < ends_at:
                    reached.add(month, begins.owner, stage)
            furthest = move.stage
    for index, month_ in enumerate(of):
        came, got = entered[index], reached[index]
        for owner in _people(came, got):
            for stage in range(DISQUALIFIED):
                yield _step(
                    month_, owner, stage, came[owner, stage], got[owner, stage], got[owner, stage - 1], got[owner, 0]
                )


def _window_end(entered: date, zone: ZoneInfo, is_worked: Callable[[date], bool]) -> int:
    """The midnight before the first working day that is not in the window any more."""
    day, left = entered, WINDOW
    while left:
        day += timedelta(days=1)
        left -= is_worked(day)
    day += timedelta(days=1)
    while not is_worked(day):
        day += timedelta(days=1)
    return midnight(day, zone)


def flows(all_moves: Iterable[Sequence[_Move]], of: Sequence[FunnelMonth]) -> Iterator[TrueFunnelStep]:
    """Entries of each stage in each month, every time, and how many came up from the stage before."""
    entered, came_up = _Counts(of), _Counts(of)
    for history in all_moves:
        standing, top = -1, -1
        for move in history:
            if move.stage == standing:
                continue
            standing = move.stage
            month, upwards = entered.month_index(move.at), top < move.stage < DISQUALIFIED
            for stage in range(top + 1, move.stage + 1) if upwards else (move.stage,):
                entered.add(month, move.owner, stage)
                if upwards or stage == 0:
                    came_up.add(month, move.owner, stage)
            if move.stage < DISQUALIFIED:
                top = move.stage
    for month, month_ in enumerate(of):
        came, up = entered[month], came_up[month]
        for owner in _people(came):
            for stage in range(DISQUALIFIED):
                yield _step(
                    month_, owner, stage, came[owner, stage], up[owner, stage], came[owner, stage - 1], came[owner, 0]
                )
            closed = came[owner, DISQUALIFIED]
            yield _step(month_, owner, DISQUALIFIED, closed, closed, 0, 0)


def snapshots(all_moves: Iterable[Sequence[_Move]], of: Sequence[FunnelMonth]) -> Iterator[TrueFunnelStep]:
    """Who stands where just before the end of each month; an organisation is whose who moved it there."""
    changes = _Counts(of)
    first = of[0].start if of else 0
    for history in all_moves:
        entry: _Move | None = None
        for move in history:
            if entry is not None and move.stage == entry.stage:
                continue
            month = changes.month_index(max(move.at, first))
            changes.add(month, move.owner, move.stage)
            if entry is not None:
                changes.add(month, entry.owner, entry.stage, -1)
            entry = move
    standing: Counter[tuple[str, int]] = Counter()
    for month, month_ in enumerate(of):
        standing.update(changes[month])
        for owner in _people(standing):
            for stage in range(len(STAGES)):
                there = standing[owner, stage]
                yield TrueFunnelStep(
                    month=month_.name, manager_id=owner, stage=STAGES[stage], entered=there, reached=there
                )


def _step(
    month: FunnelMonth, owner: str, stage: int, entered: int, reached: int, before: int, first: int
) -> TrueFunnelStep:
    """`before` and `first`: what the conversions are of. The first stage has no step before it."""
    return TrueFunnelStep(
        month=month.name,
        manager_id=owner,
        stage=STAGES[stage],
        entered=entered,
        reached=reached,
        step_conversion=reached / before if stage and before else None,
        overall_conversion=reached / first if first else None,
    )
