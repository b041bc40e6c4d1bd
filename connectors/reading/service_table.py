"""What the tables of telephone services share: columns by the names of the service's API, in CSV, JSON or a sheet."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from operator import itemgetter

from connectors.reading.file_format import RowRef
from connectors.reading.json_table import Under
from connectors.reading.leg import LegFields, leg_from_fields
from connectors.reading.source import Context, Hints, Recognised
from connectors.reading.table import Delimited, Layout, Make
from connectors.reading.times import Times, say_offset, stated
from connectors.reading.zone_proof import DateOrder, date_order, dates
from schemas.records import CallLeg

_NOISE = re.compile(r"[\s_\-\"'()]+")


class ServiceTable(Delimited):
    """A header, or keys, that name what the service's API calls them. Its subclass says what they mean."""

    title: str
    fields: Mapping[str, tuple[str, ...]]
    """Ours -> theirs, without case, spaces and underscores; `parse_row` gets the cells in this order."""
    needed: frozenset[str]
    start = "start"
    json_under: Under | None = ()

    @abstractmethod
    def parse_row(self, cells: Sequence[str], moments: Times, context: Context) -> LegFields:
        """What a row says; cells of absent columns are "". Raises Misread."""

    def layout(self, rows: Sequence[Sequence[str]], hints: Hints) -> Layout | None:
        if not rows:
            return None
        header = [_NOISE.sub("", name).casefold() for name in rows[0]]
        columns = [""] * len(header)
        for field, headers in self.fields.items():
            index = next((header.index(word) for word in headers if word in header), None)
            if index is not None and not columns[index]:
                columns[index] = field
        if not self.needed <= set(columns):
            return None
        data = [row for row in rows[1:] if len(row) == len(header)]
        index = columns.index(self.start)
        has_offset = say_offset([row[index] for row in data])
        order = DateOrder("ymd", "times say their offset") if has_offset else self._order(tuple(columns), data, hints)
        columns_text = ", ".join(f"{name} is {field}" for name, field in zip(rows[0], columns, strict=True) if field)
        return Layout(
            f"{self.title}, {sum(map(bool, columns))} of its columns",
            tuple(columns),
            1,
            (columns_text, order.why),
            order.order,
            has_offset,
            guesses=order.guesses,
        )

    def maker(self, recognised: Recognised, context: Context, zone: tzinfo, file: str) -> Make:
        columns, width = recognised.columns, len(recognised.columns)
        pick = itemgetter(*(columns.index(name) if name in columns else width for name in self.fields))
        moments = Times(stated(zone), recognised.date_order)
        parse_row = self.parse_row

        def leg(fields: list[str], row_ref: RowRef) -> CallLeg:
            fields.append("")
            return leg_from_fields(parse_row(pick(fields), moments, context), context, f"{file}:{row_ref}")

        return leg

    def _order(self, columns: tuple[str, ...], rows: Sequence[Sequence[str]], hints: Hints) -> DateOrder:
        return date_order(dates(columns, rows, (self.start, "answer", "end"), ""), hints.region)
