"""`callfunnel alerts watch`."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click

from pipeline.endpoints import find, pinned
from pipeline.readouts.numbers import Numbers, reading_dsn
from pipeline.settings import read_settings
from pipeline.store import Store, connect
from pipeline.terminal.options import in_language
from pipeline.warnings.kept import WarningWriter
from pipeline.warnings.outbox import Outbox
from pipeline.warnings.senders import Secrets, send_message
from pipeline.warnings.standing import watched_for
from pipeline.warnings.watch import WarningWatcher
from schemas.errors import Transient

_ROUND_S = 30.0
_LOOK_S = 2.0
"""How soon a message that has to be tried again is."""


@click.command("watch")
@click.option("--state", type=click.Path(path_type=Path, file_okay=False), default=Path("warnings"), show_default=True,
              metavar="DIR", help="Where messages are kept before and after they are sent.")  # fmt: skip
@click.option("--round", "round_s", type=click.FloatRange(0.2, 3600), default=_ROUND_S, show_default=True,
              metavar="SECONDS", help="How often it is looked what is due.")  # fmt: skip
@in_language
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Folder of the embedded stack.")
def command(state: Path, round_s: float, language: str, data: Path | None) -> None:
    """Ask the rules again and again and tell those whom [warnings] names, until Ctrl-C or SIGTERM.

    Without a receiver nothing is sent: what stands is on the board page and in `callfunnel alerts list`. `callfunnel
    up` does it by itself. With servers let one machine do it: two would tell everything twice.

    Exit codes: 0 it was asked to end; 2 it could not go on.
    """
    settings = read_settings()
    secrets = Secrets(os.environ)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.set())
    data = pinned(data)

    def say(text: str) -> None:
        click.echo(f"callfunnel: {datetime.now(UTC):%Y-%m-%d %H:%M:%S} {text}", err=True)

    with Outbox(state) as outbox:
        watcher = WarningWatcher(
            Numbers(connect(reading_dsn(data))),
            WarningWriter(Store(connect(find(data).clickhouse))),
            outbox,
            settings,
            partial(send_message, secrets=secrets),
            language=language,
            say=say,
        )
        for route in settings.warnings.routes:
            if problem := secrets.problem(route):
                say(f"{route.receiver}: nothing can be sent by {route}: {problem}")
        say(f"watches: {watched_for(settings.warnings)}")
        next_round = 0.0
        while not stopping.is_set():
            now = datetime.now(UTC)
            if time.monotonic() >= next_round:
                next_round = time.monotonic() + round_s
                _try(partial(watcher.round, now), say)
            _try(partial(watcher.deliver, now), say)
            _try(watcher.store_deliveries, say)
            stopping.wait(min(_LOOK_S, round_s))


def _try(step: Callable[[], None], say: Callable[[str], None]) -> None:
    """What the store does not answer now is asked again in the next round; messages go on meanwhile."""
    try:
        step()
    except Transient as error:
        say(str(error))
