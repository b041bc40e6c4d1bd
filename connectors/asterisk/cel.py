"""Asterisk's channel event log: cel_custom's CSV, and the `cel` table of cel_odbc, cel_pgsql and FreePBX with a header.

Loaded under the name of the exchange whose CDRs are loaded too, its legs are of the same calls: `linkedid`. A row of
this source is a channel that makes a leg; events that only tell more of one are not rows of their own. Sources:
cel_custom.conf.sample, cel.conf.sample, main/cel.c; the `cel` table of a FreePBX.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

import msgspec

from connectors.asterisk.cel_calls import READ, Gathered, Gatherer, Seconds
from connectors.asterisk.cel_layouts import EPOCH, by_header, by_values, check_events, check_order, starts
from connectors.asterisk.cel_legs import CelLegs, Unfinished
from connectors.asterisk.line_prefixes import LinePrefix, describe, line_prefixes_of_events, with_prefixes
from connectors.asterisk.peer_facts import PeerVotes, beliefs, facts, votes_of_events
from connectors.asterisk.peers import Peers
from connectors.reading import zone_proof as clock
from connectors.reading.file_format import RowRef
from connectors.reading.packed import label
from connectors.reading.rejects import Broken, Misread, reject
from connectors.reading.row_source import RowFilter, RowSource
from connectors.reading.sample import Sample
from connectors.reading.source import About, Believed, Context, Hints, Recognised
from connectors.reading.table import Layout, TableReading, TableSource
from connectors.reading.text import TooLong
from connectors.reading.times import DATE, EARLIEST_S, LATEST_S, NO_ZONE, Times, read
from schemas.records import CallLeg, Reason, Record, Rejected


class EventEvidence(NamedTuple):
    """What events from all over a log tell of the exchange."""

    votes: tuple[PeerVotes, ...] = ()
    prefixes: Mapping[str, LinePrefix] = {}
    """What it takes off dialled numbers."""


class AsteriskCel(TableSource):
    """The log, or an export of the table that it is written to."""

    profile = "asterisk-cel"
    about = About(
        reads="Asterisk CEL (cel_custom's CSV, or the `cel` table as CSV)",
        recognised_by="events in column 1 and a time in column 2, 3 or 4 of 20, 21 or 24; a header with eventtype,"
        " eventtime, channame, uniqueid, linkedid",
        ids="call `linkedid`, which is the CDR's: load both under one source; leg `uniqueid` of the channel",
        zone="none needed where times are epochs; else checked against the epoch in `uniqueid`",
        proof="371 calls of a FreePBX dump, its `cel` against its `cdr`, that is not at hand",
        unconfirmed="queues, attended transfers, parking and pick-ups of a real log; eventtype as a number; JSON of"
        " cel_custom; Asterisk before 12 (refused); a channel whose events are not all in one file is rejected; where"
        " the table keeps whole seconds a talk is a second more or less than in the CDR",
    )

    def layout(self, rows: Sequence[Sequence[str]], hints: Hints) -> Layout | None:
        layout = (by_header(rows[0]) or by_values(rows)) if rows else None
        if layout is None:
            return None
        data = [row for row in rows[layout.head :] if len(row) == len(layout.columns)]
        times = [row[layout.columns.index("time")] for row in data]
        epochs = [text for text in times if EPOCH.fullmatch(text)]
        locals_ = [text for text in times if DATE.fullmatch(text)]
        if data and max(len(epochs), len(locals_)) * 2 <= len(data):
            return None
        check_events(data, layout.columns)
        if len(epochs) > len(locals_):
            check_order([float(text) for text in epochs])
            columns = tuple("epoch" if name == "time" else name for name in layout.columns)
            return layout._replace(columns=columns, why=(*layout.why, "times are seconds since the epoch"))
        order = clock.date_order(starts(layout.columns, data), hints.region)
        check_order([at.timestamp() for text in locals_ if (at := _naive(text, order.order)) is not None])
        return layout._replace(date_order=order.order, why=(*layout.why, order.why), guesses=order.guesses)

    def recognise(self, sample: Sample, hints: Hints) -> Recognised | None:
        recognised = super().recognise(sample, hints)
        if recognised is None:
            return None
        cells = sample.cells_that_decide(recognised.form)
        prefixes = line_prefixes_of_events(recognised.columns, cells, hints.region)
        return msgspec.structs.replace(
            recognised,
            evidence=EventEvidence(votes_of_events(recognised.columns, cells), prefixes),
            guesses=(*recognised.guesses, *describe(prefixes)),
            shows={"prefixes": tuple(prefixes)} if prefixes else {},
        )

    def beliefs(self, recognised: Recognised, context: Context) -> tuple[Believed, ...]:
        """What the peers of the log are taken for, and why."""
        return beliefs(_evidence(recognised).votes, context.extension_pattern, context.trunks, context.ties)

    def needs_zone(self, layout: Layout) -> bool:
        return "epoch" not in layout.columns

    def zone(self, sample: Sample, recognised: Recognised, zone: tzinfo | None) -> tuple[tzinfo, str]:
        """The zone to read the file with, and why. Raises Terminal when the epochs in uniqueid say another."""
        if not recognised.needs_zone:
            return NO_ZONE
        samples = starts(recognised.columns, sample.cells_from_all_over(recognised.form))
        proof = clock.prove(samples, recognised.date_order)
        if zone is None:
            return clock.proven_zone(proof, samples, recognised.date_order, str(sample.path))
        return zone, clock.check_zone(proof, samples, recognised.date_order, zone, str(sample.path))

    def is_whole(self, recognised: Recognised, fields: Sequence[str]) -> bool:
        """An id that is cut is another id."""
        return False

    def read(self, path: Path, recognised: Recognised, context: Context) -> CelReading:
        zone = context.zone or self.zone(Sample(path), recognised, None)[0]
        seconds = epoch_s if "epoch" in recognised.columns else WallSeconds(zone, recognised.date_order).seconds
        return CelReading(self, path, recognised, with_prefixes(context, _evidence(recognised).prefixes), seconds)


def _evidence(recognised: Recognised) -> EventEvidence:
    found = recognised.evidence
    return found if isinstance(found, EventEvidence) else EventEvidence()


class CelReading:
    """Iterate for the legs and rejects of a log; `rows` are the rows that give one."""

    def __init__(
        self, source: AsteriskCel, path: Path, recognised: Recognised, context: Context, seconds: Seconds
    ) -> None:
        self.rows = 0
        self._context = context
        self._file = label(path)
        known = facts(_evidence(recognised).votes, context.extension_pattern, context.trunks, context.ties)
        self._legs = CelLegs(Peers(context.extension_pattern, context.trunks, known, context.ties), self._file)
        self._events = Gatherer(seconds, self._legs.is_phone)
        self._due = False
        columns = recognised.columns
        width = len(columns)
        # A missing column is read from one past the end, where a "" is put.
        self._pick = itemgetter(*(columns.index(name) if name in columns else width for name in _places(columns)))
        self._source = _Noted(source.rows(path, recognised))
        self._table = TableReading(
            self._source,
            recognised,
            context,
            self._file,
            self._take,
            widths=source.widths(recognised),
            is_whole=lambda fields: source.is_whole(recognised, fields),
        )

    @property
    def bytes_total(self) -> int:
        return self._table.bytes_total

    @property
    def bytes_read(self) -> int:
        return self._table.bytes_read

    def __iter__(self) -> Iterator[Record | Rejected]:
        for item in self._table:
            if item is not _TAKEN:
                self.rows += 1
                yield item
            elif self._due:
                yield from self._items(self._events.settled())
        yield from self._items(self._events.rest())

    def _take(self, fields: list[str], row_ref: RowRef) -> Record:
        fields.append("")
        self._due = self._events.add(self._pick(fields), row_ref, self._source.text)
        return _TAKEN

    def _items(self, calls: Iterable[Gathered]) -> Iterator[CallLeg | Rejected]:
        for call in calls:
            for item in self._legs.items(call, self._context):
                self.rows += 1
                if isinstance(item, Unfinished):
                    yield reject(item.bad, item.text, item.row_ref, self._file, self._context)
                else:
                    yield item


_TAKEN = Record()
"""What a row gives that only tells more of a channel."""


class _Noted(RowFilter):
    """Rows, with the text of the last one."""

    def __init__(self, rows: RowSource) -> None:
        super().__init__(rows)
        self.text = ""

    def __iter__(self) -> Iterator[tuple[list[str], RowRef, str, bool] | TooLong | Broken]:
        for row in self._rows:
            self.text = row.text if isinstance(row, TooLong | Broken) else row[2]
            yield row


class WallSeconds:
    """Times of a wall clock to seconds since the epoch; what is less than a second is cut."""

    def __init__(self, zone: tzinfo, order: str) -> None:
        self._wall = Times(zone, order, clock.epoch_of)

    def seconds(self, text: str, uniqueid: str) -> float:
        """Raises Misread."""
        if len(text) > _WHOLE and text[_WHOLE] == ".":
            text = text[:_WHOLE]
        return self._wall.utc(text, "time", uniqueid).timestamp()


_WHOLE = len("2026-11-02 09:00:00")


def epoch_s(text: str, _: str) -> float:
    """Seconds since the epoch, with or without a fraction. Raises Misread."""
    if EPOCH.fullmatch(text) is None or not EARLIEST_S <= (at := float(text)) <= LATEST_S:
        raise Misread(Reason.BAD_TIME, "epoch", f"{text[:40]!r} is not a number of seconds since the epoch")
    return at


def _places(columns: Sequence[str]) -> Iterator[str]:
    """The columns in the order of READ; its time is one of ours by two names."""
    time = "epoch" if "epoch" in columns else "time"
    return (time if name == "at" else name for name in READ)


def _naive(text: str, order: str) -> datetime | None:
    try:
        return read(text, order)
    except Misread:
        return None
