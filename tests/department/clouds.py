"""Calls read by brute force from rows of Mango and lines of 3CX, straight from docs/metrics: no code of the product."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tests.department.legs import Heard, Talk, calls

MANGO = (
    *("records", "start", "finish", "answer", "from_extension", "from_number", "to_extension", "to_number"),
    *("disconnect_reason", "line_number", "location", "entry_id"),
)
THREECX = (
    *("historyid", "callid", "duration", "time-start", "time-answered", "time-end", "reason-terminated", "from-no"),
    *("to-no", "from-dn", "to-dn", "dial-no", "reason-changed", "final-number", "final-dn", "bill-code", "bill-rate"),
    *("bill-cost", "bill-name", "chain", "from-type", "to-type", "final-type"),
)
"""Without the names, which may hold commas."""


class Part(NamedTuple):
    """One row: who was bridged with whom, when."""

    call: str
    identity: tuple[str, ...]
    text: str
    start: int
    end: int
    outbound: bool
    inside: bool
    """Nobody outside takes part."""
    number: str
    """Of the person outside, as written."""
    extension: str
    """Who dialled, or whose phone it was for."""
    talked: tuple[int, int] | None
    """When a person talked with the one outside."""


def mango(path: Path) -> Iterator[Part]:
    for line in path.read_text(encoding="utf-8").splitlines():
        cells = line.split(";")
        if len(cells) != len(MANGO):
            continue
        row = dict(zip(MANGO, cells, strict=True))
        start, end, answer = int(row["start"]), int(row["finish"]), int(row["answer"])
        outbound = row["from_extension"] != ""
        yield Part(
            call=row["entry_id"],
            identity=(*cells[4:8], row["start"], row["entry_id"]),
            text=line,
            start=start,
            end=end,
            outbound=outbound,
            inside=outbound and row["to_extension"] != "",
            number=row["to_number" if outbound else "from_number"],
            extension=row["from_extension"] or (row["to_extension"] if row["location"] == "abonent" else ""),
            talked=(answer, end) if answer and row["location"] == "abonent" else None,
        )


def threecx(path: Path) -> Iterator[Part]:
    for line in path.read_text(encoding="utf-8").splitlines():
        cells = line.split(",")
        if len(cells) < 27:
            continue
        row = dict(zip(THREECX, cells, strict=False))
        start, end = _utc(row["time-start"]), _utc(row["time-end"])
        near, to, last = (row[name].lower().replace("external_", "") for name in ("from-type", "to-type", "final-type"))
        desk = row["final-dn"] if last == "extension" else row["to-dn"] if to == "extension" else ""
        person = last == "extension" or last == "line"
        outbound = near == "extension" and to == "line"
        yield Part(
            call=row["historyid"].removeprefix("Call "),
            identity=(row["historyid"], row["callid"]),
            text=line,
            start=start,
            end=end,
            outbound=outbound,
            inside="line" not in (near, to),
            number=row["to-no" if outbound else "from-no"],
            extension=row["from-dn"] if outbound else desk,
            talked=(_utc(row["time-answered"]), end) if row["time-answered"] and person else None,
        )


def _utc(text: str) -> int:
    return int(datetime.strptime(text, "%Y/%m/%d %H:%M:%S").replace(tzinfo=UTC).timestamp())


PARTS: dict[str, Callable[[Path], Iterator[Part]]] = {"mango": mango, "3cx": threecx}


def heard(files: list[Path], export_format: str, zone: ZoneInfo) -> Iterator[Heard]:
    """The calls with somebody outside, of any format. Of two rows with one identity the one in the later file holds."""
    if export_format not in PARTS:
        yield from calls(files, export_format, zone)
        return
    known: dict[tuple[str, ...], Part] = {}
    for path in files:
        for part in PARTS[export_format](path):
            known[part.identity] = part
    by_call: dict[str, list[Part]] = {}
    for part in known.values():
        by_call.setdefault(part.call, []).append(part)
    for call_id, parts in by_call.items():
        outside = sorted((part for part in parts if not part.inside), key=lambda part: part.start)
        if outside:
            yield _hear(call_id, outside, zone)


def _hear(call_id: str, parts: list[Part], zone: ZoneInfo) -> Heard:
    first = parts[0]
    by_person: dict[str, list[Talk]] = {}
    for part in parts:
        if part.talked:
            by_person.setdefault(part.extension, []).append(Talk(part.extension, *part.talked))
    length = {
        person: len({second for talk in talks for second in range(talk.start, talk.end)})
        for person, talks in by_person.items()
    }
    extension = first.extension if first.outbound else ""
    if by_person:
        extension = max(length, key=lambda person: (length[person], -min(talk.start for talk in by_person[person])))
    return Heard(
        id=call_id,
        day=datetime.fromtimestamp(first.start, zone).date().isoformat(),
        start=first.start,
        outbound=first.outbound,
        number=first.number,
        extension=extension,
        answered=bool(by_person),
        talk_s=length.get(extension, 0),
    )
