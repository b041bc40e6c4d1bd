"""Calls read from exports by brute force, straight from docs/metrics: slow, plain, and no code of the product.

What is read of a row: who is at both ends of the channel, its disposition, and from when to when they were bridged.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

_HEAD = ("src", "dst", "dcontext")
_MIDDLE = (
    *("channel", "dstchannel", "lastapp", "lastdata", "start", "answer", "end", "duration", "billsec", "disposition"),
    "amaflags",
)
CDR_CSV = ("accountcode", *_HEAD, "clid", *_MIDDLE, "uniqueid", "userfield", "peeraccount", "linkedid", "sequence")
CDR_CUSTOM = ("clid", *_HEAD, *_MIDDLE, "accountcode", "uniqueid", "userfield", "sequence")
_DESK = re.compile(r"PJSIP/(\d+)-[0-9a-f]+")
_LOCAL = re.compile(r"Local/(\d+)@[a-z-]+-[0-9a-f]+;([12])")


class Leg(NamedTuple):
    row: dict[str, str]

    @property
    def call(self) -> str:
        return self.row.get("linkedid") or self.row["uniqueid"]

    @property
    def number(self) -> int:
        return int(self.row["sequence"])

    def desk(self, column: str) -> str:
        """The extension of a phone at this end, "" when there is none."""
        found = _DESK.fullmatch(self.row[column])
        return found[1] if found else ""

    def local(self, column: str) -> str:
        """The extension that a Local half at this end dials."""
        found = _LOCAL.fullmatch(self.row[column])
        return found[1] if found else ""

    def trunk(self, column: str) -> bool:
        return self.row[column].startswith("PJSIP/provider")


class Talk(NamedTuple):
    extension: str
    start: int
    end: int


class Heard(NamedTuple):
    """A call as its legs tell it. `day` is the date as the export says it."""

    id: str
    day: str
    start: int
    outbound: bool
    number: str
    """The person outside as written."""
    extension: str
    """Whose call it is: who talked longest, else who dialled; "" for nobody's."""
    answered: bool
    talk_s: int


def rows(path: Path, export_format: str) -> Iterator[Leg]:
    """Whole rows. Line by line, so that a cut one swallows no neighbour."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if export_format == "freepbx":
        columns = tuple("start" if name == "calldate" else name for name in lines.pop(0).split(","))
    else:
        columns = CDR_CSV if export_format == "asterisk-csv" else CDR_CUSTOM
    for line in lines:
        fields = next(csv.reader([line]))
        if len(fields) == len(columns):
            yield Leg(dict(zip(columns, fields, strict=True)))


def calls(files: list[Path], export_format: str, zone: ZoneInfo) -> Iterator[Heard]:
    """The calls with somebody outside. Of two rows with one identity the one in the later file holds."""
    known: dict[tuple[str, str], Leg] = {}
    for path in files:
        for leg in rows(path, export_format):
            known[leg.row["uniqueid"], leg.row["sequence"]] = leg
    by_call: dict[str, list[Leg]] = {}
    for leg in known.values():
        by_call.setdefault(leg.call, []).append(leg)
    for call_id, legs in by_call.items():
        legs.sort(key=lambda leg: leg.number)
        heard = _hear(call_id, legs, zone)
        if heard is not None:
            yield heard


def _hear(call_id: str, legs: list[Leg], zone: ZoneInfo) -> Heard | None:
    on_trunk = next(
        (leg for leg in legs if leg.trunk("channel") or (leg.desk("channel") and leg.trunk("dstchannel"))), None
    )
    if on_trunk is None:
        return None  # from desk to desk, or the second half of a Local pair that nothing ties to its call
    outbound = not on_trunk.trunk("channel")
    talks = list(_talks(legs, zone))
    by_person: dict[str, set[int]] = {}
    begun: dict[str, int] = {}
    for talk in talks:
        by_person.setdefault(talk.extension, set()).update(range(talk.start, talk.end))
        begun[talk.extension] = min(begun.get(talk.extension, talk.start), talk.start)
    extension = on_trunk.desk("channel") if outbound else ""
    if by_person:
        extension = max(by_person, key=lambda person: (len(by_person[person]), -begun[person]))
    return Heard(
        id=call_id,
        day=legs[0].row["start"][:10],
        start=moment(legs[0].row["start"], zone, int(legs[0].row["uniqueid"].partition(".")[0])),
        outbound=outbound,
        number=on_trunk.row["dst" if outbound else "src"],
        extension=extension,
        answered=bool(by_person),
        talk_s=len(by_person.get(extension, ())),
    )


def _talks(legs: list[Leg], zone: ZoneInfo) -> Iterator[Talk]:
    """Who was bridged with the person outside, and when: docs/metrics, "answered" and "talk_s"."""
    told_by_phone = {leg.local("channel") for leg in legs if leg.local("channel")}
    for leg in legs:
        row = leg.row
        if row["disposition"] != "ANSWERED" or int(row["billsec"]) == 0 or row["lastapp"] not in ("Dial", "Queue"):
            continue
        if leg.local("dstchannel") in told_by_phone:
            continue  # the caller's half of a pair: it runs from the menu on; the phone's own row says when it began
        if leg.trunk("channel"):
            person = leg.desk("dstchannel") or leg.local("dstchannel")
        elif leg.local("channel"):
            person = leg.local("channel")
        else:
            person = leg.desk("channel") if leg.trunk("dstchannel") else ""
        if person:
            started = moment(row["start"], zone, int(row["uniqueid"].partition(".")[0]))
            end = started + int(row["duration"])
            yield Talk(person, end - int(row["billsec"]), end)


def moment(text: str, zone: ZoneInfo, near: int) -> int:
    """The epoch of a wall time; of a repeated hour the one nearer to the channel's beginning."""
    local = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=zone)
    both = [int(local.replace(fold=fold).astimezone(UTC).timestamp()) for fold in (0, 1)]
    return min(both, key=lambda at: abs(at - near))
