"""Rows of a table of call records, as legs and rejects."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta

from connectors.reading.rejects import Misread, reject
from connectors.reading.source import Context
from connectors.reading.table import without_nothing
from connectors.sql.database import Database
from connectors.sql.shape import Make, Shape
from connectors.sql.window import Slice, settled
from connectors.sql.zone import ZoneWatch
from schemas.records import CallLeg, Record, Rejected

_MOST_REMEMBERED = 1_000_000

Open = Callable[[], "TableReader"]
"""The table. Raises Transient while its database is away, Terminal when somebody must mend something."""


class TableReader:
    """Reads one table. `context` gives the context of what is read next, with a new version each time."""

    def __init__(self, database: Database, table: str, shape: Shape, context: Callable[[], Context]) -> None:
        self._database = database
        self._table = table
        self._origin = f"sql {table}"
        self._context = context
        self._zone = ZoneWatch(table, shape)
        self.shape = shape
        self.longest = timedelta()
        """The longest call that was read."""

    def read(self, part: Slice, known: AbstractSet[bytes], seen: set[bytes]) -> Iterator[Sequence[Record | Rejected]]:
        """Rows of a slice in batches, without those whose digest is known; the digests of all of them go to `seen`.

        Raises Transient or Terminal.
        """
        shape = self.shape
        start = shape.columns.index(shape.start)
        bounds = (shape.bound(part.since), None if part.until is None else shape.bound(part.until))
        for batch in self._database.rows(self._table, shape.columns, shape.start, bounds):
            context = self._context()
            make = shape.maker(context, self._origin)
            items: list[Record | Rejected] = []
            texts = [without_nothing(shape.texts(row)) for row in batch]
            self._zone.check(texts)
            for cells in texts:
                digest = hashlib.blake2b("\x1f".join(cells).encode("utf-8", "surrogateescape"), digest_size=16).digest()
                if digest not in known:
                    items.append(self._item(make, cells, cells[start], context))
                if len(seen) < _MOST_REMEMBERED:
                    seen.add(digest)
            yield items

    def ended_since(self, moment: datetime, overlap: timedelta) -> Iterator[Sequence[Record | Rejected]]:
        """Every call that ended since a moment, and others; none may be longer than `overlap`."""
        yield from self.read(Slice(settled(moment, overlap, self.shape.zone), None), frozenset(), set())

    def first_from(self, since: datetime) -> datetime | None:
        """When the first row that starts from a wall time on starts; None when there is none."""
        first = self._database.first(self._table, self.shape.start, self.shape.bound(since))
        return None if first is None else self.shape.wall(first)

    def now(self) -> datetime:
        """The database's clock."""
        return self._database.now()

    def _item(self, make: Make, cells: list[str], row_ref: str, context: Context) -> CallLeg | Rejected:
        try:
            leg = make(list(cells), row_ref)
        except Misread as misread:
            return reject(misread.bad, as_csv(cells), row_ref, self._origin, context)
        self.longest = max(self.longest, leg.ended_at - leg.started_at)
        return leg


def as_csv(cells: Sequence[str]) -> str:
    """A row as a line of CSV, to be mended by hand."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()
