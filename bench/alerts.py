"""The proof of the warnings: many departments, each evaluated all along, held against its anomalies.

    python -m bench.alerts --seeds 50

Prints a line a department, then: false alarms a manager and quarter, how soon the silent manager is reported, how many
days before the revenue of the squeezer falls (the day after the last one there) the squeeze is named.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

import click

from department.options import DepartmentOptions
from pipeline.alerts.backtest import Alarm, BacktestResult, KnownAnomaly, judge
from pipeline.alerts.replay import replay
from pipeline.embedded.ports import free_port
from pipeline.migrate import migrate
from pipeline.readouts.period import Period
from pipeline.store import connect
from pipeline.working_calendar import keep_base_calendar
from tests.alerts.department import fill
from tests.conftest import store_process, writer_dsn
from tests.pipeline.property.tables import SETTINGS, Database

_WEEKS_OF_HISTORY = 6
"""Without six same weekdays nobody is warned of."""
_PAGES = ("calls_drop", "manager_silent", "extension_moved", "squeeze")
"""Rules that name a manager."""


@click.command()
@click.option("--seeds", default=50, show_default=True)
@click.option("--first-seed", default=1, show_default=True)
@click.option("--managers", default=12, show_default=True)
@click.option("--days", default=180, show_default=True)
@click.option("--every", "minutes", default=60, show_default=True, help="Minutes between evaluations.")
def main(seeds: int, first_seed: int, managers: int, days: int, minutes: int) -> None:
    """Departments, and the alerts of them."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port(0, "--store-port")
        store = store_process(Path(folder), port)
        store.start()
        try:
            store.wait_ready(30)
            migrate(connect(writer_dsn(port)))
            _run(Database(writer_dsn(port)), range(first_seed, first_seed + seeds), managers, days, minutes)
        finally:
            store.stop(15)


def _run(database: Database, seeds: range, managers: int, days: int, minutes: int) -> None:
    wrong: Counter[str] = Counter()
    silent: list[float] = []
    leads: list[int | None] = []
    fed = quarters = 0.0
    for seed in seeds:
        began = time.monotonic()
        period, found, judged = examine(database, DepartmentOptions(managers=managers, days=days, seed=seed), minutes)
        wrong.update(alarm.rule.id for alarm, _ in judged.wrong)
        quarters += managers * (period.last - period.first).days / 91
        by_kind = {anomaly.kind: (anomaly, alarm) for anomaly, alarm in judged.detected}
        silent.append(_hours(*by_kind["silent"], period))
        leads.append(_lead(*by_kind["squeezer"], period))
        fed += by_kind["dead_feed"][1] is not None
        says = ", ".join(f"{alarm.rule.id} {alarm.manager_id} {alarm.first:%m-%d %H:%M}" for alarm, _ in judged.wrong)
        click.echo(
            f"seed {seed}: {len(found)} alarms, silent after {silent[-1]:.1f} h, squeeze {leads[-1]} days before,"
            f" wrong: {says or 'none'} ({time.monotonic() - began:.0f} s)"
        )
        sys.stdout.flush()
    pages = sum(wrong[name] for name in _PAGES)
    early = sum(lead is not None and lead >= 28 for lead in leads)
    click.echo(f"false alarms of managers: {pages}, {pages / quarters:.3f} a manager and quarter; all: {dict(wrong)}")
    click.echo(f"silent manager: reported in {sum(h < 24 for h in silent)} of {len(silent)} on the first day,")
    click.echo(f"  hours after opening: median {median(silent):.1f}, most {max(silent):.1f}")
    known = sorted(lead for lead in leads if lead is not None)
    click.echo(f"squeeze: 28 days or more before the revenue falls in {early} of {len(leads)}; {known}")
    click.echo(f"dead feed: reported in {fed:.0f} of {len(leads)}")


def examine(database: Database, options: DepartmentOptions, minutes: int) -> tuple[Period, list[Alarm], BacktestResult]:
    """A department from the day on which there is enough history."""
    stored = fill(database, options)
    keep_base_calendar(database.store, SETTINGS.calendar, options.last)
    period = Period(options.first + timedelta(weeks=_WEEKS_OF_HISTORY), options.last, stored.zone)
    found = replay(database.numbers, SETTINGS, period, timedelta(minutes=minutes), options.managers)
    stories = [
        KnownAnomaly(kind=p.kind, first=p.first, last=p.last, manager_id=p.manager_id)
        for p in stored.simulation.anomalies
    ]
    return period, found, judge(found, stories, period)


def _hours(anomaly: KnownAnomaly, alarm: Alarm | None, period: Period) -> float:
    """From opening of the first silent day to the alarm; for ever when there was none."""
    if alarm is None:
        return float("inf")
    opening = datetime.combine(anomaly.first, SETTINGS.calendar.opens, period.zone)
    return (alarm.first - opening).total_seconds() / 3600


def _lead(anomaly: KnownAnomaly, alarm: Alarm | None, period: Period) -> int | None:
    """Days from the alarm to the first day without the squeezer's revenue."""
    return None if alarm is None else (anomaly.last - alarm.first.astimezone(period.zone).date()).days + 1


if __name__ == "__main__":
    main()
