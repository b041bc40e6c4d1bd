"""Grandstream UCM: CDRs as its Master.csv and its download have them.

Source: a Master.csv of a UCM (4,984 rows).
"""

from __future__ import annotations

from connectors.asterisk.derived import DerivedCsv
from connectors.reading.source import About

COLUMNS = {
    "callernumber": "src", "calleenumber": "dst", "sourcechannel": "channel", "destchannel": "dstchannel",
    "lastapp": "lastapp", "lastdate": "lastdata", "lastdata": "lastdata", "starttime": "start", "calltime": "duration",
    "talktime": "billsec", "disposition": "disposition", "uniqueid": "uniqueid", "loguserfield": "way",
    "destchannelextension": "dstext", "session": "call", "actiontype": "action",
}  # fmt: skip


class GrandstreamCsv(DerivedCsv):
    """Master.csv of a UCM, or its download."""

    profile = "grandstream"
    names, title, own = COLUMNS, "Grandstream UCM CDR", "action"
    about = About(
        reads="Grandstream UCM CDR (Master.csv, download)",
        recognised_by="a header with `Caller Number`, `Callee Number`, `Talk Time`, `Log Userfield`, `Action Type`",
        ids="call `Session`, else `Unique ID`; leg `Unique ID`, start, ends, channels and action",
        zone="checked against the epoch in `Unique ID`; `--tz auto` takes what it proves",
        proof="shapes counted on a real dump that is not at hand",
        unconfirmed="other firmwares' headers, files without a header, what `Session` is of a transfer",
    )
