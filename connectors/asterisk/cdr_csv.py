"""A file of the Asterisk family to CallLegs and Rejecteds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import NamedTuple

import msgspec

from connectors.asterisk import layouts
from connectors.asterisk.legs import LegReader, is_disposition
from connectors.asterisk.line_prefixes import LinePrefix, describe, line_prefixes, with_prefixes
from connectors.asterisk.peer_facts import PeerVotes, beliefs, facts, votes
from connectors.asterisk.peers import Peers
from connectors.asterisk.servers import SharedIds, servers_named
from connectors.reading import zone_proof as clock
from connectors.reading.sample import Sample
from connectors.reading.source import About, Believed, Context, Hints, Recognised
from connectors.reading.table import Delimited, Layout, Make, TableReading
from connectors.reading.text import RawRow
from connectors.reading.times import Times, say_offset, stated


class Evidence(NamedTuple):
    """What rows from all over a file tell of the exchange."""

    votes: tuple[PeerVotes, ...] = ()
    shared: SharedIds | None = None
    """Ids that two servers gave."""
    is_by_server: bool = False
    """Rows name their server, and there are several."""
    prefixes: Mapping[str, LinePrefix] = {}
    """What the exchange takes off dialled numbers."""


class AsteriskCsv(Delimited):
    """cdr_csv, cdr_custom, FreePBX reports with and without a header, hand-picked columns, PBXware dumps."""

    profile = "asterisk-csv"
    is_family = True
    about = About(
        reads="Asterisk cdr_csv and cdr_custom, FreePBX report, PBXware dump,"
        " columns calldate,src,dst,duration,billsec,disposition",
        recognised_by="a header, or where the first date stands: see below",
        ids="call `linkedid`, else `uniqueid`; leg `uniqueid` and `sequence`",
        zone="checked against the epoch in `uniqueid`; `--tz auto` takes what it proves",
        proof="nine real exports",
    )

    def layout(self, rows: Sequence[Sequence[str]], hints: Hints) -> Layout | None:
        layout = layouts.recognise(rows)
        if layout is None:
            return None
        starts = [start for start, _ in clock.sample(layout.columns, rows[layout.head :])]
        if say_offset(starts):
            return layout._replace(has_offset=True, why=(*layout.why, "times say their offset"))
        order = clock.date_order(clock.dates(layout.columns, rows[layout.head :]), hints.region)
        return layout._replace(date_order=order.order, why=(*layout.why, order.why), guesses=order.guesses)

    def recognise(self, sample: Sample, hints: Hints) -> Recognised | None:
        recognised = super().recognise(sample, hints)
        if recognised is None:
            return None
        cells = sample.cells_that_decide(recognised.form)
        columns = recognised.columns
        shared = SharedIds(columns, cells)
        prefixes = line_prefixes(columns, cells, hints.region)
        evidence = Evidence(votes(columns, cells), shared if shared else None, servers_named(columns, cells), prefixes)
        reasons, guesses = recognised.reasons, [*recognised.guesses, *describe(prefixes)]
        if queued := _rows_of_queues(columns, cells):
            guesses.append(
                f"talk runs from the answer of the caller's channel: behind a queue ({queued} of {len(cells)} rows) or"
                " a menu it may hold ringing; channel events (CEL) under the same source say it exactly"
            )
        if evidence.is_by_server:
            reasons += ("the column of servers is a part of the ids: their uniqueids may be equal",)
        elif shared:
            uniqueid, *channels = shared.example
            guesses.append(
                f"two servers gave the same uniqueid ({uniqueid}: {' and '.join(channels)}): these calls are told apart"
                " by their channels; export with a column `server`, or load each server as a source of its own"
            )
        shows = {"prefixes": tuple(prefixes)} if prefixes else {}
        return msgspec.structs.replace(
            recognised, evidence=evidence, reasons=reasons, guesses=tuple(guesses), shows=shows
        )

    def read(self, path: Path, recognised: Recognised, context: Context) -> TableReading:
        evidence = _evidence(recognised)
        if evidence.shared is not None:  # of the whole file now
            rows = (row.fields for row in self.rows(path, recognised) if isinstance(row, RawRow))
            evidence = evidence._replace(shared=SharedIds(recognised.columns, rows))
            recognised = msgspec.structs.replace(recognised, evidence=evidence)
        return super().read(path, recognised, with_prefixes(context, evidence.prefixes))

    def beliefs(self, recognised: Recognised, context: Context) -> tuple[Believed, ...]:
        """What the peers of the file are taken for, and why."""
        return beliefs(_evidence(recognised).votes, context.extension_pattern, context.trunks, context.ties)

    def zone(self, sample: Sample, recognised: Recognised, zone: tzinfo | None) -> tuple[tzinfo, str]:
        """The zone to read the file with, and why. Raises Terminal when the data says another (finding 3)."""
        return (
            clock.settle(sample, recognised, zone) if recognised.needs_zone else super().zone(sample, recognised, zone)
        )

    def maker(self, recognised: Recognised, context: Context, zone: tzinfo, file: str) -> Make:
        wall = Times(zone if recognised.needs_zone else stated(zone), recognised.date_order, clock.epoch_of)
        evidence = _evidence(recognised)
        known = facts(evidence.votes, context.extension_pattern, context.trunks, context.ties)
        peers = Peers(context.extension_pattern, context.trunks, known, context.ties)
        shared = None if evidence.is_by_server else evidence.shared
        columns = recognised.columns if evidence.is_by_server else _without_server(recognised.columns)
        return LegReader(columns, wall, peers, context, file, shared).leg

    def is_whole(self, recognised: Recognised, fields: Sequence[str]) -> bool:
        """The last cell may be a part: believed when nothing depends on it, or its word is known."""
        last = recognised.columns[-1]
        return not last or (last == "disposition" and is_disposition(fields[-1]))


def _rows_of_queues(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    if "lastapp" not in columns:
        return 0
    index = columns.index("lastapp")
    return sum(len(row) == len(columns) and row[index] == "Queue" for row in rows)


def _evidence(recognised: Recognised) -> Evidence:
    found = recognised.evidence
    return found if isinstance(found, Evidence) else Evidence()


def _without_server(columns: tuple[str, ...]) -> tuple[str, ...]:
    """The name of the only server is not a part of an id."""
    return tuple("" if name == "server" else name for name in columns)
