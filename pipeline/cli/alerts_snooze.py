"""`callfunnel alerts snooze`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from pipeline.settings import read_settings
from pipeline.terminal.marking import mark_incident
from pipeline.terminal.options import in_language
from schemas.errors import Terminal
from schemas.warnings import MarkKind

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_FORMS = ("%Y-%m-%d %H:%M", "%Y-%m-%d", "%d.%m.%Y %H:%M", "%d.%m.%Y")


class Span(click.ParamType):
    """A time as 30m, 4h or 2d."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        found = re.fullmatch(r"(\d{1,4})([mhd])", str(value).strip())
        if found is None or not int(found[1]):
            self.fail(f"{value!r}: write 30m, 4h or 2d", param, ctx)
        return int(found[1]) * _UNITS[found[2]]


@click.command("snooze")
@click.argument("warning")
@click.option("--for", "length", type=Span(), default=None, help="30m, 4h or 2d. [default: 1d]")
@click.option("--until", type=click.DateTime(_FORMS), default=None, help="A day and time of the reporting zone.")
@click.option("--note", default="", help="For others who read `callfunnel alerts list`.")
@in_language
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Data folder of the embedded stack.")
def command(
    warning: str, length: timedelta | None, until: datetime | None, note: str, language: str, data: Path | None
) -> None:
    """Send nothing of WARNING (an id of `alerts list`) for a while. If it still stands then, that is said."""
    settings, now = read_settings(), datetime.now(UTC)
    if length is not None and until is not None:
        raise Terminal("--for or --until: give one of them")
    ends = until.replace(tzinfo=settings.time_zone).astimezone(UTC) if until else now + (length or timedelta(days=1))
    if ends <= now:
        raise Terminal(f"--until {until:%Y-%m-%d %H:%M}: that is over already")
    mark_incident(warning, MarkKind.SNOOZE, data, language, note=note, until=ends, settings=settings)
