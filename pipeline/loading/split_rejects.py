"""Splits what a parser gives into records and rejects; ends the load when most rows are rejected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from connectors.reading.rejected_rows import RejectedRows
from connectors.reading.source import Reading
from pipeline.loading.prepare import PreparedFile
from schemas.errors import Terminal, Transient
from schemas.records import Record, Rejected
from schemas.topics import REJECTED, Topic

_LOOK_ROWS = 1000
"""Records are held back until so many rows were read: a file of the wrong format sends none."""
_FEWEST_ROWS = 20


class Sender(Protocol):
    """Where records go."""

    def send(self, topic: Topic, record: Record) -> None: ...


class FuseBlown(Terminal):
    """Most rows of a file are not understood: its format is not what it was taken for."""


class UnreadableFile(Terminal):
    """The parser's verdict on a file, found while it was read: nothing that comes later makes it readable."""

    def __init__(self, message: str, path: Path) -> None:
        super().__init__(message)
        self.path = path


def judged(reading: Iterable[Record | Rejected], path: Path) -> Iterator[Record | Rejected]:
    """What a parser gives. Raises Refused for its verdict, Transient for a disk or share that fails."""
    items = iter(reading)
    while True:
        try:
            item = next(items, None)
        except Terminal as verdict:
            raise UnreadableFile(str(verdict), path) from None
        except FileNotFoundError:
            raise  # it was taken away
        except OSError as error:
            raise Transient(f"{path}: it cannot be read now: {error.strerror or error}") from None
        if item is None:
            return
        yield item


def split_rejects(
    reading: Reading,
    file: PreparedFile,
    rejects: RejectedRows,
    sender: Sender,
    on_reject: Callable[[Rejected], None] = lambda rejected: None,
) -> Iterator[Record]:
    """The records of a file; rejects are sent and written down on the way. Raises MostlyRejected."""
    reasons: Counter[str] = Counter()
    first: Rejected | None = None

    def check() -> None:
        if is_mostly_rejected(reading.rows, rejects.count):
            raise FuseBlown(_wrong_format(file, reading.rows, reasons, first))

    held: list[Record] = []
    looked_at = 0
    for item in judged(reading, file.path):
        if isinstance(item, Rejected):
            first = first or item
            reasons[item.reason] += 1
            rejects.add(item)
            on_reject(item)
            sender.send(REJECTED, item)
        else:
            held.append(item)
        if reading.rows - looked_at >= _LOOK_ROWS:
            check()
            looked_at = reading.rows
        if looked_at:
            yield from held
            held = []
    check()
    yield from held


def is_mostly_rejected(rows: int, rejected: int) -> bool:
    """More than half, of enough rows to judge."""
    return rows >= _FEWEST_ROWS and rejected * 2 > rows


def _wrong_format(file: PreparedFile, rows: int, reasons: Counter[str], first: Rejected | None) -> str:
    seen = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())
    example = f"; first at {first.origin}: {first.reason}, {first.detail}" if first else ""
    return (
        f"{file.path}: {sum(reasons.values())} of {rows} rows were rejected ({seen}){example}. It was taken for"
        f" {file.recognised.layout}: `callfunnel load --explain` says why; --profile or --tz may say it better"
    )
