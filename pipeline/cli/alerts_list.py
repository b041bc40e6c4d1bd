"""`callfunnel alerts list`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from pipeline.drawing.terminal.tables import show_json
from pipeline.settings import read_settings
from pipeline.terminal.options import in_language, output
from pipeline.terminal.stack_choice import read_from
from pipeline.warnings.kept import WarningReader
from pipeline.warnings.notices import latest_marks
from pipeline.warnings.standing import delivery_lines, standing_lines, undelivered, watch_lines
from pipeline.warnings.wording import Telling, line
from schemas.screens.translations.warnings import warning_texts
from schemas.warnings import IncidentState


@click.command("list")
@in_language
@output
def command(language: str, as_json: bool, data: Path | None) -> None:
    """Warnings that stand: since when, who looks after them, and what could not be delivered."""
    settings = read_settings()
    now = datetime.now(UTC)
    kept = WarningReader(read_from(data))
    incidents = [one for one in kept.incidents(now) if one.state is IncidentState.FIRING]
    marks, watch = kept.marks(incidents), kept.watch()
    as_of = watch.as_of_files if watch is not None else None
    telling = Telling(language=language, zone=settings.time_zone, now=now, as_of=as_of)
    missing = undelivered(kept.deliveries(now), now)
    if as_json:
        latest = latest_marks(marks)
        show_json(
            [
                {
                    **msgspec.to_builtins(one),
                    "line": line(one, telling),
                    "mark": msgspec.to_builtins(latest.get(one.incident_id)),
                }
                for one in incidents
            ]
        )
        return
    for text in standing_lines(incidents, marks, telling):
        click.echo(text)
    if not incidents:
        click.echo(warning_texts(language).lists["none"])
    for text in delivery_lines(missing, language):
        click.echo(text)
    for text in watch_lines(watch, telling):
        click.echo(text)
