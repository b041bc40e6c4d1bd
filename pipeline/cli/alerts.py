"""`callfunnel alerts`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import click

from grafana.alerts.words import alert_words, plain
from grafana.words import LANGUAGES
from pipeline.activity import roster
from pipeline.alerts.asking import Thing, ask
from pipeline.alerts.backtest import Alarm, Judged, judge, stories_of
from pipeline.alerts.replay import replay
from pipeline.cli.options import output
from pipeline.cli.tables import console, show_json, table
from pipeline.readouts import Period, numbers
from pipeline.settings import read_settings
from schemas.alerts import RULES, Rule

_QUARTER_DAYS = 91


@click.group("alerts")
def command() -> None:
    """Warnings, as Grafana would give them: asked now, or of the past."""


@command.command("check")
@click.option("--language", type=click.Choice(LANGUAGES), default="en", show_default=True)
@output
def check(language: str, as_json: bool, data: Path | None) -> None:
    """Evaluate every rule now, and print what fires and why.

    Exit codes: 0 nothing fires; 1 something does.
    """
    settings = read_settings()
    source, now = numbers(data), datetime.now(settings.time_zone)
    found: list[Thing] = []
    for late_s in sorted({rule.late_s for rule in RULES}):
        rules = [rule for rule in RULES if rule.late_s == late_s]
        moment = now - timedelta(seconds=late_s)
        found += [thing for thing in ask(source, settings, [moment], rules) if thing.is_firing]
    if as_json:
        show_json([said(thing.rule, thing.labels, thing.numbers, language) for thing in found])
    for thing in found if not as_json else ():
        words = said(thing.rule, thing.labels, thing.numbers, language)
        click.echo(f"{words['title']}: {words['summary']}\n  {words['description']}")
    if not found and not as_json:
        click.echo(f"{len(RULES)} rules, and none fires ({now:%Y-%m-%d %H:%M}, {settings.time_zone.key})")
    sys.exit(1 if found else 0)


def said(rule: Rule, labels: dict[str, str], values: dict[str, float], language: str) -> dict[str, object]:
    """What a rule says of a thing, with what it says it of."""
    text = alert_words(language).rules[rule.id]
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
@click.option("--to", "until", type=click.DateTime(["%Y-%m-%d"]), default=None, help="First day not asked. [today]")
@output
def backtest(
    days: int, minutes: int, truth: Path | None, until: datetime | None, as_json: bool, data: Path | None
) -> None:
    """How often each rule would have fired, and on whom, had it been evaluated all along.

    Rules whose past is overwritten (stale data, drift, rejects) cannot be asked. The usual is that of the weeks before.
    """
    settings = read_settings()
    last = until.date() if until else datetime.now(settings.time_zone).date()
    period = Period(last - timedelta(days=days), last, settings.time_zone)
    source = numbers(data)
    people = len(roster(source, period))
    found = replay(source, settings, period, timedelta(minutes=minutes), people)
    judged = judge(found, stories_of(truth.read_bytes()), period) if truth else None
    if as_json:
        show_json(_rows(found, judged))
    else:
        _show(found, judged, period, people)


def _rows(found: Sequence[Alarm], judged: Judged | None) -> list[dict[str, object]]:
    """Alarms, then the planted stories."""
    wrong = {id(alarm) for alarm, _ in judged.wrong} if judged else set()
    rows: list[dict[str, object]] = []
    for alarm in found:
        verdict = {"is_wrong": id(alarm) in wrong} if judged else {}
        of = {"rule": alarm.rule.id, **alarm.labels, "first": alarm.first.isoformat(), "last": alarm.last.isoformat()}
        rows.append({**of, "evaluations": alarm.evaluations, **alarm.numbers, **verdict})
    for story, first in judged.told if judged else ():
        of = {"story": story.kind, "manager_id": story.manager_id, "began": story.first.isoformat()}
        rows.append({**of, "ended": story.last.isoformat(), "told": first.first.isoformat() if first else None})
    return rows


def _show(found: Sequence[Alarm], judged: Judged | None, period: Period, people: int) -> None:
    shown = table(f"Warnings that would have been given, {period}")
    for head in ("rule", "on whom", "from", "to", "number, expected"):
        shown.add_column(head, overflow="fold")
    for alarm in found:
        on = " ".join(alarm.labels[name] for name in ("manager_id", "manager") if name in alarm.labels)
        first, last = (at.astimezone(period.zone) for at in (alarm.first, alarm.last))
        told = ", ".join(f"{name} {value:g}" for name, value in list(alarm.numbers.items())[:2])
        shown.add_row(alarm.rule.id, on or "everybody", f"{first:%Y-%m-%d %H:%M}", f"{last:%Y-%m-%d %H:%M}", told)
    console().print(shown)
    quarters = (period.last - period.first).days / _QUARTER_DAYS
    for rule in RULES:
        count = sum(alarm.rule.id == rule.id for alarm in found)
        if rule.replayable:
            each = f", {count / quarters / max(people, 1):.2f} a manager and quarter" if rule.labels else ""
            click.echo(f"{rule.id}: {count}{each}")
        else:
            click.echo(f"{rule.id}: its past is not kept")
    if judged:
        _show_truth(judged, period, people)


def _show_truth(judged: Judged, period: Period, people: int) -> None:
    for story, alarm in judged.told:
        who = story.manager_id or "everybody"
        if alarm is None:
            click.echo(f"{story.kind} of {who}, {story.first} to {story.last}: not told")
            continue
        first = alarm.first.astimezone(period.zone)
        left = (story.last - first.date()).days
        click.echo(
            f"{story.kind} of {who}, {story.first} to {story.last}: told {first:%Y-%m-%d %H:%M},"
            f" day {(first.date() - story.first).days + 1} of it, {left} days before its last"
        )
    quarters = (period.last - period.first).days / _QUARTER_DAYS
    click.echo(f"wrong: {len(judged.wrong)}, {len(judged.wrong) / quarters / max(people, 1):.2f} a manager and quarter")
    for alarm, around in judged.wrong:
        at = alarm.first.astimezone(period.zone)
        why = f" (during: {around})" if around else ""
        click.echo(f"  {alarm.rule.id} {alarm.manager_id or 'everybody'} {at:%Y-%m-%d %H:%M}{why}")
