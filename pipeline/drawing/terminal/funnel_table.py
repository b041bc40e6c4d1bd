"""The table of `callfunnel funnel`, and its footnotes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from rich.table import Table
from rich.text import Text

from pipeline.drawing.languages import terminal_language
from pipeline.drawing.terminal.tables import table
from pipeline.readouts.funnel import Clock, Question, StageConversion, groups, immature, unknown_stages
from pipeline.readouts.numbers import Numbers
from schemas.stages import Stages

BAR, SHORT_BAR = 20, 8
"""Characters of the longest bar."""


def funnel_table(
    steps: Sequence[StageConversion],
    question: Question,
    names: Mapping[str, str],
    *,
    bar: int = BAR,
    plain: bool = False,
) -> Table:
    """The steps for people, with bars, each group to its own scale; what is not final yet is hatched."""
    clock = question.clock
    estimated = any(step.immature for step in steps)
    when = f"just before {question.period.last}, {question.period.zone.key}"
    shown = table(f"Funnel, {clock}, {when if clock is Clock.SNAPSHOT else question.period}")
    if question.by.key:
        shown.add_column(str(question.by), no_wrap=True)
    shown.add_column("stage", no_wrap=True)
    shown.add_column("", no_wrap=True)
    for head in _heads(clock, estimated):
        shown.add_column(head, justify="right", no_wrap=True)
    titles = stage_titles(question.stages)
    for who, group in groups(steps).items():
        lengths = [step.reached if clock is Clock.COHORT else step.entered for step in group]
        for number, step in enumerate(group):
            of = [_named(who, names) if number == 0 else ""] if question.by.key else []
            hatched = step.immature > 0 and number > 0
            share = lengths[number] / max(1, *lengths)
            drawn = Text(_bar(share, bar, hatched=hatched, plain=plain), style="cyan")
            shown.add_row(*of, titles[step.stage], drawn, *_cells(step, clock, estimated))
        if question.by.key:
            shown.add_section()
    return shown


def _heads(clock: Clock, estimated: bool) -> list[str]:
    if clock is Clock.SNAPSHOT:
        return ["organisations"]
    heads = ["entered", "reached", "step", "overall"]
    if clock is Clock.COHORT:
        heads = [*heads[:3], *(["est."] if estimated else []), "overall", "days"]
    return heads


def _cells(step: StageConversion, clock: Clock, estimated: bool) -> list[str]:
    if clock is Clock.SNAPSHOT:
        return [f"{step.entered:,}"]
    counts = [f"{step.entered:,}", f"{step.reached:,}", percent(step.step_conversion)]
    if clock is Clock.FLOW:
        return [*counts, percent(step.overall_conversion)]
    estimate = [percent(step.step_estimate)] if estimated else []
    days = "-" if step.median_days is None else f"{step.median_days:.1f}"
    return [*counts, *estimate, percent(step.overall_conversion), days]


def _bar(share: float, length: int, *, hatched: bool, plain: bool) -> str:
    mark = (":" if hatched else "#") if plain else ("▒" if hatched else "█")
    return mark * max(1, round(length * share)) if share else ""


def percent(share: float | None) -> str:
    """`12.5%`; `-` where there is nothing to divide by."""
    return "-" if share is None else f"{share:.1%}"


def _named(who: str, names: Mapping[str, str]) -> str:
    name = names.get(who)
    return f"{name} ({who})" if name else who or "nobody"


def stage_titles(stages: Stages, env: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Titles by code, in the language of the terminal."""
    language = terminal_language(env)
    return {stage.code: stage.title.in_language(language) or stage.code for stage in stages.stages}


def footnotes(question: Question) -> list[str]:
    """How it was counted."""
    zone = f"Days are those of {question.period.zone.key}."
    owner = " A stage entry is its owner's then." if question.by.key or question.managers or question.teams else ""
    skips = "Skipped stages: moved to or through, a later stage implies the earlier ones."
    if question.clock is Clock.SNAPSHOT:
        return [f"Clock: snapshot. Adjacent stages are not conversions: see --clock cohort.{owner} {zone}"]
    if question.clock is Clock.FLOW:
        return [
            "Clock: flow. entered: every entry in the period, re-entry and regression included; reached: those that"
            " came up from the stage before; step: reached / entered of the stage before. It mixes cohorts.",
            f"{skips}{owner} {zone}",
        ]
    return [
        f"Clock: cohort, of the organisations that first entered the funnel in the period. Window: {question.window}"
        " working days of the calendar from that entry. days: median (Kaplan-Meier) from the stage before.",
        f"{skips}{owner} {zone}",
    ]


def warnings(source: Numbers, question: Question, steps: Sequence[StageConversion]) -> list[str]:
    """What a reader must know before trusting the numbers."""
    lines = []
    still_open, members = immature(steps)
    if still_open:
        lines.append(
            f"Immature: {still_open:,} of {members:,} organisations are within their window of {question.window}"
            " working days: reached can still grow. est.: what step is likely to become (Kaplan-Meier)."
        )
    if unknown := unknown_stages(source, question.stages):
        named = ", ".join(f"{stage} ({changes:,})" for stage, changes in unknown.items())
        lines.append(f"Left out: changes to stages that are not configured: {named}. Add them to callfunnel.toml.")
    return lines
