"""What to look for in a generated department: the stories hidden in it, told by what the product counted. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from department.anomalies import Anomaly, AnomalyKind
from pipeline.readouts.activity import ActivityNumbers, ActivityRow

_BEFORE_DAYS = 28
"""With what the days of a story are compared: the four weeks before."""


class Average(NamedTuple):
    """Of a working day, that is one with calls of the department, zeros included."""

    calls: float
    talks: float
    potential: float

    @property
    def talking(self) -> float:
        """Conversations of all calls."""
        return self.talks / self.calls if self.calls else 0.0


def stories(anomalies: Iterable[Anomaly], rows: Sequence[ActivityRow], names: Mapping[str, str]) -> list[str]:
    """A line for each story, with numbers before and while. `rows` are by manager and day."""
    worked = _worked(rows)
    lines = []
    for event in anomalies:
        tell = _TELL.get(event.kind)
        before = _days(worked, event.first - timedelta(days=_BEFORE_DAYS), event.first - timedelta(days=1))
        during = _days(worked, event.first, event.last)
        if tell is None or not before or not during:
            continue
        who = f"{names.get(event.manager_id, '')} ({event.manager_id})" if event.manager_id else "everybody"
        numbers = _average(rows, event.manager_id, before), _average(rows, event.manager_id, during)
        when = f"{event.first:%d %b}" + ("" if event.first == event.last else f" to {event.last:%d %b}")
        lines.append(f"{when:17}  {who}: {tell(*numbers)}")
    return lines


_TELL = {
    AnomalyKind.SQUEEZER: lambda before, during: (
        f"A falls from {before.potential:.1f} to {during.potential:.1f} a day while conversations go from"
        f" {before.talks:.0f} to {during.talks:.0f}: sells to old customers, opens no new ones, then leaves"
    ),
    AnomalyKind.SILENT: lambda before, during: (
        f"{before.calls:.0f} calls a day, then {during.calls:.0f}: at work, and silent. An alarm"
    ),
    AnomalyKind.LEAVE: lambda before, during: (
        f"{before.calls:.0f} calls a day, then {during.calls:.0f}: on leave. It looks the same, and is not an alarm"
    ),
    AnomalyKind.GAMER: lambda before, during: (
        f"calls go from {before.calls:.0f} to {during.calls:.0f} a day, and only {during.talking:.0%} of them are"
        f" conversations ({before.talking:.0%} before): dials, and hangs up"
    ),
    AnomalyKind.DEAD_FEED: lambda before, during: (
        f"{before.calls:.0f} calls a day, then {during.calls:.0f}: the exchange recorded nothing after noon, nobody is"
        " to blame"
    ),
    AnomalyKind.LOW_MONTH: lambda before, during: (
        f"A of the department goes from {before.potential:.0f} to {during.potential:.0f} a day, of all alike: a weak"
        " month, nobody's fault"
    ),
}


def _worked(rows: Iterable[ActivityRow]) -> list[date]:
    """Days on which the department was at work: at least half as many calls as on the median day with calls."""
    calls: dict[date, int] = {}
    for row in rows:
        day = date.fromisoformat(row.of["day"])
        calls[day] = calls.get(day, 0) + row.numbers.calls
    if not calls:
        return []
    ordinary = sorted(calls.values())[len(calls) * 3 // 4]
    return sorted(day for day, count in calls.items() if count * 4 >= ordinary)


def _days(worked: Sequence[date], first: date, last: date) -> list[date]:
    return [day for day in worked if first <= day <= last]


def _average(rows: Iterable[ActivityRow], manager_id: str, days: Sequence[date]) -> Average:
    wanted = {day.isoformat() for day in days}
    of: list[ActivityNumbers] = [
        row.numbers
        for row in rows
        if row.of["day"] in wanted and manager_id in ("", row.of["manager_id"]) and row.of["manager_id"]
    ]
    return Average(
        *(
            sum(counts) / len(days)
            for counts in (
                [numbers.calls for numbers in of],
                [numbers.conversations for numbers in of],
                [numbers.calls_to_potential for numbers in of],
            )
        )
    )
