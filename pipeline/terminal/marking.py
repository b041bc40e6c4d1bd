"""What somebody says of a warning that stands: the part that `alerts ack`, `snooze` and `wake` share."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from pipeline.audit import audit_file
from pipeline.endpoints import find
from pipeline.readouts.numbers import Numbers
from pipeline.settings import Settings, read_settings
from pipeline.store import Store, connect
from pipeline.user import this_user
from pipeline.warnings.kept import WarningReader, WarningWriter
from pipeline.warnings.marking import MarkRequest, keep_mark
from pipeline.warnings.spoken import moment
from pipeline.warnings.wording import Telling, line
from schemas.screens.translations.warnings import warning_texts
from schemas.warnings import MarkKind

_ANSWERS = {MarkKind.ACK: "acked", MarkKind.SNOOZE: "snoozed", MarkKind.WAKE: "woken"}


def mark_incident(
    given: str,
    kind: MarkKind,
    data: Path | None,
    language: str,
    *,
    note: str = "",
    until: datetime | None = None,
    settings: Settings | None = None,
) -> None:
    """Keep the mark and say what follows from it. Raises Transient or Terminal."""
    settings = settings or read_settings()
    now = datetime.now(UTC)
    endpoints = find(data)
    client = connect(endpoints.clickhouse)
    wanted = MarkRequest(kind=kind, by=this_user(), until=until, note=note)
    kept, writer = WarningReader(Numbers(client)), WarningWriter(Store(client))
    incident = keep_mark(kept, writer, given, wanted, now, audit_file(endpoints.data))
    telling = Telling(language=language, zone=settings.time_zone, now=now)
    shown = moment(until, now, settings.time_zone, language) if until else ""
    click.echo(warning_texts(language).lists[_ANSWERS[kind]].format(line=line(incident, telling), until=shown))
