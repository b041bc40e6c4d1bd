"""The funnel: the rows of `callfunnel funnel`, as every screen shows them. Counted by schemas/metrics/funnel/*.sql.

Three clocks answer three questions:

cohort    of those that first entered the funnel in the period, how many reached each stage within the window
flow      what moved in the period, whoever began when
snapshot  who stands where at the end of the period
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from pipeline.readouts.numbers import Numbers
from pipeline.readouts.period import Period
from schemas.parameters import native, stage_parameters
from schemas.stages import Stages

WINDOW = 90
"""Working days in which a conversion counts, unless asked otherwise."""


class Clock(StrEnum):
    COHORT = "cohort"
    FLOW = "flow"
    SNAPSHOT = "snapshot"


class By(StrEnum):
    """Whom to show apart. A stage entry belongs to its owner then: who made it, else the organisation's manager."""

    ALL = ""
    TEAM = "team"
    MANAGER = "manager"

    @property
    def key(self) -> str:
        """The name of the group in `--json`; "" when there is one group."""
        return "manager_id" if self is By.MANAGER else str(self)


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What to count. A snapshot is taken at the end of the period. No `teams`, no `managers`: everyone."""

    period: Period
    stages: Stages
    now: datetime
    """Until when conversions can have been seen."""
    clock: Clock = Clock.COHORT
    window: int = WINDOW
    by: By = By.ALL
    teams: Sequence[str] = ()
    managers: Sequence[str] = ()

    @property
    def parameters(self) -> dict[str, Any]:
        """What the SQL of each clock is bound to."""
        return {
            **self.period.parameters,
            "now": int(self.now.timestamp()),
            "window": self.window,
            **native(stage_parameters(self.stages)),
            "by": str(self.by),
            "teams": list(self.teams),
            "managers": list(self.managers),
        }


class StageConversion(msgspec.Struct, frozen=True, kw_only=True):
    """One stage of one group, in the order of the funnel. None where there is nothing to divide by."""

    who: str
    """A manager's id or a team; "" for nobody's, and when there is one group."""
    stage: str
    entered: int
    reached: int
    step_conversion: float | None = None
    overall_conversion: float | None = None
    median_days: float | None = None
    """Days of 24 hours from the stage before: half of those who were there have come on by then."""
    immature: int = 0
    """How many of the cohort are still within their window."""
    step_estimate: float | None = None
    """Kaplan-Meier's step conversion, which allows for the immature ones."""
    refused: int | None = None
    """Of those that came to the stage before and not to this one: they stand in a terminal stage."""
    in_work: int | None = None
    """Of those: not refused, and still within their window. The rest is stuck."""


class _Unknown(msgspec.Struct, frozen=True):
    stage: str
    changes: int


def funnel(numbers: Numbers, question: Question) -> list[StageConversion]:
    """The steps of every group, in the order of the groups' names. Raises Transient or Terminal."""
    return numbers.rows(f"funnel_{question.clock}", StageConversion, question.parameters)


def flat(step: StageConversion, by: By) -> dict[str, object]:
    """One object, as `--json` prints it."""
    of: dict[str, object] = {by.key: step.who} if by.key else {}
    return of | {
        "stage": step.stage,
        "entered": step.entered,
        "reached": step.reached,
        "step_conversion": step.step_conversion,
        "overall_conversion": step.overall_conversion,
        "median_days": step.median_days,
        "refused": step.refused,
        "in_work": step.in_work,
    }


def groups(steps: Iterable[StageConversion]) -> dict[str, list[StageConversion]]:
    """The steps of each group."""
    grouped: dict[str, list[StageConversion]] = {}
    for step in steps:
        grouped.setdefault(step.who, []).append(step)
    return grouped


def immature(steps: Iterable[StageConversion]) -> tuple[int, int]:
    """(organisations still within their window, organisations) of the cohorts of all groups."""
    first = [group[0] for group in groups(steps).values()]
    return sum(step.immature for step in first), sum(step.reached for step in first)


def unknown_stages(numbers: Numbers, stages: Stages) -> dict[str, int]:
    """Stored codes that are not configured any more, with the changes that the funnel therefore leaves out."""
    return {row.stage: row.changes for row in numbers.rows("funnel_unknown", _Unknown, {"stages": stages.codes})}
