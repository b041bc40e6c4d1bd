"""Which column of a channel event log is what, and whether the log tells enough to be read.

Sources: cel_custom.conf.sample, cel.conf.sample; the tables of cel_odbc, cel_pgsql and FreePBX.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from connectors.reading import zone_proof as clock
from connectors.reading.table import Layout
from connectors.reading.times import DATE
from schemas.errors import Terminal

EPOCH = re.compile(r"\d{9,10}(?:\.\d+)?")
_EVENTS = frozenset(
    {
        *("CHAN_START", "CHAN_END", "ANSWER", "HANGUP", "BRIDGE_ENTER", "BRIDGE_EXIT", "APP_START", "APP_END"),
        *("PARK_START", "PARK_END", "BLINDTRANSFER", "ATTENDEDTRANSFER", "PICKUP", "FORWARD", "LINKEDID_END"),
        *("USER_DEFINED", "LOCAL_OPTIMIZE", "LOCAL_OPTIMIZE_BEGIN", "STREAM_BEGIN", "STREAM_END", "DTMF"),
        *("BRIDGE_START", "BRIDGE_END"),
    }
)
_NAMES = {
    "eventtype": "event", "eventtime": "time", "cidnum": "number", "cidani": "ani", "exten": "exten",
    "context": "context", "channame": "channel", "appname": "app", "appdata": "data", "uniqueid": "uniqueid",
    "linkedid": "linkedid", "peer": "peer", "extra": "extra", "eventextra": "extra",
}  # fmt: skip
_NEEDED = frozenset({"event", "time", "channel", "uniqueid", "linkedid"})
_TAIL = (
    *("", "number", "ani", "", "", "exten", "context", "channel", "app", "data", "", "", "uniqueid", "linkedid"),
    *("peer", "", "", "extra"),
)
"""Behind the time: cid name, num, ani, rdnis, dnid, exten, ... of the legacy mapping."""
_HEADLESS = {
    20: ("event", "time", *_TAIL),
    21: ("event", "", "time", *_TAIL),
    24: (
        *("event", "", "", "time", "", "", "number", "exten", "context", "channel", "app", "data", "", "", "uniqueid"),
        *("", "ani", "", "", "peer", "linkedid", "", "extra", ""),
    ),
}
"""cel_custom.conf.sample: the legacy mapping, with the literal that newer ones have, and the advanced mapping."""


def by_header(names: Sequence[str]) -> Layout | None:
    """The layout that a header names, in any order."""
    header = [_NAMES.get(re.sub(r"[\s_]", "", name).lower(), "") for name in names]
    columns = tuple(name if name not in header[:index] else "" for index, name in enumerate(header))
    if not set(columns) >= _NEEDED:
        return None
    why = f"the first row is a header that names {len(columns)} columns, eventtype and linkedid among them"
    return Layout(f"Asterisk CEL, table of {len(columns)} columns", columns, 1, (why,))


def by_values(rows: Sequence[Sequence[str]]) -> Layout | None:
    """The mappings of the sample configuration: an event in front, a time where that mapping has one."""
    for width, columns in _HEADLESS.items():
        time = columns.index("time")
        fitting = sum(
            len(row) == width
            and row[0] in _EVENTS
            and (EPOCH.fullmatch(row[time]) is not None or DATE.fullmatch(row[time]) is not None)
            for row in rows
        )
        if fitting * 2 > len(rows):
            why = f"no header; {width} columns, an event in column 1, its time in column {time + 1}"
            return Layout(f"Asterisk CEL, cel_custom of {width} columns", columns, 0, (why,))
    return None


def starts(columns: tuple[str, ...], rows: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    """(time, uniqueid) of the rows at which a channel was made: later ones are minutes from the epoch in its id."""
    event = columns.index("event")
    begun = [row for row in rows if len(row) == len(columns) and row[event] == "CHAN_START"]
    return clock.sample(columns, begun, "time")


def check_events(rows: Sequence[Sequence[str]], columns: Sequence[str]) -> None:
    """Raises Terminal for a log that does not tell who was bridged."""
    event = columns.index("event")
    app = columns.index("app") if "app" in columns else -1
    events = {row[event] for row in rows}
    if "BRIDGE_ENTER" in events:
        return
    if "BRIDGE_START" in events:
        raise Terminal("CEL of an Asterisk before 12 (BRIDGE_START): load its CDRs and its queue_log instead")
    if app >= 0 and any(row[event] == "ANSWER" and row[app] in ("AppDial", "AppQueue") for row in rows):
        raise Terminal(
            "phones answer, and no BRIDGE_ENTER says with whom: add CHAN_START,ANSWER,BRIDGE_ENTER,BRIDGE_EXIT,HANGUP"
            " to events in cel.conf, and load its CDRs for the time before"
        )


def check_order(times: Sequence[float]) -> None:
    """Raises Terminal for rows that stand newest first: a call would be over before it began."""
    steps = [later - earlier for earlier, later in pairwise(times)]
    if sum(step < 0 for step in steps) > sum(step > 0 for step in steps):
        raise Terminal("the rows stand newest first: export them in the order of their time (ORDER BY id)")
