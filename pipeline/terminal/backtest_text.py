"""What `callfunnel alerts backtest` prints: alarms, how many they are, and how they are held against the truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from rich.table import Table

from pipeline.alerts.backtest import Alarm, BacktestResult
from pipeline.drawing.terminal.tables import table
from pipeline.readouts.period import Period
from schemas.alerts import RULES
from schemas.screens.translations.alerts import alert_texts
from schemas.screens.translations.warnings import warning_texts

_QUARTER_DAYS = 91
_REFERENCES = timedelta(weeks=6)
"""What is usual is the mean of six same weekdays at least."""
_MOMENT = "%Y-%m-%d %H:%M"


def alarm_table(found: Sequence[Alarm], period: Period, language: str) -> Table:
    """A row for each alarm."""
    texts = warning_texts(language).backtest
    shown = table(texts["title"].format(first=period.first, last=period.last))
    for head in ("rule", "whom", "from", "to", "numbers"):
        shown.add_column(texts[head], overflow="fold")
    for alarm in found:
        on = " ".join(alarm.labels[name] for name in ("manager_id", "manager") if name in alarm.labels)
        first, last = (at.astimezone(period.zone).strftime(_MOMENT) for at in (alarm.first, alarm.last))
        numbers = ", ".join(f"{texts.get(name, name)} {value:g}" for name, value in list(alarm.numbers.items())[:2])
        shown.add_row(alarm.rule.id, on or texts["everybody"], first, last, numbers)
    return shown


def rate_lines(found: Sequence[Alarm], period: Period, people: int, language: str) -> Iterator[str]:
    """How many alarms each rule gave."""
    texts, titles = warning_texts(language).backtest, alert_texts(language).rules
    for rule in RULES:
        count = sum(alarm.rule.id == rule.id for alarm in found)
        title = titles[rule.id].title
        if not rule.replayable:
            yield texts["not_kept"].format(rule=rule.id, title=title)
        elif rule.labels:
            yield texts["rate"].format(rule=rule.id, count=count, rate=_rate(count, period, people), title=title)
        else:
            yield texts["count"].format(rule=rule.id, count=count, title=title)


def truth_lines(judged: BacktestResult | None, period: Period, people: int, language: str) -> Iterator[str]:
    """Which anomalies were detected and how early, and which alarms nothing explains."""
    if judged is None:
        return
    texts = warning_texts(language).backtest
    for anomaly, alarm in judged.detected:
        of = texts["anomaly"].format(
            kind=anomaly.kind, who=anomaly.manager_id or texts["everybody"], first=anomaly.first, last=anomaly.last
        )
        if alarm is None:
            yield f"{of}: {texts['not_told']}"
            continue
        first = alarm.first.astimezone(period.zone)
        day, left = (first.date() - anomaly.first).days + 1, (anomaly.last - first.date()).days
        yield f"{of}: {texts['detected'].format(moment=first.strftime(_MOMENT), day=day, left=left)}"
    count = len(judged.wrong)
    yield texts["wrong"].format(count=count, rate=_rate(count, period, people))
    for alarm, around in judged.wrong:
        at = alarm.first.astimezone(period.zone).strftime(_MOMENT)
        why = f" ({texts['during'].format(kind=around)})" if around else ""
        yield f"  {alarm.rule.id} {alarm.manager_id or texts['everybody']} {at}{why}"


def too_early(begins: date, period: Period, days: int, language: str) -> list[str]:
    """Since when there was enough to ask, where that is later than was asked for."""
    texts, found = warning_texts(language).backtest, []
    if (period.last - period.first).days < days:
        found.append(texts["begins"].format(day=begins))
    if period.first < (ready := begins + _REFERENCES):
        found.append(texts["too_early"].format(day=ready))
    return found


def _rate(count: int, period: Period, people: int) -> str:
    """A manager and quarter."""
    return f"{count / ((period.last - period.first).days / _QUARTER_DAYS) / max(people, 1):.2f}"
