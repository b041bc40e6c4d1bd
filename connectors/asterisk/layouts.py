"""Which column is what, told from the header or from where dates and ids stand.

Sources: asterisk cdr/cdr_csv.c and configs/samples/cdr.conf.sample, cdr_custom.conf.sample; FreePBX
cdr:functions.inc.php (cdr_export_csv); real exports.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from connectors.reading.table import Layout, fits
from connectors.reading.times import DATE
from connectors.reading.zone_proof import UNIQUEID

_CDR_CSV = [
    "accountcode",
    "src",
    "dst",
    "dcontext",
    "clid",
    "channel",
    "dstchannel",
    "lastapp",
    "lastdata",
    "start",
    "answer",
    "end",
    "duration",
    "billsec",
    "disposition",
    "amaflags",
]
_CDR_CSV_TAILS = {
    16: [],
    17: ["?"],  # uniqueid or userfield, by its values
    18: ["uniqueid", "userfield"],
    19: ["peeraccount", "linkedid", "sequence"],
    20: ["?", "peeraccount", "linkedid", "sequence"],
    21: ["uniqueid", "userfield", "peeraccount", "linkedid", "sequence"],
}
_CDR_CUSTOM = [
    "clid",
    "src",
    "dst",
    "dcontext",
    "channel",
    "dstchannel",
    "lastapp",
    "lastdata",
    "start",
    "answer",
    "end",
    "duration",
    "billsec",
    "disposition",
    "amaflags",
    "accountcode",
    "uniqueid",
    "userfield",
    "sequence",
]
_FREEPBX = [
    "start",
    "clid",
    "src",
    "dst",
    "dcontext",
    "channel",
    "dstchannel",
    "lastapp",
    "lastdata",
    "duration",
    "billsec",
    "disposition",
    "amaflags",
    "accountcode",
    "uniqueid",
    "userfield",
    "did",
    "cnum",
    "cnam",
    "outbound_cnum",
    "outbound_cnam",
    "dst_cnam",
    "recordingfile",
    "linkedid",
    "peeraccount",
    "sequence",
]

# Before linkedid came, recordingfile stood after did; the two columns behind dst_cnam differ by installation.
_FREEPBX_OLD = [*_FREEPBX[:17], "recordingfile", *_FREEPBX[17:22]]

# Header words of the family -> our names. FreePBX and its forks call the start `calldate`.
NAMES = {
    "calldate": "start", "start": "start", "starttime": "start", "datetime": "start", "date": "start",
    "answer": "answer", "answertime": "answer", "end": "end", "endtime": "end", "hangup": "end",
    "src": "src", "source": "src", "dst": "dst", "destination": "dst", "dcontext": "dcontext",
    "channel": "channel", "dstchannel": "dstchannel", "destinationchannel": "dstchannel",
    "lastapp": "lastapp", "lastapplication": "lastapp", "lastdata": "lastdata",
    "duration": "duration", "billsec": "billsec", "billableseconds": "billsec", "billable": "billsec",
    "disposition": "disposition", "uniqueid": "uniqueid", "linkedid": "linkedid", "sequence": "sequence",
    "did": "did", "cnum": "cnum", "recordingfile": "recordingfile", "recordfile": "recordingfile",
    "server": "server", "systemname": "server", "hostname": "server", "serverid": "server",
}  # fmt: skip

_HAND_PICKED = {
    **dict.fromkeys(("duration", "billsec"), re.compile(r"\s*\d{1,6}\s*")),
    "disposition": re.compile(r"\s*[A-Z][A-Z _]+\s*", re.IGNORECASE),
}
_SHARE = 1 / 3
"""Of the first rows, to take a layout without a header from them: a beginning may be damaged."""


def recognise(rows: Sequence[Sequence[str]]) -> Layout | None:
    """The layout of a file from its first rows; None when it does not belong to the family."""
    if not rows:
        return None
    layout = by_header(rows[0]) or (None if _is_foreign_header(rows[0]) else by_values(rows))
    return _without_false_linkedid(layout, rows) if layout else None


def _without_false_linkedid(layout: Layout, rows: Sequence[Sequence[str]]) -> Layout:
    """Leave out a linkedid column that holds no ids: taking it would make one call of everything."""
    if "linkedid" not in layout.columns:
        return layout
    index = layout.columns.index("linkedid")
    values = [row[index].strip('"') for row in rows[layout.head :] if len(row) == len(layout.columns)]
    # Empty ones say nothing: a file may begin before the exchange was told to write them.
    values = [value for value in values if value not in ("", "NULL")]
    ids = sum(UNIQUEID.fullmatch(value) is not None for value in values)
    if ids * 2 >= len(values):
        return layout
    columns = tuple("" if name == "linkedid" else name for name in layout.columns)
    return layout._replace(columns=columns, why=(*layout.why, "the linkedid column holds no ids: not used"))


_ELASTIX = {
    "date": "start", "source": "src", "destination": "dst", "srcchannel": "channel", "dstchannel": "dstchannel",
    "status": "disposition", "duration": "billsec", "uniqueid": "uniqueid",
}  # fmt: skip
"""The CDR report of Elastix and Issabel: its Duration is the talk, `60s (1m)`."""


def by_header(header: Sequence[str]) -> Layout | None:
    """The layout that a header names, whatever the order; at least start, src, dst, billsec and disposition."""
    names = [re.sub(r"[\s_.\"]", "", name).lower() for name in header]
    if {"date", "srcchannel", "status", "duration", "source", "destination"} <= set(names):
        columns = tuple(_ELASTIX.get(name, "") for name in names)
        seen = f"the first row names {len(names)} columns of the report, Src. Channel among them; Duration is talk"
        return Layout("Elastix or Issabel report", columns, 1, (seen,))
    columns = tuple(NAMES.get(name, "") for name in names)
    if not {"start", "src", "dst", "billsec", "disposition"} <= set(columns):
        return None
    kind = "FreePBX report" if "uniqueid" in columns else "hand-picked columns"
    if "acctid" in [name.strip().lower() for name in header]:
        kind = "PBXware dump"
    unused = [name for name, column in zip(header, columns, strict=True) if not column]
    why = [f"the first row is a header that names {len(header)} columns, calldate or start among them"]
    if unused:
        why.append(f"columns not used: {', '.join(unused)}")
    return Layout(f"{kind}, {len(header)} columns with a header", columns, 1, tuple(why))


def by_values(rows: Sequence[Sequence[str]]) -> Layout | None:
    """The layout of a file without a header: width, and the column where the first date stands."""
    widths = Counter(map(len, rows))
    usual = (width for width, count in widths.most_common() if count >= len(rows) * _SHARE)
    return next(filter(None, (_of_width(width, rows) for width in usual)), None)


def _is_foreign_header(row: Sequence[str]) -> bool:
    """Whether a first row names the columns of some other table: a row of calls has a date, and lengths."""
    cells = [cell.strip() for cell in row if cell.strip()]
    return len(cells) > 2 and not any(cell.isdecimal() or DATE.fullmatch(cell) for cell in cells)


def _of_width(width: int, rows: Sequence[Sequence[str]]) -> Layout | None:
    sample = [row for row in rows if len(row) == width]
    index = _date_column(sample)
    if index is None:
        return None
    at = f"no header; {width} columns, the first date in column {index + 1}"
    if index == 9 and width in _CDR_CSV_TAILS and not _is_freeswitch(sample):
        tail = [_uniqueid_or_userfield(sample) if name == "?" else name for name in _CDR_CSV_TAILS[width]]
        return Layout(f"cdr_csv, {width} columns", _used([*_CDR_CSV, *tail]), 0, (at, _describe_tail(tail)))
    if index == 8 and width <= len(_CDR_CUSTOM) and width >= 14:
        return Layout(f"cdr_custom, {width} columns", _used(_CDR_CUSTOM[:width]), 0, (at,))
    if index == 0 and width in (16, 25, 26):
        return _headless_freepbx(width, at)
    names = ("start", "src", "dst", "duration", "billsec", "disposition")
    if index == 0 and width == len(names) and fits(names, sample, _HAND_PICKED):
        return Layout("hand-picked columns, 6 without a header", names, 0, (at,))
    return None


def _is_freeswitch(rows: Sequence[Sequence[str]]) -> bool:
    """FreeSWITCH's template `asterisk`: the same order, a hangup cause for a disposition."""
    return sum("_" in row[14] for row in rows) > len(rows) / 2


def _headless_freepbx(width: int, at: str) -> Layout:
    columns = list(_FREEPBX[:width]) if width != 25 else [*_FREEPBX_OLD, "", ""]
    why = f"the order of a FreePBX report; of its 26 columns {width} are there"
    return Layout(f"FreePBX report, {width} columns without a header", _used(columns), 0, (at, why))


def _used(names: Sequence[str]) -> tuple[str, ...]:
    known = set(NAMES.values())
    return tuple(name if name in known else "" for name in names)


def _date_column(rows: Sequence[Sequence[str]]) -> int | None:
    """The first column that holds a date and time in most rows."""
    for index in range(len(rows[0]) if rows else 0):
        dates = sum(DATE.fullmatch(row[index]) is not None for row in rows)
        if dates > len(rows) / 2:
            return index
    return None


def _uniqueid_or_userfield(rows: Sequence[Sequence[str]]) -> str:
    ids = sum(UNIQUEID.fullmatch(row[16]) is not None for row in rows)
    return "uniqueid" if ids > len(rows) / 2 else "userfield"


def _describe_tail(tail: Sequence[str]) -> str:
    return (
        f"after amaflags: {', '.join(tail)}"
        if tail
        else "nothing after amaflags (no uniqueid: the zone cannot be proved)"
    )
