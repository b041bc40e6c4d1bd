"""How often each rule would have fired: the past asked as if it were now, and held against what is known of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from pipeline.alerts.evaluate import AlertInstance
from pipeline.readouts.period import Period
from pipeline.working_calendar import WorkingCalendar
from schemas.alerts import Rule
from schemas.errors import Terminal


class Alarm(msgspec.Struct, kw_only=True):
    """An alert instance that began to fire, and when it was last seen firing."""

    rule: Rule
    labels: dict[str, str]
    first: datetime
    last: datetime
    numbers: dict[str, float]
    """At `first`."""
    evaluations: int = 1

    @property
    def manager_id(self) -> str:
        return self.labels.get("manager_id", "")


class KnownAnomaly(msgspec.Struct, frozen=True, kw_only=True):
    """What truly happened (truth.json, `anomalies`): from `first` to `last`, both included."""

    kind: str
    first: date
    last: date
    manager_id: str = ""


class _Truth(msgspec.Struct):
    anomalies: list[KnownAnomaly] = msgspec.field(name="planted")


def anomalies_of(truth: bytes) -> list[KnownAnomaly]:
    """The anomalies of a truth.json. Raises Terminal when the file is something else."""
    try:
        return msgspec.json.decode(truth, type=_Truth).anomalies
    except msgspec.DecodeError as error:
        raise Terminal(f"the truth is not a truth.json of `callfunnel generate`: {error}") from None


EXPECTED = {
    "silent": ("manager_silent", "calls_drop"),
    "squeezer": ("squeeze",),
    "dead_feed": ("feed_dead",),
    "low_month": ("department_drop",),
    "gamer": ("only_dialling",),
}
"""Which rules may detect an anomaly; the first one must."""

_FADES = timedelta(days=5)
"""A warning stands until the next working day has shown something else: over a long weekend."""


def every_day(days: Iterable[date], zone: ZoneInfo, calendar: WorkingCalendar, step: timedelta) -> list[datetime]:
    """Moments of working hours on each day, whether it is worked or not: from `step` after opening to closing."""
    opens, closes = calendar.opens, calendar.closes
    moments = []
    for day in days:
        at, last = (datetime.combine(day, clock, zone) for clock in (opens, closes))
        while (at := at + step) <= last:
            moments.append(at)
    return moments


def at_closing(days: Iterable[date], zone: ZoneInfo, calendar: WorkingCalendar) -> list[datetime]:
    """One moment a day."""
    return [datetime.combine(day, calendar.closes, zone) for day in days]


def alarms(instances: Iterable[AlertInstance]) -> list[Alarm]:
    """Firing instances as alarms: one goes on while it fires, and for its rule's `keep_s` after that.

    What fires before and after a night that nobody asked in is one alarm.
    """
    ongoing: dict[tuple[str, tuple[str, ...]], Alarm] = {}
    found: list[Alarm] = []
    for instance in sorted(instances, key=lambda instance: instance.at):
        key = instance.rule.id, tuple(instance.labels.values())
        alarm = ongoing.get(key)
        if not instance.is_firing:
            if alarm is not None and instance.at - alarm.last > timedelta(seconds=instance.rule.keep_s):
                del ongoing[key]
        elif alarm is None:
            found.append(
                Alarm(
                    rule=instance.rule,
                    labels=instance.labels,
                    first=instance.at,
                    last=instance.at,
                    numbers=instance.numbers,
                )
            )
            ongoing[key] = found[-1]
        else:
            alarm.last = instance.at
            alarm.evaluations += 1
    return sorted(found, key=lambda alarm: (alarm.rule.id, alarm.first))


class BacktestResult(msgspec.Struct, frozen=True, kw_only=True):
    """Alarms beside the truth."""

    detected: list[tuple[KnownAnomaly, Alarm | None]]
    """Each anomaly that a rule is to detect, with the first alarm of it."""
    wrong: list[tuple[Alarm, str]]
    """Alarms of nothing, with the kind of the anomaly that the manager (or everybody) was in then, if any."""


def judge(found: Sequence[Alarm], anomalies: Sequence[KnownAnomaly], period: Period) -> BacktestResult:
    """Which anomalies that began in the period were detected, and which alarms nothing explains."""
    zone = period.zone
    expected = [
        anomaly for anomaly in anomalies if anomaly.kind in EXPECTED and period.first <= anomaly.first < period.last
    ]
    detected = []
    for anomaly in expected:
        main = EXPECTED[anomaly.kind][0]
        detected.append(
            (anomaly, next((one for one in found if one.rule.id == main and _is_of(one, anomaly, zone)), None))
        )
    wrong = []
    for alarm in found:
        if not any(
            alarm.rule.id in EXPECTED[s.kind] and _is_of(alarm, s, zone) for s in anomalies if s.kind in EXPECTED
        ):
            around = (s.kind for s in anomalies if s.manager_id in ("", alarm.manager_id) and _covers(s, alarm, zone))
            wrong.append((alarm, next(around, "")))
    return BacktestResult(detected=detected, wrong=wrong)


def _is_of(alarm: Alarm, anomaly: KnownAnomaly, zone: ZoneInfo) -> bool:
    return alarm.manager_id == anomaly.manager_id and _covers(anomaly, alarm, zone)


def _covers(anomaly: KnownAnomaly, alarm: Alarm, zone: ZoneInfo) -> bool:
    begins = datetime.combine(anomaly.first, time(), zone)
    ends = datetime.combine(anomaly.last, time(), zone) + timedelta(days=1) + _FADES
    return begins <= alarm.first < ends


def days_of(first: date, last: date) -> Iterator[date]:
    """[first, last)."""
    for n in range((last - first).days):
        yield first + timedelta(days=n)
