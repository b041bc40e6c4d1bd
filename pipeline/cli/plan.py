"""`callfunnel plan`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from rich.table import Table

from pipeline.drawing.terminal.tables import WIDE, console, manager_name, share, show_json, table
from pipeline.readouts.activity import RosterManager, roster
from pipeline.readouts.period import Period
from pipeline.readouts.plan_fact import BY, Measure, PlanFact, data_until, plan_fact
from pipeline.settings import Settings, read_settings
from pipeline.terminal.known_people import refuse_unknown
from pipeline.terminal.options import Listed, Month, output, people
from pipeline.terminal.stack_choice import read_from


@click.command("plan")
@click.option("--month", type=Month(), default=None, help="As 2026-11. [default: this month]")
@click.option("--by", type=Listed(*BY), default="manager", show_default=True, help="manager, team: a list.")
@people
@output
def command(
    month: date | None,
    by: tuple[str, ...],
    managers: tuple[str, ...],
    teams: tuple[str, ...],
    as_json: bool,
    data: Path | None,
) -> None:
    """Plan and fact of a month: A, C and D against what was planned, as far as the month has come.

    due: plan x working days so far / planned working days. %: fact / due. Working days are the calendar's minus
    absences; today counts as the part of its working hours that is over. docs/metrics.md defines each number.
    """
    settings = read_settings()
    now = datetime.now(settings.time_zone)
    period = month_of(month or now.date(), settings.time_zone)
    source = read_from(data)
    refuse_unknown(source, managers, teams)
    rows = plan_fact(source, period, settings.calendar, now, by, managers=managers, teams=teams)
    if as_json:
        show_json([row.flat(by) for row in rows])
        return
    shown = console()
    if not rows:
        shown.print(f"Nobody is on the roster and nothing is planned in {period.first:%Y-%m}.", highlight=False)
        return
    names = {one.manager_id: one for one in roster(source, period)}
    shown.print(plan_table(rows, by, names, wide=shown.width >= WIDE))
    for line in footnotes(rows, settings, now, data_until(source, now)):
        shown.print(line, style="dim", highlight=False)


def month_of(day: date, zone: ZoneInfo) -> Period:
    """The whole month of a day."""
    first = day.replace(day=1)
    return Period(first, date(first.year + first.month // 12, first.month % 12 + 1, 1), zone)


_HEADS = {"manager": "manager", "team": "team"}
_COUNTS = (("A", "calls_to_potential"), ("C", "general_proposals"), ("D", "individual_proposals"))


def plan_table(rows: Sequence[PlanFact], by: Sequence[str], managers: dict[str, RosterManager], *, wide: bool) -> Table:
    """The rows for people. A narrow terminal gets facts and ratios."""
    shown = table(f"Plan and fact, {rows[0].month}")
    for one in by:
        shown.add_column(_HEADS[one], no_wrap=wide)
    shown.add_column("days", justify="right", no_wrap=True)
    for head in (*(head for head, _ in _COUNTS), "sum of D"):
        for part in (head, "due", "plan", "%") if wide else (head, "%"):
            shown.add_column(part, justify="right", no_wrap=True)
    for row in rows:
        cells = [manager_name(row.manager_id, managers) if one == "manager" else row.team or "-" for one in by]
        between = " of " if wide else "/"
        cells.append(f"{row.working_days:.1f}{between}{row.planned_working_days:g}")
        for _, name in _COUNTS:
            cells += _count(getattr(row, name), wide)
        shown.add_row(*cells, *_sums(row.individual_amount, wide))
    return shown


def _count(measure: Measure[int], wide: bool) -> list[str]:
    due = "-" if measure.plan_to_date is None else f"{measure.plan_to_date:.1f}"
    plan = "-" if measure.plan is None else f"{measure.plan:g}"
    return [str(measure.fact), *([due, plan] if wide else []), share(measure.ratio)]


def _sums(sums: dict[str, Measure[Decimal]], wide: bool) -> list[str]:
    """By currency, one after the other, without cents: nobody plans those."""
    fact = [f"{_whole(one.fact)} {currency}".strip() for currency, one in sums.items()]
    due = [_whole(one.plan_to_date) for one in sums.values() if one.plan_to_date is not None]
    plan = [_whole(one.plan) for one in sums.values() if one.plan is not None]
    ratios = [share(one.ratio) for one in sums.values() if one.plan is not None]
    return [", ".join(texts) or "-" for texts in (fact, *((due, plan) if wide else ()), ratios)]


def _whole(amount: float | Decimal) -> str:
    return f"{amount:,.0f}".replace(",", " ")


def footnotes(rows: Sequence[PlanFact], settings: Settings, now: datetime, until: datetime | None) -> list[str]:
    """As of when, until when there are data, and what the ratios do not know."""
    hours = f"{settings.calendar.opens:%H:%M} to {settings.calendar.closes:%H:%M}"
    lines = [
        f"As of {now:%Y-%m-%d %H:%M}, {settings.time_zone.key}; today's part of {hours} counts. due: plan x working"
        " days so far / planned ones. %: fact / due."
    ]
    if until is not None:
        lines.append(f"Data until {until.astimezone(settings.time_zone):%Y-%m-%d %H:%M}: what is due goes on after it.")
    lacking = [row for row in rows if row.without_plan]
    lacking_count = (
        len({row.manager_id for row in lacking}) if rows[0].manager_id else sum(r.without_plan for r in lacking)
    )
    if lacking_count:
        lines.append(
            f"{lacking_count} of the roster have no plan, and their facts count: `callfunnel load --kind plan`."
        )
    if any(row.unknown_days for row in rows):
        lines.append("Some days are in no calendar and count as free: a worker that starts writes the country's.")
    return lines
