"""Asterisk's queue_log: who in a queue was rung, who talked, who gave up; as the file with `|`, or as a table's export.

Loaded under the name of the exchange whose CDRs are loaded too, its legs are of the same calls: `callid` is the
uniqueid of the caller's channel. Events that end something make a leg each; those that begin it, and those of the
queues themselves, are not rows. Sources: app_queue.c, doc/queuelog; an export of a table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from enum import Enum
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from connectors.reading.file_format import SHEET, FileFormat, RowRef
from connectors.reading.leg import build_leg
from connectors.reading.lengths import SPANS, WEEK_S
from connectors.reading.outcomes import ANSWERED, CANCELLED, INBOUND, NO_ANSWER
from connectors.reading.rejects import Misread
from connectors.reading.row_source import FilteredRows, RowSource
from connectors.reading.sample import Sample
from connectors.reading.source import About, Context, Hints, Recognised
from connectors.reading.table import Delimited, Layout, Make
from connectors.reading.times import DATE, NO_ZONE, Times
from connectors.reading.times import epoch as epoch_moment
from connectors.reading.zone_proof import epoch_of, settle
from schemas.records import CallLeg, Disposition, Reason

_FILE = ("epoch", "callid", "queue", "agent", "event", "d1", "d2", "d3", "d4", "d5")
_FEWEST = _FILE.index("d1")
_LINE = re.compile(r"\d{9,10}\|[^|]*\|[^|]*\|[^|]*\|[A-Z]+(?:\|.*)?")
_NAMES = {
    "epoch": "epoch", "datetime": "epoch", "time": "time", "callid": "callid", "queuename": "queue", "queue": "queue",
    "agent": "agent", "type": "agent", "event": "event", "htime": "hold", "ttime": "talk",
    **{f"{word}{number}": f"d{number}" for word in ("data", "param") for number in range(1, 6)},
}  # fmt: skip
_READ = ("epoch", "time", "callid", "queue", "agent", "event", "hold", "talk", "d1", "d2", "d3", "d4")


class _Does(Enum):
    """What an event says of a call."""

    ENTERS = 0
    RANG = 1
    TALKED = 2
    LEFT = 3


class _Event(NamedTuple):
    """What an event does, and which of its data are the wait (or ring) and the talk: the first is 1; 0: none."""

    does: _Does
    hold: int
    talk: int = 0


_ENTERS, _RANG, _TALKED, _LEFT = _Does
_EVENTS = {
    "ENTERQUEUE": _Event(_ENTERS, 0),
    "RINGNOANSWER": _Event(_RANG, 1),
    "RINGCANCELED": _Event(_RANG, 1),
    "COMPLETEAGENT": _Event(_TALKED, 1, 2),
    "COMPLETECALLER": _Event(_TALKED, 1, 2),
    "TRANSFER": _Event(_TALKED, 3, 4),
    "BLINDTRANSFER": _Event(_TALKED, 3, 4),
    "ATTENDEDTRANSFER": _Event(_TALKED, 3, 4),
    "ABANDON": _Event(_LEFT, 3),
    "EXITWITHTIMEOUT": _Event(_LEFT, 3),
    "EXITEMPTY": _Event(_LEFT, 3),
    "EXITWITHKEY": _Event(_LEFT, 4),
}
_NO_LEG = re.compile(
    r"CONNECT|DID|INFO|QUEUESTART|CONFIGRELOAD|(?:ADD|REMOVE)MEMBER|MEMBER\w*|PAUSE\w*|UNPAUSE\w*|PENALTY|SYSCOMPAT"
    r"|RINGINUSE\w*|AGENT\w+|OUT[A-Z]+|TRANSFERDIAL|MOHONHOLD|MOHOFFHOLD|HOLD|UNHOLD",
)
"""Of queues and their members, what COMPLETE tells later, and calls out of a dialler, which their CDRs tell of."""
_AGENT = re.compile(r"(?:[\w-]+/)?([^/@]+?)(?:@.*|-[0-9a-f]{8}(?:;\d)?)?")

_PASSED_OVER = "events that tell of no leg (of members, CONNECT, a dialler's OUT...) are passed over, and are not rows"


class QueueLog(Delimited):
    """The file, or an export of the table that it is written to."""

    profile = "asterisk-queue-log"
    about = About(
        reads="Asterisk queue_log (the file, or its table as CSV)",
        recognised_by="lines of epoch|callid|queue|agent|EVENT; a header with callid, event, agent and a time",
        ids="call `callid`, which is the CDR's uniqueid: load both under one source; leg that, event, time, agent",
        zone="none needed where times are epochs; else checked against the epoch in `callid`",
        proof="1,000 rows of a table",
        unconfirmed="a caller whose `uniqueid` is not the call's `linkedid`: its legs stay by themselves",
    )

    def form(self, sample: Sample) -> FileFormat:
        form = super().form(sample)
        if form.encoding == SHEET or _LINE.fullmatch(_first_line(sample)) is None:
            return form
        return form._replace(delimiter="|", quoted=False)

    def layout(self, rows: Sequence[Sequence[str]], hints: Hints) -> Layout | None:
        if not rows:
            return None
        if sum(_LINE.fullmatch("|".join(row)) is not None for row in rows) * 2 > len(rows):
            if not any(row[4] in _EVENTS for row in rows if len(row) >= _FEWEST):
                return None  # an exchange without a call yet
            return Layout("Asterisk queue_log", _FILE, 0, ("lines of epoch|callid|queue|agent|event", _PASSED_OVER))
        header = [_NAMES.get(re.sub(r"[\s_]", "", name).lower(), "") for name in rows[0]]
        if not {"callid", "event", "agent"} <= set(header) or not {"epoch", "time"} & set(header):
            return None
        event = header.index("event")
        if not any(len(row) > event and row[event] in _EVENTS for row in rows[1:]):
            return None
        if "epoch" in header:
            index = header.index("epoch")
            epochs = sum(len(row) > index and row[index].isdecimal() for row in rows[1:])
            header = ["" if name == "time" and epochs else name for name in header]
            header = ["time" if name == "epoch" and not epochs else name for name in header]
        columns = tuple(name if name not in header[:index] else "" for index, name in enumerate(header))
        why = ("a header with callid, event, agent and a time", _PASSED_OVER)
        return Layout("Asterisk queue_log, table", columns, 1, why)

    def needs_zone(self, layout: Layout) -> bool:
        return "epoch" not in layout.columns

    def zone(self, sample: Sample, recognised: Recognised, zone: tzinfo | None) -> tuple[tzinfo, str]:
        """The zone to read the file with, and why. Raises Terminal when the epochs in callid say another."""
        if not recognised.needs_zone:
            return NO_ZONE
        return settle(sample, recognised, zone, start="time", unique="callid")

    def widths(self, recognised: Recognised) -> frozenset[int]:
        width = len(recognised.columns)
        return frozenset({width}) if recognised.head else frozenset(range(_FEWEST, width + 1))

    def is_whole(self, recognised: Recognised, fields: Sequence[str]) -> bool:
        """A number that is cut is another number."""
        return False

    def rows(self, path: Path, recognised: Recognised) -> RowSource:
        index = recognised.columns.index("event")

        def makes_no_leg(fields: list[str]) -> bool:
            word = fields[index] if len(fields) > index else ""
            return word not in _EVENTS and _NO_LEG.fullmatch(word) is not None

        return FilteredRows(super().rows(path, recognised), makes_no_leg)

    def maker(self, recognised: Recognised, context: Context, zone: tzinfo, file: str) -> Make:
        return _Reader(recognised.columns, Times(zone, "ymd", epoch_of), context, file).leg


def _first_line(sample: Sample) -> str:
    return sample.text.lstrip("\ufeff").partition("\n")[0].rstrip("\r")


class _Reader:
    """Reads rows of one file."""

    def __init__(self, columns: tuple[str, ...], clock: Times, context: Context, file: str) -> None:
        width = len(columns)
        self._pick: Callable[[Sequence[str]], Sequence[str]] = itemgetter(
            *(columns.index(name) if name in columns else width for name in _READ)
        )
        self._width = width
        self._has_lengths = {"hold", "talk"} <= set(columns)
        self._utc = clock.utc
        self._context = context
        self._file = file

    def leg(self, fields: list[str], row_ref: RowRef) -> CallLeg:
        """The leg of an event; `fields` is used up."""
        fields += [""] * (self._width + 1 - len(fields))
        epoch, time, callid, queue, agent, word, hold, talk, d1, d2, d3, d4 = self._pick(fields)
        event = _EVENTS.get(word)
        if event is None:
            raise Misread(Reason.BAD_KIND, "event", f"{word[:40]!r} is not an event of a queue")
        if callid in ("", "NONE"):
            raise Misread(Reason.MISSING_FIELD, "callid", "no id")
        does = event.does
        at = epoch_moment(epoch, "epoch") if epoch else self._moment(time, callid)
        if self._has_lengths:  # such a table has the caller's number for the first datum
            caller = d1
        else:
            data = ("", d1, d2, d3, d4)
            hold, talk = data[event.hold], data[event.talk]
            caller = d2 if does is _ENTERS else ""
        talk_s = _seconds(talk, "talk") if does is _TALKED else 0
        hold_s = _seconds(hold, "hold", 1000 if does is _RANG else 1) if does is not _ENTERS else 0
        answered_at = at - SPANS[talk_s]
        rest = f"{int(at.timestamp())}\x1f{queue}\x1f{agent}"
        context = self._context
        return build_leg(
            context,
            f"{self._file}:{row_ref}",
            callid,
            f"{callid}:{word.lower()}:{crc32(rest.encode('utf-8', 'surrogateescape')):08x}",
            answered_at - SPANS[hold_s],
            at,
            INBOUND,
            _outcome(does, word),
            answered_at if does is _TALKED else None,
            talk_s,
            extension=_extension(agent) if does is _RANG or does is _TALKED else "",
            outside=caller,
            # Not of a talk: it is a phone's, inside of what the queue's own CDR tells.
            queue="" if does is _TALKED else queue,
            application=word,
        )

    def _moment(self, time: str, callid: str) -> datetime:
        if not DATE.fullmatch(time):
            raise Misread(Reason.BAD_TIME, "time", f"{time[:40]!r} is not a date and time")
        return self._utc(time, "time", callid)


def _outcome(does: _Does, word: str) -> Disposition:
    if does is _TALKED:  # no seconds too: picked up and dropped at once
        return ANSWERED
    if word == "ABANDON":
        return CANCELLED
    return Disposition.UNKNOWN if does is _ENTERS else NO_ANSWER


@lru_cache(maxsize=10_000)
def _extension(agent: str) -> str:
    found = _AGENT.fullmatch(agent)
    return found.group(1) if found else ""


def _seconds(text: str, field: str, part: int = 1) -> int:
    """Whole seconds of a text in seconds (or thousandths of them); raises Misread."""
    if not (text.isdecimal() and len(text) <= 9) or int(text) // part > WEEK_S:
        raise Misread(Reason.BAD_DURATION, field, f"{text[:40]!r} is not a number of {'milli' * (part > 1)}seconds")
    return int(text) // part
