"""`callfunnel demo --once`: what was counted of the history, and whether it is the truth."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import click

from pipeline.demo.department import LoadedDepartment
from pipeline.demo.planted_anomalies import stories
from pipeline.demo.truth import against_truth, everything
from pipeline.drawing.terminal import activity_table, funnel_table
from pipeline.drawing.terminal.tables import WIDE, console
from pipeline.readouts.activity import activity, roster
from pipeline.readouts.funnel import Question, funnel

_MOST_SHOWN = 20


def once(department: LoadedDepartment) -> bool:
    """Print activity and funnel as the commands do, the hidden stories, and the comparison; whether all is equal."""
    source, settings = department.numbers, department.settings
    days = everything(department.truth, settings)
    names = {one.manager_id: one for one in roster(source, days)}
    shown = console()
    click.echo(f"\n$ callfunnel activity --from {days.first} --to {days.last}")
    rows = activity(source, days, ("manager",))
    shown.print(activity_table.activity_table(rows, names, days, wide=shown.width >= WIDE))
    for line in activity_table.footnotes(source, days, settings, unassigned=False):
        shown.print(line, style="dim", highlight=False)
    click.echo(f"\n$ callfunnel funnel --from {days.first} --to {days.last}")
    question = Question(period=days, stages=settings.stages, now=datetime.now(UTC))
    steps = funnel(source, question)
    shown.print(funnel_table.funnel_table(steps, question, {}, plain=shown.options.ascii_only))
    for line in (*funnel_table.footnotes(question), *funnel_table.warnings(source, question, steps)):
        shown.print(line, style="dim", highlight=False)
    click.echo("\nHidden in it, and to be seen in the numbers (callfunnel activity --by manager,day):")
    by_day = activity(source, days, ("manager", "day"))
    for line in stories(department.generated.anomalies, by_day, {key: one.name for key, one in names.items()}):
        click.echo(f"  {line}")
    return _compare(department)


def _compare(department: LoadedDepartment) -> bool:
    began = time.monotonic()
    comparison = against_truth(department.numbers, department.truth, department.settings)
    seconds = time.monotonic() - began
    what = "activity by manager and day, every call, the funnel by month and manager"
    if not comparison.differences:
        click.echo(f"\nequal to the truth: {comparison.numbers:,} numbers ({what}; {seconds:.1f} s)")
        return True
    click.echo(f"\n{len(comparison.differences):,} of {comparison.numbers:,} numbers differ from the truth:")
    for line in comparison.differences[:_MOST_SHOWN]:
        click.echo(f"  {line}")
    return False
