"""What a reader asks a page for, as its address says it: period, variables, language. Pure.

    ?period=month&team=North&manager=m01&conversation_s=60&lang=ru     a period that moves with the clock
    ?first=2026-03-01&last=2026-03-07                                  whole days, both included
    ?now=last                                                          as of the latest call instead of this moment

Values that are not offered filter as well, as in a Grafana address; a wrong day or number is refused with a message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec

from schemas.parameters import SEVERAL, SINGLE, Chosen, Value
from schemas.screens.panel import Board
from schemas.screens.translations import LANGUAGES

PERIODS = {
    "today": ("now/d", "now"),
    "yesterday": ("now-1d/d", "now/d"),
    "week": ("now/w", "now"),
    "last_week": ("now-1w/w", "now/w"),
    "7d": ("now-6d/d", "now"),
    "month": ("now/M", "now"),
    "last_month": ("now-1M/M", "now/M"),
    "30d": ("now-30d/d", "now"),
    "quarter": ("now/Q", "now"),
    "last_quarter": ("now-1Q/Q", "now/Q"),
    "90d": ("now-90d/d", "now"),
    "6M": ("now-6M/M", "now"),
    "year": ("now/y", "now"),
}
"""Period -> its first moment and its end, as Grafana writes them. Weeks are Monday to Sunday."""

FINISHED = {"week": "last_week", "month": "last_month", "quarter": "last_quarter"}
"""Of a period that has just begun: the one before it, which is over."""

_MOST_VALUES = 200
_LONGEST = 200
_EXPRESSION = re.compile(r"now(?:-(\d{1,4})([mhdwMQy]))?(?:/([dwMQy]))?")
_SECONDS = {"m": 60, "h": 3600}
_MONTHS = {"M": 1, "Q": 3, "y": 12}


class Wrong(ValueError):
    """The address holds something that does not exist; the message says what."""


class BoardRequest(msgspec.Struct, frozen=True, kw_only=True):
    """An address, understood."""

    language: str
    period: str = ""
    """One of PERIODS, or "" for the board's own."""
    first: date | None = None
    last: date | None = None
    as_of_last_call: bool = False
    variables: Mapping[str, tuple[str, ...]] = {}
    """What was chosen, by variable."""

    def moments(self, board: Board, now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The period's first moment and its end, not included, in the zone."""
        if self.first is not None and self.last is not None:
            after = self.last + timedelta(days=1)
            return datetime.combine(self.first, time(), zone), datetime.combine(after, time(), zone)
        start, end = PERIODS.get(self.period, (board.start, board.end))
        return moment(start, now, zone), moment(end, now, zone)

    def finished(self, board: Board, now: datetime, zone: ZoneInfo) -> str:
        """The period before the chosen one, where that has begun today and says little yet; else ""."""
        begins = self.moments(board, now, zone)[0].date()
        return FINISHED.get(self.period, "") if begins == now.astimezone(zone).date() else ""

    def chosen(self, board: Board, now: datetime, zone: ZoneInfo) -> Chosen:
        """The parameters that a metric is bound to. What the board has no variable for is not chosen."""
        start, end = self.moments(board, now, zone)
        values: dict[str, Value] = {}
        for parameter, variable in SEVERAL.items():
            if variable in board.variables and self.variables.get(variable):
                values[parameter] = self.variables[variable]
        for parameter, variable in SINGLE.items():
            if variable in board.variables and self.variables.get(variable):
                value = self.variables[variable][0]
                values[parameter] = _seconds(value) if parameter == "conversation_s" else value
        return Chosen(start=start, end=end, now=now, values=values)

    def query(self, board: Board | None = None, **changed: str) -> str:
        """The address again, of what another board has variables for."""
        pairs = [("lang", self.language)]
        if self.first is not None and self.last is not None:
            pairs += [("first", f"{self.first}"), ("last", f"{self.last}")]
        elif self.period:
            pairs.append(("period", self.period))
        if self.as_of_last_call:
            pairs.append(("now", "last"))
        for variable, values in self.variables.items():
            if board is None or variable in board.variables:
                pairs += [(variable, value) for value in values]
        kept = [(name, value) for name, value in pairs if name not in changed]
        return urlencode([*kept, *((name, value) for name, value in changed.items() if value)])

    def leading(self, board: Board, other: Board, pairs: Sequence[tuple[str, str]]) -> str:
        """The address of what stands behind a number of `board`, on `other` with `pairs` chosen.

        In the same period, also where `board` opens with another one than `other`: else the calls would not be those of
        the number. What else was chosen goes along.
        """
        own = next((name for name, expression in PERIODS.items() if expression == (board.start, board.end)), "")
        here = msgspec.structs.replace(self, period=self.period or own)
        return f"{here.query(other, **dict.fromkeys(dict(pairs), ''))}&{urlencode(pairs)}"


def parse_request(pairs: Sequence[tuple[str, str]], board: Board, language: str) -> BoardRequest:
    """Understand the pairs of an address. `language` is for those that say none. Raises Wrong."""
    given = _given(pairs)
    wanted = given.get("lang", [language])[-1]
    first, last = (_day(given[name][-1]) if name in given else None for name in ("first", "last"))
    if (first is None) != (last is None):
        first = last = first or last
    if first is not None and last is not None and last < first:
        first, last = last, first
    period = given.get("period", [""])[-1]
    if period and period not in PERIODS:
        raise Wrong(f"period {period!r}: one of {', '.join(PERIODS)}")
    variables = {name: tuple(dict.fromkeys(given[name])) for name in board.variables if name in given}
    for name in board.single:
        if name in variables:
            variables[name] = variables[name][:1]
    _seconds(*variables.get("conversation_s", ()))
    return BoardRequest(
        language=wanted if wanted in LANGUAGES else language,
        period="" if first else period,
        first=first,
        last=last,
        as_of_last_call=given.get("now", [""])[-1] == "last",
        variables=variables,
    )


def _given(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """The values of each name. What is too much is refused: without its filter a board would show everybody."""
    if len(pairs) > _MOST_VALUES:
        raise Wrong(f"{len(pairs)} values: {_MOST_VALUES} at most")
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        if len(value) > _LONGEST:
            raise Wrong(f"{name}: a value of {len(value)} characters; {_LONGEST} at most")
        if value:
            given.setdefault(name, []).append(value)
    return given


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Wrong(f"{text!r} is not a date such as 2026-11-02") from None
    if not 1970 < day.year < 2105:
        raise Wrong(f"{text!r}: a day between 1971 and 2104")
    return day


def _seconds(*texts: str) -> int:
    for text in texts[:1]:
        if text.isascii() and text.isdigit() and len(text) < 6:
            return int(text)
        raise Wrong(f"conversation_s {text!r}: whole seconds")
    return 0


def moment(expression: str, now: datetime, zone: ZoneInfo) -> datetime:
    """A moment as Grafana writes it (`now-7d/d`): back by so much, then down to the beginning of the unit."""
    found = _EXPRESSION.fullmatch(expression)
    if found is None:
        raise Wrong(f"{expression!r} is not a time such as now-7d/d")
    count, unit, floor = found.groups()
    here = now.astimezone(zone)
    if unit in _SECONDS:
        here = (now - timedelta(seconds=int(count) * _SECONDS[unit])).astimezone(zone)
    elif unit:
        here = datetime.combine(_back(here.date(), int(count), unit), here.time(), zone)
    return datetime.combine(_floor(here.date(), floor), time(), zone) if floor else here


def _back(day: date, count: int, unit: str) -> date:
    if unit in ("d", "w"):
        return day - timedelta(days=count * (7 if unit == "w" else 1))
    months = day.year * 12 + day.month - 1 - count * _MONTHS[unit]
    first = date(months // 12, months % 12 + 1, 1)
    length = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - first
    return first.replace(day=min(day.day, length.days))


def _floor(day: date, unit: str) -> date:
    if unit == "w":
        return day - timedelta(days=day.weekday())
    if unit == "d":
        return day
    months = _MONTHS[unit]
    return day.replace(month=(day.month - 1) // months * months + 1, day=1)
