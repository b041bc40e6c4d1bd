"""The funnel in plain Python: docs/metrics.md, "Funnel", and the first comments of schemas/metrics/funnel/*.sql."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pipeline.readouts.funnel import By, Clock, Question, StageConversion
from schemas.records import StageChange
from tests.pipeline.readouts.histories import Histories


class Move(NamedTuple):
    """An organisation's change to a configured stage."""

    at: datetime
    stage: str
    owner: str
    team: str


class Brute:
    """Answers one question from the histories."""

    def __init__(self, said: Histories, question: Question) -> None:
        self.said, self.question = said, question
        self.start, self.end = (moment.astimezone(UTC) for moment in (question.period.start, question.period.end))
        codes = question.stages.codes
        self.funnel, self.shown = question.stages.funnel, [*question.stages.funnel, *question.stages.terminal]
        self.moves: list[list[Move]] = []
        for organisation_id in sorted({change.organisation_id for change in said.changes}):
            moves = [
                self.move(change)
                for change in said.changes
                if change.organisation_id == organisation_id and change.stage in codes
            ]
            if moves:
                self.moves.append(sorted(moves, key=lambda move: (move.at, codes.index(move.stage))))

    def answer(self) -> list[StageConversion]:
        """Every group's steps, in order."""
        by_clock = {Clock.COHORT: self.cohort, Clock.FLOW: self.flow, Clock.SNAPSHOT: self.snapshot}
        return by_clock[self.question.clock]()

    def move(self, change: StageChange) -> Move:
        """Whoever made the change, else the organisation's manager; the team as of the change."""
        of = [one.manager_id for one in self.said.organisations if one.organisation_id == change.organisation_id]
        owner = change.manager_id or (of[0] if of else "")
        periods = sorted((m for m in self.said.managers if m.manager_id == owner), key=lambda m: m.valid_from)
        began = [m for m in periods if m.valid_from <= change.changed_at]
        # The latest that began covers it, or is the nearest earlier one; before all of them the first.
        team = (began[-1] if began else periods[0]).team if periods else ""
        return Move(change.changed_at, change.stage, owner, team)

    def who(self, move: Move) -> str:
        return {By.ALL: "", By.MANAGER: move.owner, By.TEAM: move.team}[self.question.by]

    def asked(self, owner: str, team: str) -> bool:
        question = self.question
        return (not question.managers or owner in question.managers) and (not question.teams or team in question.teams)

    def inside(self, move: Move) -> bool:
        return self.start <= move.at < self.end and self.asked(move.owner, move.team)

    def groups(self, found: set[str], on_roster: Callable[[datetime, datetime | None], bool]) -> list[str]:
        """Whoever was on the roster has rows, of zeros too."""
        roster = {
            self.who(Move(self.start, "", m.manager_id, m.team))
            for m in self.said.managers
            if on_roster(m.valid_from, m.valid_to) and self.asked(m.manager_id, m.team)
        }
        return sorted(roster | found | ({""} if self.question.by is By.ALL else set()))

    def overlaps(self, since: datetime, until: datetime | None) -> bool:
        return since < self.end and (until is None or until > self.start)

    def cohort(self) -> list[StageConversion]:
        entered: dict[tuple[str, int], int] = {}
        members: dict[str, list[tuple[list[Move], bool]]] = {}
        for whole in self.moves:
            moves = [move for move in whole if move.stage in self.funnel]
            for place in range(len(self.funnel)):
                first = self.first(moves, place)
                if first and self.inside(first):
                    key = (self.who(first), place)
                    entered[key] = entered.get(key, 0) + 1
            if moves and self.inside(moves[0]):
                members.setdefault(self.who(moves[0]), []).append((moves, self.is_refused(whole)))
        found = {who for who, _ in entered} | set(members)
        return [
            self.cohort_step(who, place, entered.get((who, place), 0), members.get(who, []))
            for who in self.groups(found, self.overlaps)
            for place in range(len(self.funnel))
        ]

    def is_refused(self, whole: Sequence[Move]) -> bool:
        """It stands in a terminal stage."""
        known = [move for move in whole if move.at <= self.question.now]
        return bool(known) and known[-1].stage in self.question.stages.terminal

    def first(self, moves: Sequence[Move], place: int) -> Move | None:
        """The first move to this stage or through it."""
        return next((move for move in moves if self.funnel.index(move.stage) >= place), None)

    def cohort_step(
        self, who: str, place: int, entered: int, members: Sequence[tuple[Sequence[Move], bool]]
    ) -> StageConversion:
        reached = asked = still_open = refused = in_work = 0
        waits: list[tuple[timedelta, bool]] = []
        for moves, is_refused in members:
            ends = window_end(moves[0].at, self.question.window, self.question.period.zone, self.said.is_worked)
            still_open += ends > self.question.now
            arrival = self.first(moves, place)
            came = arrival is not None and arrival.at < ends
            reached += came
            before = self.first(moves, place - 1) if place else None
            if before is None or before.at >= ends:
                continue
            asked += 1
            refused += not came and is_refused
            in_work += not came and not is_refused and ends > self.question.now
            if came and arrival:
                waits.append((arrival.at - before.at, True))
            else:
                waits.append((max(timedelta(), min(ends, self.question.now) - before.at), False))
        estimate, median = kaplan_meier(waits)
        return StageConversion(
            who=who,
            stage=self.funnel[place],
            entered=entered,
            reached=reached,
            step_conversion=reached / asked if asked else None,
            overall_conversion=reached / len(members) if members else None,
            median_days=median / timedelta(days=1) if median is not None else None,
            immature=still_open,
            step_estimate=float(estimate) if estimate is not None and still_open else None,
            refused=refused,
            in_work=in_work,
        )

    def flow(self) -> list[StageConversion]:
        entered: dict[tuple[str, str], int] = {}
        came_up: dict[tuple[str, str], int] = {}
        for moves in self.moves:
            place, stands_in = -1, None
            for move in moves:
                if move.stage == stands_in:
                    continue
                stands_in = move.stage
                if move.stage in self.funnel:
                    to = self.funnel.index(move.stage)
                    through = self.funnel[place + 1 : to + 1]
                    up, place = to > place, to
                else:
                    through, up = [], False
                for stage in (through or [move.stage]) if self.inside(move) else []:
                    key = (self.who(move), stage)
                    entered[key] = entered.get(key, 0) + 1
                    came_up[key] = came_up.get(key, 0) + (up or stage == self.funnel[0])
        return [
            self.flow_step(who, stage, entered, came_up)
            for who in self.groups({who for who, _ in entered}, self.overlaps)
            for stage in self.shown
        ]

    def flow_step(
        self, who: str, stage: str, entered: dict[tuple[str, str], int], came_up: dict[tuple[str, str], int]
    ) -> StageConversion:
        count = entered.get((who, stage), 0)
        if stage not in self.funnel:
            return StageConversion(who=who, stage=stage, entered=count, reached=count)
        place = self.funnel.index(stage)
        reached = came_up.get((who, stage), 0)
        before = entered.get((who, self.funnel[place - 1]), 0) if place else 0
        first = entered.get((who, self.funnel[0]), 0)
        return StageConversion(
            who=who,
            stage=stage,
            entered=count,
            reached=reached,
            step_conversion=reached / before if before else None,
            overall_conversion=reached / first if first else None,
        )

    def snapshot(self) -> list[StageConversion]:
        standing: dict[tuple[str, str], int] = {}
        for moves in self.moves:
            entry: Move | None = None
            for move in moves:
                if move.at < self.end and (entry is None or move.stage != entry.stage):
                    entry = move
            if entry is not None and self.asked(entry.owner, entry.team):
                key = (self.who(entry), entry.stage)
                standing[key] = standing.get(key, 0) + 1

        def on_roster(since: datetime, until: datetime | None) -> bool:
            return since < self.end and (until is None or until >= self.end)

        return [
            StageConversion(who=who, stage=stage, entered=count, reached=count)
            for who in self.groups({who for who, _ in standing}, on_roster)
            for stage in self.shown
            for count in [standing.get((who, stage), 0)]
        ]


def window_end(
    entered_at: datetime, window: int, zone: ZoneInfo, is_worked: Callable[[date], bool] = lambda day: day.weekday() < 5
) -> datetime:
    """Midnight before the first working day that does not count: the day of entry is day 0, and days count whole."""
    day = entered_at.astimezone(zone).date()
    for _ in range(window + 1):
        day += timedelta(days=1)
        while not is_worked(day):
            day += timedelta(days=1)
    return datetime.combine(day, time(), zone).astimezone(UTC)


def kaplan_meier(waits: Sequence[tuple[timedelta, bool]]) -> tuple[Fraction | None, timedelta | None]:
    """(share that comes in the end, median wait) of (wait, came or censored); exact."""
    if not waits:
        return None, None
    left = Fraction(1)
    curve: list[tuple[timedelta, Fraction]] = []
    for moment in sorted({wait for wait, came in waits if came}):
        at_risk = sum(wait >= moment for wait, _ in waits)
        came = sum(wait == moment for wait, event in waits if event)
        left *= 1 - Fraction(came, at_risk)
        curve.append((moment, left))
    half = [moment for moment, share in curve if share <= Fraction(1, 2)]
    if not half:
        return 1 - left, None
    beyond = [moment for moment, share in curve if share < Fraction(1, 2)]
    return 1 - left, (half[0] + (beyond[0] if beyond else half[0])) / 2
