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
    # Its API, `cdr_root`.
    "src": "src", "dst": "dst", "channel": "channel", "dstchannel": "dstchannel", "start": "start",
    "duration": "duration", "billsec": "billsec", "userfield": "way", "dstchannelext": "dstext",
    "destchannelextension": "dstext", "session": "call", "actiontype": "action",
}  # fmt: skip


class GrandstreamCsv(DerivedCsv):
    """Master.csv of a UCM, or its download."""

    profile = "grandstream"
    names, title, own = COLUMNS, "Grandstream UCM CDR", "action"
    json_under = (("cdr_root",), ())
    about = About(
        reads="Grandstream UCM CDR (Master.csv, download, answers of its API)",
        recognised_by="a header with `Caller Number`, `Callee Number`, `Talk Time`, `Log Userfield`, `Action Type`;"
        " keys `src`, `dst`, `userfield`, `action_type` under `cdr_root`",
        ids="call `Session`, else `Unique ID`; leg `Unique ID`, start, ends, channels and action",
        zone="checked against the epoch in `Unique ID`; `--tz auto` takes what it proves",
        proof="shapes counted on a real dump that is not at hand",
        unconfirmed="other firmwares' headers, files without a header, what `Session` is of a transfer;"
        " answers of the API with `main_cdr` and `sub_cdr` inside of a call are refused",
    )
