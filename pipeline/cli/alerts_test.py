"""`callfunnel alerts test`."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import click

from pipeline.drawing.terminal.tables import show_json
from pipeline.readouts.activity import roster
from pipeline.readouts.numbers import numbers
from pipeline.readouts.period import Period
from pipeline.settings import Settings, read_settings
from pipeline.terminal.options import in_language, output
from pipeline.warnings.receivers import NOBODY, Receiver
from pipeline.warnings.senders import Secrets, send_message
from pipeline.warnings.testing import try_all
from schemas.errors import CallfunnelError, Terminal
from schemas.screens.translations.warnings import warning_texts


@click.command("test")
@click.option("--to", "names", multiple=True, help="Only this receiver; may be repeated.")
@in_language
@output
def command(names: tuple[str, ...], language: str, as_json: bool, data: Path | None) -> None:
    """Send one message to every address of [warnings], now, and say of each whether it was taken.

    Exit codes: 0 all were; 1 some were not; 2 none was, or nobody is named.
    """
    settings = read_settings()
    texts = warning_texts(language).lists
    receivers = _named(settings.warnings.receivers, names)
    send = partial(send_message, secrets=Secrets(os.environ))
    found = asyncio.run(try_all(receivers, send, language, datetime.now(UTC)))
    if as_json:
        shown = ((route, str(error) if error else None) for route, error in found)
        keys = ("receiver", "channel", "address")
        show_json([{**dict(zip(keys, (r.receiver, r.channel, r.shown), strict=True)), "error": e} for r, e in shown])
    for route, error in found if not as_json else ():
        of = {"receiver": route.receiver, "where": str(route)}
        click.echo(texts["not_sent"].format(**of, error=error) if error else texts["sent"].format(**of))
    if not as_json:
        if not settings.warnings.link:
            click.echo(texts["no_link"], err=True)
        for text in _without_managers(settings, receivers, texts["no_team"], data):
            click.echo(text, err=True)
    if all(error for _, error in found):
        raise Terminal(texts["nothing_sent"])
    sys.exit(1 if any(error for _, error in found) else 0)


def _named(receivers: Sequence[Receiver], names: Sequence[str]) -> list[Receiver]:
    if not receivers:
        raise Terminal(NOBODY)
    known = {one.name: one for one in receivers}
    if wrong := next((name for name in names if name not in known), None):
        raise Terminal(f"--to {wrong}: receivers are {', '.join(known)}")
    return [one for one in receivers if not names or one.name in names]


def _without_managers(settings: Settings, receivers: Sequence[Receiver], text: str, data: Path | None) -> list[str]:
    """Teams that nobody is in: a lead who waits for their warnings would wait for ever. Nothing when no stack runs."""
    today = datetime.now(settings.time_zone).date()
    try:
        people = roster(numbers(data), Period(today, today + timedelta(days=1), settings.time_zone))
    except CallfunnelError:
        return []
    teams = sorted({one.team for one in people if one.team})
    return [
        text.format(receiver=one.name, team=team, teams=", ".join(teams))
        for one in receivers
        for team in one.teams
        if team not in teams
    ]
