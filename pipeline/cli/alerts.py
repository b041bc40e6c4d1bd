"""`callfunnel alerts`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from pipeline.alerts.backtest import Alarm, BacktestResult, anomalies_of, judge
from pipeline.alerts.replay import replay
from pipeline.drawing.terminal.tables import console, show_json
from pipeline.readouts.activity import roster
from pipeline.readouts.feeds import last_call
from pipeline.readouts.numbers import Numbers
from pipeline.readouts.period import Period
from pipeline.settings import Settings, read_settings
from pipeline.terminal.backtest_text import alarm_table, rate_lines, too_early, truth_lines
from pipeline.terminal.options import Day, in_language, output
from pipeline.terminal.stack_choice import read_from
from pipeline.warnings.evaluation import evaluate
from pipeline.warnings.incidents import begun
from pipeline.warnings.wording import Telling, as_of_text, line
from schemas.alerts import RULES, Rule
from schemas.errors import Terminal, Transient
from schemas.screens.translations.alerts import alert_texts, plain
from schemas.screens.translations.warnings import warning_texts


class _FirstDay(msgspec.Struct):
    first: date


_OTHERS = ("list", "ack", "snooze", "wake", "test", "watch")
"""Each is a file of its own, imported when it is asked for."""


class _Alerts(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *_OTHERS]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _OTHERS:
            return super().get_command(ctx, name)
        found = importlib.import_module(f"pipeline.cli.alerts_{name}").command
        return found if isinstance(found, click.Command) else None


@click.group("alerts", cls=_Alerts)
def command() -> None:
    """Warnings: asked now, or of the past; those that stand, and who is told of them (docs/warnings.md)."""


@command.command("check")
@in_language
@output
def check(language: str, as_json: bool, data: Path | None) -> None:
    """Evaluate every rule now, and print what fires and why.

    Exit codes: 0 nothing fires; 1 something does.
    """
    settings = read_settings()
    source, now = read_from(data), datetime.now(settings.time_zone)
    evaluated = evaluate(source, settings, now)
    if evaluated.watch.error:
        raise Transient(evaluated.watch.error)
    found = [instance for instance in evaluated.instances if instance.is_firing]
    if as_json:
        show_json([warning_fields(instance.rule, instance.labels, instance.numbers, language) for instance in found])
        sys.exit(1 if found else 0)
    as_of = evaluated.watch.as_of_files
    telling = Telling(language=language, zone=settings.time_zone, now=now, as_of=as_of)
    for instance in found:
        fields = warning_fields(instance.rule, instance.labels, instance.numbers, language)
        click.echo(f"{fields['title']}: {line(begun(instance, now), telling)}\n  {fields['description']}")
    if found and as_of is not None:
        click.echo(as_of_text(telling))
    if evaluated.is_loading:
        click.echo(warning_texts(language).lists["loading"])
    if not found:
        calm = warning_texts(language).lists["calm"]
        click.echo(calm.format(rules=len(RULES), moment=f"{now:%Y-%m-%d %H:%M}", zone=settings.time_zone.key))
        click.echo(known_until(source, settings, language))
    sys.exit(1 if found else 0)


def known_until(source: Numbers, settings: Settings, language: str) -> str:
    """What calm rests on."""
    last, texts = last_call(source).moment, warning_texts(language).lists
    if last is None:
        return texts["no_call"]
    return texts["known"].format(moment=f"{last.astimezone(settings.time_zone):%Y-%m-%d %H:%M}")


def warning_fields(rule: Rule, labels: dict[str, str], values: dict[str, float], language: str) -> dict[str, object]:
    """What a rule says of a thing, with what it says it of."""
    text = alert_texts(language).rules[rule.id]
    return {
        "rule": rule.id,
        "urgency": rule.urgency.value,
        "title": text.title,
        "summary": plain(text.summary, labels, values),
        "description": plain(text.description, labels, values),
        **labels,
        **values,
    }


@command.command("backtest")
@click.option("--days", type=click.IntRange(1, 3_660), default=180, show_default=True, help="How far back.")
@click.option("--every", "minutes", type=click.IntRange(5, 240), default=30, show_default=True,
              help="Minutes between evaluations; Grafana's are 5 apart.")  # fmt: skip
@click.option("--truth", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=None,
              help="truth.json of a generated department: how early, and how wrong.")  # fmt: skip
@click.option("--to", "until", type=Day(), default=None, help="First day not asked. [default: today]")
@in_language
@output
def backtest(
    days: int,
    minutes: int,
    truth: Path | None,
    until: date | None,
    language: str,
    as_json: bool,
    data: Path | None,
) -> None:
    """How often each rule would have fired, and on whom, had it been evaluated all along.

    Rules whose past is overwritten (stale data, drift, rejects) cannot be asked. The usual is that of the weeks before.
    """
    settings = read_settings()
    today = datetime.now(settings.time_zone).date()
    last = until or today
    if last > today + timedelta(days=1):
        raise Terminal(f"--to {last}: what has not been cannot be asked; today is {today}")
    source = read_from(data)
    begins = first_day(source, last, settings)
    period = Period(max(begins, last - timedelta(days=days)), last, settings.time_zone)
    people = len(roster(source, period))
    with _progress() as progress:
        task = progress.add_task(f"{period}", total=None)
        found = replay(
            source, settings, period, timedelta(minutes=minutes), people,
            watch=lambda done, of: progress.update(task, completed=done, total=of),
        )  # fmt: skip
    judged = judge(found, anomalies_of(truth.read_bytes()), period) if truth else None
    if as_json:
        show_json(_rows(found, judged))
    else:
        console().print(alarm_table(found, period, language))
        for text in (*rate_lines(found, period, people, language), *truth_lines(judged, period, people, language)):
            click.echo(text)
        for text in too_early(begins, period, days, language):
            click.echo(text)


def first_day(source: Numbers, last: date, settings: Settings) -> date:
    """The day of the first counted call. Raises Terminal when there is none before `last`."""
    found = source.rows("first_call", _FirstDay, Period(last, last, settings.time_zone).parameters)
    if not found:
        raise Terminal(f"the store has no call before {last}: `callfunnel load` brings them, then ask again")
    return found[0].first


def _progress() -> Progress:
    """On standard error, and only where somebody looks."""
    seen = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(bar_width=30), TimeRemainingColumn(compact=True)
    return Progress(*columns, console=seen, transient=True, disable=not seen.is_terminal)


def _rows(found: Sequence[Alarm], judged: BacktestResult | None) -> list[dict[str, object]]:
    """Alarms, then the planted stories."""
    wrong = {id(alarm) for alarm, _ in judged.wrong} if judged else set()
    rows: list[dict[str, object]] = []
    for alarm in found:
        verdict = {"is_wrong": id(alarm) in wrong} if judged else {}
        of = {"rule": alarm.rule.id, **alarm.labels, "first": alarm.first.isoformat(), "last": alarm.last.isoformat()}
        rows.append({**of, "evaluations": alarm.evaluations, **alarm.numbers, **verdict})
    for anomaly, first in judged.detected if judged else ():
        of = {"story": anomaly.kind, "manager_id": anomaly.manager_id, "began": anomaly.first.isoformat()}
        rows.append({**of, "ended": anomaly.last.isoformat(), "told": first.first.isoformat() if first else None})
    return rows
