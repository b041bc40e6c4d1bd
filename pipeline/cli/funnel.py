"""`callfunnel funnel`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import click

from pipeline.drawing.terminal.funnel_table import BAR, SHORT_BAR, footnotes, funnel_table, warnings
from pipeline.drawing.terminal.tables import console, show_json
from pipeline.readouts.activity import roster
from pipeline.readouts.funnel import WINDOW, By, Clock, Question, flat, funnel
from pipeline.settings import read_settings
from pipeline.terminal.known_people import refuse_unknown
from pipeline.terminal.options import output, people, period, period_of_options
from pipeline.terminal.stack_choice import read_from

_ROOM = 100
"""Columns of a terminal that has room for long bars."""


@click.command("funnel")
@period
@click.option("--clock", type=click.Choice([str(clock) for clock in Clock]), default="cohort", show_default=True,
              help="cohort: who entered in the period, and how far they came. flow: what moved in the period."
                   " snapshot: who stands where just before --to.")  # fmt: skip
@click.option("--window", type=click.IntRange(0, 3650), default=WINDOW, show_default=True, metavar="DAYS",
              help="Cohort: working days of the calendar in which a conversion counts.")  # fmt: skip
@click.option("--by", type=click.Choice([By.TEAM.value, By.MANAGER.value]), default=None, help="Show each apart.")
@people
@output
def command(
    first: date | None,
    last: date | None,
    clock: str,
    window: int,
    by: str | None,
    managers: tuple[str, ...],
    teams: tuple[str, ...],
    as_json: bool,
    data: Path | None,
) -> None:
    """How organisations move through the stages.

    entered: organisations that entered the stage in the period (first time, moved to or through; flow: every time).
    reached: of those that entered the first stage in the period, how many came to this one within the window.
    step: reached / reached of the stage before. overall: reached / reached of the first stage. days: median from the
    stage before (Kaplan-Meier). docs/metrics.md defines each number. Days are the reporting zone's; --to is not in it.
    """
    settings = read_settings()
    question = Question(
        period=period_of_options(first, last, settings),
        stages=settings.stages,
        now=datetime.now(UTC),
        clock=Clock(clock),
        window=window,
        by=By(by or ""),
        teams=teams,
        managers=managers,
    )
    source = read_from(data)
    refuse_unknown(source, managers, teams)
    steps = funnel(source, question)
    notes = warnings(source, question, steps)
    if as_json:
        show_json([flat(step, question.by) for step in steps])
        for line in notes:
            click.echo(f"callfunnel: {line}", err=True)
        return
    shown = console()
    names = {one.manager_id: one.name for one in roster(source, question.period)} if question.by is By.MANAGER else {}
    bar = BAR if shown.width >= _ROOM else SHORT_BAR
    shown.print(funnel_table(steps, question, names, bar=bar, plain=shown.options.ascii_only))
    for line in (*footnotes(question), *notes):
        shown.print(line, style="dim", highlight=False)
