"""The report's numbers: each part asked of the store, for its span of time, and whether the data covers the period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec

from pipeline.alerts.evaluate import ask as ask_rules
from pipeline.drawing.missing_text import missing_lines
from pipeline.readouts.activity import roster
from pipeline.readouts.feeds import freshness, last_call
from pipeline.readouts.missing_calls import missing_calls
from pipeline.readouts.numbers import Numbers
from pipeline.readouts.period import Period
from pipeline.readouts.report_data import Heading, ReportData, collect
from pipeline.report.fired_alerts import fired_alerts
from pipeline.report.periods import ReportPeriod, months_before
from pipeline.report.staleness import Stale, Why, closings, staleness, without_calls
from pipeline.settings import Settings
from schemas.alerts import RULES, Urgency
from schemas.parameters import Chosen, Department, Query, Value, bind, utc
from schemas.screens.report import ReportSpan
from schemas.screens.translations.alerts import alert_texts, plain
from schemas.screens.translations.boards import board_texts
from schemas.screens.translations.page import page_texts
from schemas.screens.translations.report import report_texts

Row = dict[str, Any]
_WEEKS, _QUARTER = timedelta(days=28), timedelta(days=90)
_MONTHS = 6
_WARNING_DAYS = 5
"""How many days the rules are asked of: each takes as long as a board."""


class _CallDay(msgspec.Struct):
    day: date


class _Day(msgspec.Struct):
    day: date
    is_working: int


class ReportRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for."""

    report_period: ReportPeriod
    language: str
    teams: Sequence[str] = ()
    managers: Sequence[str] = ()


def read_report(
    numbers: Numbers, settings: Settings, department: Department, wanted: ReportRequest, stale: Sequence[str]
) -> ReportData:
    """Ask for everything. `stale` are the reasons to distrust it, in words. Raises Transient or Terminal."""
    heading = Heading(
        kind=report_texts(wanted.language).kinds[wanted.report_period.kind],
        period=days(wanted.report_period.period, wanted.language),
        before=against(wanted),
        made_at=wanted.report_period.now,
        as_of=wanted.report_period.as_of,
        is_complete=wanted.report_period.is_over,
        stale=stale,
        missing=missing(numbers, department, wanted),
        teams=wanted.teams,
        managers=wanted.managers,
    )

    answers: dict[tuple[str, str], list[Row]] = {}

    def ask(query: Query, span: ReportSpan) -> list[Row]:
        chosen = chosen_of(wanted, span)
        if query.metric == "freshness":
            # Of sources it matters how they stand now, not how they stood when the period ended.
            chosen = msgspec.structs.replace(chosen, end=wanted.report_period.now)
        bound = bind(query, department, chosen)
        question = (query.metric, repr(bound))
        if question not in answers:  # a table and its charts are one question
            answers[question] = numbers.rows(query.metric, Row, bound)
        return answers[question]

    return collect(heading, ask, warnings(numbers, settings, wanted))


def warnings(numbers: Numbers, settings: Settings, wanted: ReportRequest) -> list[Row]:
    """What the rules said at the close of the period's last working days, in words."""
    report_period = wanted.report_period
    moments = closed(numbers, settings, report_period)[-_WARNING_DAYS:]
    rules = [rule for rule in RULES if rule.urgency is Urgency.HEAD and rule.replayable]
    people = len(roster(numbers, report_period.period))
    instances = ask_rules(numbers, settings, moments, rules, people=max(1, people)) if moments else ()
    texts = alert_texts(wanted.language).rules
    return [
        {
            "warning": texts[one.rule].title,
            "summary": plain(texts[one.rule].summary, one.labels, one.numbers),
            "on_days": len(one.days),
            "last_day": f"{one.days[-1]:{page_texts(wanted.language).date}}",
        }
        for one in fired_alerts(instances, settings.time_zone)
        if is_wanted(one.labels, wanted)
    ]


def is_wanted(labels: Mapping[str, str], wanted: ReportRequest) -> bool:
    """Who is asked for; of the whole department only what is asked for in whole."""
    teams, managers = wanted.teams, wanted.managers
    return (not teams or labels.get("team") in teams) and (not managers or labels.get("manager_id") in managers)


def closed(numbers: Numbers, settings: Settings, report_period: ReportPeriod) -> list[datetime]:
    """The closing times of the period's working days that have passed. Raises Transient or Terminal."""
    period = report_period.period
    days = numbers.rows("calendar", _Day, {"first": period.first.isoformat(), "last": period.last.isoformat()})
    return closings(period, report_period.now, settings.calendar, {one.day: bool(one.is_working) for one in days})


def stale_reasons(numbers: Numbers, settings: Settings, wanted: ReportRequest) -> list[str]:
    """Why the period's numbers cannot be trusted yet, in words. Raises Transient or Terminal."""
    report_period = wanted.report_period
    last = last_call(numbers).moment
    freshness_rows = freshness(numbers, report_period.now)
    days = closed(numbers, settings, report_period)
    found = staleness(freshness_rows, last, report_period.period, report_period.now, max(days, default=None))
    found += without_calls(days, called(numbers, report_period.period), last)
    return [stale_text(one, wanted.language, settings) for one in found]


def missing(numbers: Numbers, department: Department, wanted: ReportRequest) -> list[str]:
    """Which calls are missing of the period and of the one that it is held against. Raises Transient or Terminal."""
    of_period, zone = wanted.report_period, wanted.report_period.period.zone
    chosen = Chosen(start=of_period.before.start, end=of_period.period.end, now=of_period.as_of)
    return missing_lines(missing_calls(numbers, department, chosen), wanted.language, zone)


def called(numbers: Numbers, period: Period) -> set[date]:
    """The days of the period with a call. Raises Transient or Terminal."""
    parameters = {"zone": period.zone.key, "from": utc(period.start), "to": utc(period.end)}
    return {one.day for one in numbers.rows("call_days", _CallDay, parameters)}


def chosen_of(wanted: ReportRequest, span: ReportSpan) -> Chosen:
    """The parameters of a span. `now` is the end of the period: a report of an old week tells of that week."""
    report_period = wanted.report_period
    period = report_period.period
    values: dict[str, Value] = {
        "teams": tuple(wanted.teams),
        "managers": tuple(wanted.managers),
        "before_from": utc(report_period.before.start),
        "before_to": utc(report_period.before_end),
    }
    return Chosen(start=_start(report_period, span), end=period.end, now=report_period.as_of, values=values)


def _start(report_period: ReportPeriod, span: ReportSpan) -> datetime:
    period = report_period.period

    def midnight(day: Any) -> datetime:
        return datetime.combine(day, time(), period.zone)

    if span is ReportSpan.MONTH:
        return midnight(report_period.month)
    if span is ReportSpan.HALF_YEAR:
        return midnight(months_before(report_period.month, _MONTHS))
    length = {ReportSpan.WEEKS: _WEEKS, ReportSpan.QUARTER: _QUARTER}.get(span)
    return period.start if length is None else midnight(min(period.first, period.last - length))


def days(period: Period, language: str) -> str:
    """`16.11.2026 – 22.11.2026`, one day as itself."""
    form = page_texts(language).date
    first, last = period.first, period.last - timedelta(days=1)
    return f"{first:{form}}" if first == last else f"{first:{form}} – {last:{form}}"


def against(wanted: ReportRequest) -> str:
    """What changes are changes to, with its days."""
    report_period = wanted.report_period
    return (
        report_texts(wanted.language)
        .against[report_period.kind]
        .format(before=days(report_period.before, wanted.language))
    )


def stale_text(stale: Stale, language: str, settings: Settings) -> str:
    """A reason in words."""
    texts, page, boards = report_texts(language), page_texts(language), board_texts(language)

    def moment(at: datetime | None) -> str:
        return "–" if at is None else at.astimezone(settings.time_zone).strftime(page.moment)

    forms = {Why.DEAD: texts.dead, Why.NO_CALLS_SINCE: texts.no_calls_since}
    forms |= {Why.NO_CALLS_ON: texts.no_calls_on, Why.NOTHING: texts.nothing_loaded}
    form = forms.get(stale.why) or (texts.never if stale.seen is None else texts.late)
    return form.format(
        source=stale.source,
        what=boards.values["import_kind"].get(stale.what, stale.what),
        moment=moment(stale.seen),
        needed=moment(stale.needed),
        state=boards.values["feed_state"].get(stale.state, stale.state),
        days=", ".join(f"{day:{page.date}}" for day in stale.days),
    )
