"""Lines of a socket to legs: what a source of delimited files knows of its rows holds for single lines too."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Literal, Protocol

from connectors.reading.file_format import FileFormat, RowRef
from connectors.reading.rejects import Bad, reject, too_long
from connectors.reading.sample import Sample
from connectors.reading.source import Context, Hints, Recognised
from connectors.reading.table import Delimited, TableReading
from connectors.reading.text import TooLong
from connectors.tcp.lines import ReceivedLine
from schemas.errors import Terminal
from schemas.records import Reason, Record, Rejected


class LineSource(Protocol):
    """Reads lines of one exchange, in order of arrival. What it does not understand is a reject, never an error."""

    @property
    def advice(self) -> str:
        """What settings must say for lines like the latest to be understood; "" when they were."""

    def items(self, lines: Sequence[ReceivedLine], peer: str) -> list[Record | Rejected]:
        """A record or reject for each line that tells of a call; none for headers and page breaks."""


class DelimitedLines:
    """A LineSource made of a source of delimited files. The order of columns is told from the first lines that fit."""

    def __init__(
        self,
        source: Delimited,
        hints: Hints,
        zone: tzinfo | None,
        context: Callable[[], Context],
        *,
        delimiter: str = ",",
        quoted: bool = True,
    ) -> None:
        """`quoted`: whether quotes around a cell are not part of it."""
        self._source = source
        self._quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
        self._hints = hints
        self._zone = zone
        self._context = context
        self._delimiter = delimiter
        self._recognised: Recognised | None = None
        self.advice = ""

    def items(self, lines: Sequence[ReceivedLine], peer: str) -> list[Record | Rejected]:
        origin, context = f"tcp {peer}", self._context()
        items: list[Record | Rejected] = []
        for line in lines:
            if line.too_long:
                items.append(reject(too_long(), line.text, "-", origin, context))
                continue
            try:
                items += self._line(line, context, origin)
            except Terminal as error:
                # Whoever can connect can send half a line, or another's: a verdict on that line, not on the listener.
                self.advice = str(error) if line.whole else self.advice
                items.append(reject(Bad(Reason.UNKNOWN_LAYOUT, detail=str(error)), line.text, "-", origin, context))
        return items

    def _line(self, line: ReceivedLine, context: Context, origin: str) -> list[Record | Rejected]:
        """Raises Terminal when the line is the source's, and settings must say more."""
        cells = self._cells(line.text)
        recognised = self._recognised or self._recognise(cells)
        if recognised is None:
            why = (
                f"{'no' if line.whole else 'the beginning of a line, and not of a'} line of {self._source.about.reads}"
            )
            return [reject(Bad(Reason.UNKNOWN_LAYOUT, detail=why), line.text, "-", origin, context)]
        items = list(self._read(cells, line, recognised, context, origin))
        if line.whole:  # the order of columns of half a line may be any
            self._recognised = recognised
            self.advice = ""
        return items

    def _cells(self, text: str) -> list[str]:
        try:
            return next(csv.reader([text], delimiter=self._delimiter, quoting=self._quoting), [])
        except csv.Error:  # a cell beyond csv's limit
            return []

    def _recognise(self, cells: list[str]) -> Recognised | None:
        layout = self._source.layout([cells], self._hints)
        if layout is None or layout.head:
            return None
        return Recognised(
            profile=self._source.profile,
            kind=self._source.kind,
            layout=layout.name,
            form=FileFormat("", self._delimiter, ""),
            columns=layout.columns,
            date_order=layout.date_order,
            needs_zone=self._source.needs_zone(layout),
            reasons=layout.why,
            guesses=layout.guesses,
        )

    def _read(
        self, cells: list[str], line: ReceivedLine, recognised: Recognised, context: Context, origin: str
    ) -> Iterator[Record | Rejected]:
        source = self._source
        zone = self._zone or source.zone(Sample(Path(origin)), recognised, None)[0]
        yield from TableReading(
            _One((cells, "-", line.text, line.whole)),
            recognised,
            context,
            origin,
            source.maker(recognised, context, zone, origin),
            widths=source.widths(recognised),
            is_whole=lambda fields: source.is_whole(recognised, fields),
        )


class _One:
    """A RowSource of one row."""

    bytes_read = bytes_total = 0

    def __init__(self, row: tuple[list[str], RowRef, str, bool]) -> None:
        self._row = row

    def __iter__(self) -> Iterator[tuple[list[str], RowRef, str, bool] | TooLong]:
        yield self._row


class Printed:
    """A LineSource for what is printed in pages: lines that are not rows are left out before another one reads."""

    def __init__(self, source: LineSource, is_skipped: Callable[[str], bool]) -> None:
        self._source = source
        self._is_skipped = is_skipped

    @property
    def advice(self) -> str:
        return self._source.advice

    def items(self, lines: Sequence[ReceivedLine], peer: str) -> list[Record | Rejected]:
        return self._source.items([line for line in lines if not self._is_skipped(line.text)], peer)
