"""The morning's message: yesterday in five lines. Every number is that of boards and report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec

from pipeline.drawing.missing_text import missing_lines
from pipeline.readouts.activity import ActivityNumbers, activity
from pipeline.readouts.department import department_of, setting_parameters
from pipeline.readouts.missing_calls import missing_calls
from pipeline.readouts.numbers import Numbers
from pipeline.readouts.period import Period
from pipeline.readouts.plan_fact import PlanFact, plan_fact
from pipeline.report.numbers import ReportRequest, stale_reasons
from pipeline.report.periods import PeriodKind, report_period
from pipeline.settings import Settings
from pipeline.warnings.receivers import Receiver
from pipeline.warnings.spoken import fill
from pipeline.warnings.wording import MessageText, Telling, address, names
from schemas.alerts import rule
from schemas.parameters import Chosen, utc
from schemas.screens.boards.warning import HOURS, PATIENCE_S
from schemas.screens.translations.warnings import warning_texts
from schemas.warnings import Incident

_EVERYTHING = 100_000
_MOST_PEOPLE = 5


class ManagerPace(msgspec.Struct, frozen=True):
    """A row of the metric `alert_pace` at the close of a day."""

    manager_id: str
    manager: str
    team: str
    frame: str
    calls: int
    expected: float
    is_known: int
    is_dropping: int
    why: str


class MissedCall(msgspec.Struct, frozen=True):
    """A row of the metric `missed`."""

    recovered: int


class DigestNumbers(msgspec.Struct, frozen=True, kw_only=True):
    """What a digest says."""

    day: date
    totals: ActivityNumbers
    people: Sequence[ManagerPace]
    """Of these teams, with the row of the department ("") where that is meant."""
    plan: PlanFact | None
    missed: int
    not_returned: int
    stale: Sequence[str]


def read_digest(
    numbers: Numbers, settings: Settings, receiver: Receiver, day: date, now: datetime, language: str
) -> DigestNumbers:
    """The numbers of a day as they were at its close, for a receiver's teams. Raises Transient or Terminal."""
    period = Period(day, day + timedelta(days=1), settings.time_zone)
    teams = list(receiver.teams)
    closing = datetime.combine(day, settings.calendar.closes, settings.time_zone)
    pace = {
        **setting_parameters(settings),
        **dict(rule("calls_drop").parameters),
        "moments": [int(closing.timestamp())],
    }
    missed = {
        **setting_parameters(settings, "missed"), **period.parameters, "now": utc(now), "patience_s": PATIENCE_S,
        "hours": HOURS, "limit": _EVERYTHING, "managers": [], "teams": teams,
    }  # fmt: skip
    people = [one for one in numbers.rows("alert_pace", ManagerPace, pace) if not teams or one.team in teams]
    rows = activity(numbers, period, (), teams=teams)
    calls = numbers.rows("missed", MissedCall, missed)
    plans = plan_fact(numbers, period, settings.calendar, min(now, period.end.astimezone(UTC)), (), teams=teams)
    wanted = ReportRequest(
        report_period=report_period(PeriodKind.DAY, period.last, now, settings.time_zone),
        language=language,
        teams=(),
        managers=(),
    )
    department = department_of(settings)
    of_day = Chosen(start=period.start, end=period.end, now=min(now, period.end))
    return DigestNumbers(
        day=day,
        totals=rows[0].numbers if rows else ActivityNumbers(),
        people=people,
        plan=plans[0] if plans else None,
        missed=len(calls),
        not_returned=sum(not one.recovered for one in calls),
        stale=[
            *stale_reasons(numbers, settings, wanted),
            *missing_lines(missing_calls(numbers, department, of_day), language, settings.time_zone)[:-1],
        ],
    )


def compose_digest(found: DigestNumbers, standing: Sequence[Incident], telling: Telling) -> MessageText:
    """Five lines, and before them that the data is incomplete where it is. Pure."""
    texts = warning_texts(telling.language)
    title = _title(found, telling)
    lines = [title]
    if found.stale:
        lines.append(texts.digest["incomplete"].format(reasons="; ".join(found.stale)))
    of_talks = {"conversations": found.totals.conversations, "contacts": found.totals.contacts}
    lines += [
        fill(texts.digest["talks"], telling.language, {}, of_talks),
        _plan(found, telling),
        _people(found, telling),
        _missed(found, telling),
        texts.digest["standing"].format(names=names(standing, telling.language)) if standing else texts.digest["calm"],
    ]
    if telling.link:
        pairs = [("lang", telling.language), ("first", f"{found.day}"), ("last", f"{found.day}")]
        lines.append(texts.digest["look"].format(link=address(telling.link, "today", pairs)))
    data = {"kind": "digest", "day": f"{found.day}", "lines": lines}
    return MessageText(preview=title, text="\n".join(lines), data=data)


def expected_of(people: Sequence[ManagerPace]) -> float | None:
    """Calls to be expected of a day: the department's where its row is there, else those of the people; None when they
    are not known, or are not of that day."""
    whole = [one for one in people if one.manager_id == ""] or [one for one in people if one.why != "away"]
    known = [one for one in whole if one.is_known and one.frame == "today"]
    return sum(one.expected for one in known) if known and len(known) == len(whole) else None


def _title(found: DigestNumbers, telling: Telling) -> str:
    texts = warning_texts(telling.language)
    labels = {"weekday": texts.weekdays[found.day.weekday()], "day": f"{found.day:{texts.phrases['day']}}"}
    calls, expected = found.totals.calls, expected_of(found.people)
    # Of a day that is not known in whole, a comparison would be wrong.
    if not expected or found.stale:
        return fill(texts.digest["title_alone"], telling.language, labels, {"calls": calls})
    numbers = {"calls": calls, "expected": expected, "change": calls / expected - 1}
    return fill(texts.digest["title"], telling.language, labels, numbers)


def _plan(found: DigestNumbers, telling: Telling) -> str:
    texts = warning_texts(telling.language).digest
    shares: dict[str, float | None] = {}
    if found.plan is not None:
        shares = {
            "plan_a": found.plan.calls_to_potential.ratio,
            "plan_c": found.plan.general_proposals.ratio,
            "plan_d": found.plan.individual_proposals.ratio,
        }
        if len(found.plan.individual_amount) == 1:
            (amount,) = found.plan.individual_amount.values()
            shares["plan_sum"] = amount.ratio
    known = {one: share for one, share in shares.items() if share is not None}
    parts = [fill(texts[one], telling.language, {}, {"share": share}) for one, share in known.items()]
    return texts["plan"].format(parts=", ".join(parts)) if parts else texts["no_plan"]


def _people(found: DigestNumbers, telling: Telling) -> str:
    texts, language = warning_texts(telling.language).digest, telling.language
    people = [one for one in found.people if one.manager_id]
    low = [one for one in people if one.is_dropping and one.why not in ("silent", "moved", "feed_dead")]
    low.sort(key=lambda one: one.calls / max(one.expected, 1))
    ones = [
        fill(texts["low_one"], language, {"manager": _name(one)}, {"calls": one.calls, "expected": one.expected})
        for one in low
    ]
    parts = [texts["low"].format(people=_listed(ones, language))] if ones and not found.stale else []
    if silent := [_name(one) for one in people if one.why in ("silent", "moved")]:
        parts.append(texts["silent"].format(people=_listed(silent, language)))
    if not parts:
        parts = [] if found.stale else [texts["all_usual"]]
    if away := [_name(one) for one in people if one.why == "away"]:
        parts.append(texts["away"].format(people=_listed(away, language)))
    return ". ".join(parts) if parts else texts["all_unknown"]


def _missed(found: DigestNumbers, telling: Telling) -> str:
    texts = warning_texts(telling.language).digest
    numbers: Mapping[str, float] = {"missed": found.missed, "open": found.not_returned}
    return fill(texts["missed"] if found.missed else texts["no_missed"], telling.language, {}, numbers)


def _name(one: ManagerPace) -> str:
    return one.manager or one.manager_id


def _listed(people: Sequence[str], language: str) -> str:
    more = len(people) - _MOST_PEOPLE
    shown = ", ".join(people[:_MOST_PEOPLE])
    return f"{shown} {warning_texts(language).phrases['more'].format(count=more)}" if more > 0 else shown
