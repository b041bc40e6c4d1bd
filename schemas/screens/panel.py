"""What a screen shows, as values: boards, panels, columns. Grafana's JSON, the board page and the report are drawn
from them.

Texts are not here: a panel's title and description stand under its id, a column's title under its name, in
`translations/LANGUAGE/boards.toml`.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from schemas.parameters import Query, Value


class PanelType(StrEnum):
    """How the rows of a metric are drawn."""

    STAT = "stat"
    """The numbers of one row, each large."""
    TABLE = "table"
    MATRIX = "matrix"
    """A table whose columns are the values of a column: `row`, `across`, and one number."""
    LINES = "lines"
    """Numbers over time; the first column is the time."""
    COLUMNS = "columns"
    """Upright bars over time; what is not complete yet has a column (and a look) of its own."""
    BARS = "bars"
    """Bars by name: the first column is the name."""
    FUNNEL = "funnel"
    """Level bars in the order of the stages: the first column is the stage."""
    HEAT = "heat"
    """Colour over time (first column) and by name (second)."""
    INCIDENTS = "incidents"
    """Warnings that stand. The page says each in words, and takes what a reader says of it; elsewhere it is a table."""
    TEXT = "text"
    """Text alone; no metric."""


class Unit(StrEnum):
    """What a number is in."""

    COUNT = "count"
    RATIO = "ratio"
    """0.25 is 25 %."""
    DECIMAL = "decimal"
    SECONDS = "seconds"
    DAYS = "days"
    MONEY = "money"
    TEXT = "text"
    TIME = "time"
    """A moment, to the minute."""
    TIME_S = "time_s"
    """A moment, to the second."""
    DAY = "day"
    """The day that begins at a moment."""
    FLAG = "flag"
    """1 is yes."""
    NUMBER = "number"
    """Numbers of several kinds in one column: decimals only where a small one has any."""
    COURSE = "course"
    """A list of numbers, one after the other in time: a line without axes. Grafana's tables leave it out."""


class SeriesStyle(StrEnum):
    """How a series stands out from its neighbours. Never by colour alone: lines and fills differ too."""

    PLAIN = "plain"
    UNFINISHED = "unfinished"
    """Of a bucket that is not over: pale, dashed."""
    REFERENCE = "reference"
    """What it is held against (plan, team, earlier): a thin grey dashed line."""


NUMBERS = frozenset({Unit.COUNT, Unit.RATIO, Unit.DECIMAL, Unit.SECONDS, Unit.DAYS, Unit.MONEY, Unit.NUMBER})
TIMES = frozenset({Unit.TIME, Unit.TIME_S, Unit.DAY})


class Threshold(msgspec.Struct, frozen=True):
    """From `at` on a number is `what`: good, notice or bad."""

    at: float
    what: str


class PanelLink(msgspec.Struct, frozen=True, kw_only=True):
    """From a number to what is behind it: another board, with its variables set from the row."""

    board: str = ""
    title_id: str
    """Under which its title stands in `[links]`."""
    url: str = ""
    """An address, instead of a board."""
    on_page: bool = False
    """To that board of the board page, from Grafana, which cannot do what the page can."""
    variables: tuple[tuple[str, str], ...] = ()
    """(variable, column of the row)."""
    fixed: tuple[tuple[str, str], ...] = ()
    """(variable, value)."""
    days: tuple[str, str] | None = None
    """Columns with the first and the last day of the period that it opens; else it is the reader's."""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A column of a metric that is shown. Its title stands under `title_id` (else its name) in `[columns]`."""

    name: str
    unit: Unit = Unit.COUNT
    title_id: str = ""
    style: SeriesStyle = SeriesStyle.PLAIN
    values: str = ""
    """The table of `[values]` that says what its codes mean; `stage` and `potential` come from the stages."""
    hidden: bool = False
    """Not shown: a link needs it."""
    beside: str = ""
    """The column in whose cell a page writes it too, after a comma; Grafana has a column of it."""
    once: bool = False
    """The same in every row: a page says it once, below the table."""
    thresholds: tuple[Threshold, ...] = ()
    link: PanelLink | None = None
    width: int = 0
    """Pixels in a table; 0 lets the table decide."""

    @property
    def title(self) -> str:
        return self.title_id or self.name


class ChangeColumn(Column, frozen=True, kw_only=True):
    """A column with the difference to an earlier number: written with its sign."""


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to look at. `width` is in columns of 24, `height` in Grafana's rows of 38 pixels."""

    id: str
    panel_type: PanelType
    query: Query | None = None
    columns: tuple[Column, ...] = ()
    width: int = 12
    height: int = 8
    last: str = ""
    """A period of its own, up to now (`1h`), instead of the board's."""
    of_loads: bool = False
    """It tells of loads and doors, by their own time: up to this moment on a page as of the last call, too."""


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """A screen. `start` and `end` are the period that it opens with, as Grafana writes it (now/d)."""

    id: str
    panels: tuple[Panel, ...]
    variables: tuple[str, ...]
    start: str
    end: str = "now"
    refresh: str = "1m"
    single: tuple[str, ...] = ()
    """Variables of which one value is chosen, never all."""

    @property
    def all_variables(self) -> tuple[str, ...]:
        """Those that a reader chooses, and the reporting zone."""
        return (*self.variables, "zone")


def column(name: str, unit: Unit = Unit.COUNT, **fields: object) -> Column:
    """A column, shorter."""
    return msgspec.structs.replace(Column(name=name, unit=unit), **fields)


def query(metric: str, **fixed: Value) -> Query:
    """A metric with some of its parameters set."""
    return Query(metric=metric, fixed=tuple(fixed.items()))


def settled(metric: str, **fixed: Value) -> Query:
    """A metric that recounts what was counted by the settings, or that a rule of warning reads by them."""
    return Query(metric=metric, fixed=tuple(fixed.items()), settled=True)
