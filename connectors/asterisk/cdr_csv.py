"""A file of the Asterisk family to CallLegs and Rejecteds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

import msgspec

from connectors.asterisk import layouts
from connectors.asterisk.legs import LegReader, is_disposition
from connectors.asterisk.peer_facts import Believed, PeerVotes, beliefs, facts, votes
from connectors.asterisk.peers import Peers
from connectors.reading import zone_proof as clock
from connectors.reading.file_format import JSON, SHEET
from connectors.reading.sample import Sample
from connectors.reading.source import About, Context, Hints, Recognised
from connectors.reading.table import Delimited, Layout, Make
from connectors.reading.wall import WallClock


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
        order, why = clock.date_order(clock.sample(layout.columns, rows[layout.head :]), hints.region)
        return layout._replace(date_order=order, why=(*layout.why, why))

    def recognise(self, sample: Sample, hints: Hints) -> Recognised | None:
        recognised = super().recognise(sample, hints)
        if recognised is None:
            return None
        form = recognised.form
        # A sheet is read as a whole before its last rows are seen: its first ones must do.
        is_text = form.encoding not in (SHEET, JSON)
        cells = sample.cells_from_all_over(form) if is_text else [row.fields for row in sample.rows(form)]
        return msgspec.structs.replace(recognised, evidence=votes(recognised.columns, cells))

    def beliefs(self, recognised: Recognised, context: Context) -> tuple[Believed, ...]:
        """What the peers of the file are taken for, and why."""
        return beliefs(_votes(recognised), context.extension_pattern, context.trunks)

    def zone(self, sample: Sample, recognised: Recognised, zone: tzinfo | None) -> tuple[tzinfo, str]:
        """The zone to read the file with, and why. Raises Terminal when the data says another (finding 3)."""
        return clock.settle(sample, recognised, zone)

    def maker(self, recognised: Recognised, context: Context, zone: tzinfo, file: str) -> Make:
        wall = WallClock(zone, recognised.date_order, clock.epoch_of)
        known = facts(_votes(recognised), context.extension_pattern, context.trunks)
        peers = Peers(context.extension_pattern, context.trunks, known)
        return LegReader(recognised.columns, wall, peers, context, file).leg

    def is_whole(self, recognised: Recognised, fields: Sequence[str]) -> bool:
        """The last cell may be a part: believed when nothing depends on it, or its word is known."""
        last = recognised.columns[-1]
        return not last or (last == "disposition" and is_disposition(fields[-1]))


def _votes(recognised: Recognised) -> tuple[PeerVotes, ...]:
    found = recognised.evidence
    return found if isinstance(found, tuple) else ()
