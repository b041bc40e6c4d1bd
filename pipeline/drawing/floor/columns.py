"""Which numbers a width has room for, and how each is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from typing import NamedTuple

from pipeline.readouts.activity import ActivityNumbers

_BARS = " ▁▂▃▄▅▆▇█"
_PLAIN_BARS = " .:-=+*%#"


class FloorLine(NamedTuple):
    """A manager, a team, or all: the content of one line of the board."""

    label: str
    numbers: ActivityNumbers
    sign: str = " "
    team: str = ""
    last_at: int | None = None
    pulse: Sequence[int] = ()
    plan_fact: float | None = None
    remark: str = ""
    style: str = ""


class FloorColumn(NamedTuple):
    """A number. The greater its `rank`, the sooner it makes room for others."""

    head: str
    rank: int
    least: int
    write: Callable[[FloorLine, tzinfo], str]
    left: bool = False
    optional: bool = False
    """Only there when somebody has something in it."""


def _count(name: str) -> Callable[[FloorLine, tzinfo], str]:
    return lambda line, _: str(getattr(line.numbers, name))


COLUMNS = (
    FloorColumn("team", 9, 4, lambda line, _: line.team, left=True, optional=True),
    FloorColumn("calls", 0, 5, _count("calls")),
    FloorColumn("dials", 10, 5, _count("attempts")),
    FloorColumn("talks", 1, 5, _count("conversations")),
    FloorColumn("hours", 11, 5, lambda line, _: clock_of(line.numbers.talk_s)),
    FloorColumn("orgs", 4, 4, _count("organisations")),
    FloorColumn("A", 0, 3, _count("calls_to_potential")),
    FloorColumn("B", 5, 4, lambda line, _: _ratio(line.numbers.calls_per_organisation)),
    FloorColumn("C", 6, 2, _count("general_proposals")),
    FloorColumn("D", 6, 2, _count("individual_proposals")),
    FloorColumn("sum of D", 12, 9, lambda line, _: _sums(line.numbers)),
    FloorColumn("plan", 3, 5, lambda line, _: _percent(line.plan_fact), optional=True),
    FloorColumn("match", 13, 5, lambda line, _: _percent(line.numbers.match_coverage)),
    FloorColumn("last", 7, 5, lambda line, zone: _time(line.last_at, zone)),
    FloorColumn("", 2, 13, lambda line, _: line.remark, left=True),
)
"""In the order of the board."""


class ColumnFit(NamedTuple):
    """What fits into a width: the columns with their widths, and what is left for names and for the pulse."""

    columns: Sequence[tuple[FloorColumn, int]]
    name: int
    pulse: int


_SIGN, _GAP, _LEAST_NAME, _LEAST_PULSE, _PULSE_RANK = 2, 1, 8, 8, 8


def fit(lines: Sequence[FloorLine], width: int, zone: tzinfo) -> ColumnFit:
    """The columns for a width: the most wanted first, each as wide as its longest cell; names are cut last."""
    longest_name = max((len(line.label) for line in lines), default=0)
    longest_pulse = max((len(line.pulse) for line in lines), default=0)
    name = min(longest_name, max(_LEAST_NAME, width // 5))
    left = width - _SIGN - name
    wide: dict[str, int] = {}
    pulse = 0
    for column in sorted(COLUMNS, key=lambda column: column.rank):
        if column.rank > _PULSE_RANK and not pulse and longest_pulse and left > _LEAST_PULSE + _GAP:
            pulse = _LEAST_PULSE
            left -= pulse + _GAP
        cells = [column.write(line, zone) for line in lines]
        needed = max(column.least, len(column.head), *map(len, cells), 0)
        if needed + _GAP <= left and not (column.optional and not any(cell.strip("-") for cell in cells)):
            wide[column.head] = needed
            left -= needed + _GAP
    more = min(left, longest_name - name)
    name, left = name + more, left - more
    if pulse:
        pulse += min(left, max(0, longest_pulse - pulse))
    return ColumnFit([(column, wide[column.head]) for column in COLUMNS if column.head in wide], name, pulse)


def bars(counts: Sequence[int], length: int, highest: int, *, plain: bool) -> str:
    """The last `length` counts as heights; `highest` is the full one."""
    marks = _PLAIN_BARS if plain else _BARS
    shown = [*[0] * (length - len(counts)), *counts[-length:]] if length else []
    return "".join(marks[0 if not count else max(1, count * (len(marks) - 1) // max(1, highest))] for count in shown)


def clock_of(seconds: int) -> str:
    """Hours and minutes, as 3:07."""
    return f"{seconds // 3600}:{seconds % 3600 // 60:02d}"


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _time(at: int | None, zone: tzinfo) -> str:
    return "-" if at is None else f"{datetime.fromtimestamp(at, zone):%H:%M}"


def _sums(numbers: ActivityNumbers) -> str:
    return ", ".join(f"{amount:,.0f}".replace(",", " ") for amount in numbers.individual_amount.values()) or "-"
