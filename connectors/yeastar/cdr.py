"""Yeastar: an export of its CDR table.

Sources: its page on that table, and a dump.
"""

from __future__ import annotations

from connectors.asterisk.derived import DerivedCsv
from connectors.reading.source import About

COLUMNS = {
    "datetime": "start", "src": "src", "dst": "dst", "srctrunk": "srctrunk", "dstrunk": "dsttrunk",
    "dsttrunk": "dsttrunk", "lastapp": "lastapp", "lastdata": "lastdata", "duration": "duration",
    "billable": "billsec", "disposition": "disposition", "calltype": "way", "uniqueid": "uniqueid",
    "recordfile": "recording", "didnumber": "did",
}  # fmt: skip


class YeastarCsv(DerivedCsv):
    """An export of the table cdr_YYYYMM."""

    profile = "yeastar"
    names, title, own = COLUMNS, "Yeastar CDR", "srctrunk"
    about = About(
        reads="Yeastar CDR (export of its table)",
        recognised_by="a header with `datetime`, `srctrunk`, `billable`, `calltype`",
        ids="call `uniqueid`; leg that, start, ends and application",
        zone="checked against the epoch in `uniqueid`; `--tz auto` takes what it proves",
        proof="columns of its help page and of a dump that is not at hand",
        unconfirmed="no channel is written: who answered a queue is not known; calltypes other than inbound, outbound"
        " and internal go by what the numbers look like; the web page's own download",
    )
