"""Rows that exchange and CRM write now, through the connectors that read their exports, into the topics.

What is due is written into a small file of its kind, as the system would append it, and read by the source that reads
the whole export. Sending a day again is always safe.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path

import msgspec

from connectors.sender import FrameSender
from department.live_department import KINDS, ExportRow, LiveDepartment
from pipeline.clock import as_datetime, wall_clock
from pipeline.endpoints import Endpoints
from pipeline.loading.outcome import TOPICS
from pipeline.loading.prepare import LoadOptions, PreparedFile, prepare
from pipeline.loading.sending import GatedSender, live_sender
from pipeline.settings import Settings
from schemas.errors import Transient
from schemas.records import Rejected
from schemas.topics import REJECTED


class LiveFeed:
    """Sends the rows of the living department when their time has come. For one thread."""

    def __init__(
        self,
        living: LiveDepartment,
        exports: Mapping[str, PreparedFile],
        folder: Path,
        endpoints: Endpoints,
        settings: Settings,
    ) -> None:
        """`exports`: loaded exports, which say how the rows of their kind are read; others say it themselves."""
        self._living = living
        self._exports = dict(exports)
        self._settings = settings
        self._folder = folder
        self._endpoints = endpoints
        self._rows: Iterator[ExportRow] = living.rows()
        self._next = next(self._rows)
        self._today: list[ExportRow] = []
        """What was sent of the day of the latest row."""
        self._unsent: list[ExportRow] = []
        self._open = ExitStack()
        self._sender: FrameSender | GatedSender | None = None
        self.rejected = 0

    @property
    def next_at(self) -> int:
        """When the next row is written, epoch seconds."""
        return self._next.at

    def again(self) -> None:
        """The broker forgot what it was sent: the rows of the day go out again with the next ones."""
        self._unsent, self._today = [*self._today, *self._unsent], []
        self.close()

    def send(self, until: float) -> None:
        """Send what was written until then. Raises Transient when the broker has not taken it: call it again."""
        while self._next.at <= until:
            self._unsent.append(self._next)
            self._next = next(self._rows)
        if not self._unsent:
            return
        try:
            for kind, rows in groupby(sorted(self._unsent, key=lambda row: row.kind), key=lambda row: row.kind):
                self._send(KINDS[kind], list(rows))
        except Transient:
            self.again()
            raise
        midnight = self._unsent[-1].at - 86_400
        self._today = [row for row in (*self._today, *self._unsent) if row.at > midnight]
        self._unsent = []

    def close(self) -> None:
        self._open.close()
        self._sender = None

    def _send(self, kind: str, rows: Sequence[ExportRow]) -> None:
        """Rows of one kind, acknowledged by the broker on return: people before their calls."""
        path = self._folder / f"live-{kind}.csv"
        path.write_text(self._living.header(kind) + "".join(row.text for row in rows), encoding="utf-8")
        export = self._exports.get(kind) or prepare(path, LoadOptions(kind=kind), self._settings)
        self._exports[kind] = export
        now = wall_clock()
        context = msgspec.structs.replace(export.context, version=now, loaded_at=as_datetime(now))
        if self._sender is None:
            self._sender = live_sender(self._endpoints, 10.0)
            self._open.push(self._sender.__exit__)
        for item in export.source.read(path, export.recognised, context):
            if isinstance(item, Rejected):
                self.rejected += 1
                self._sender.send(REJECTED, item)
            else:
                self._sender.send(TOPICS[kind], item)
        self._sender.flush()
        path.unlink()
