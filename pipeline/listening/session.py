"""What the `listen` commands share: their options, their context, and their life until a signal."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

import click
import msgspec

from connectors.live.delivery_queue import DeliveryQueue
from connectors.live.feed_runner import FeedRunner, Listener
from connectors.live.journal import Journal
from connectors.reading.source import Context
from pipeline.clock import Clock, as_datetime, wall_clock
from pipeline.endpoints import credentials_file, find, is_embedded, journals_folder, pinned
from pipeline.listening.delivery import ListenerDelivery
from pipeline.settings import Settings
from pipeline.zones import zone_of
from schemas.errors import Terminal

log = logging.getLogger("callfunnel.listen")

F = TypeVar("F", bound=Callable[..., Any])

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def exchange(command: F) -> F:
    """--source, --tz, --region, --state and --data."""
    for option in (
        click.option("--data", type=click.Path(path_type=Path), default=None, help="Folder of the embedded stack."),
        click.option("--state", type=click.Path(path_type=Path, file_okay=False), default=Path("listen"),
                     show_default=True, metavar="DIR", help="Where it is written down how far the listener has come."),
        click.option("--region", default="", metavar="CC", help="Country of numbers without one. [default: settings']"),
        click.option("--tz", default="", metavar="ZONE", help="Zone of the exchange. [default: settings']"),
        click.option("--source", default="pbx", show_default=True, metavar="NAME", help="Name of the exchange."),
    ):  # fmt: skip
        command = option(command)
    return command


def secret(variable: str, env: Mapping[str, str], what: str) -> str:
    """What an environment variable holds. Raises Terminal when it is empty, or when it is the secret itself."""
    if not variable.replace("_", "").isalnum():
        raise Terminal(f"give the name of an environment variable that holds {what}, not {what} itself")
    found = env.get(variable, "")
    if not found:
        raise Terminal(f"{variable} is not set: it must hold {what}")
    return found


class Exchange(NamedTuple):
    """The options of an exchange; "" where the settings decide."""

    source: str
    tz: str
    region: str
    peers: Mapping[str, str] = {}
    """What earlier files showed of its peers (`taught`)."""

    def zone(self, settings: Settings) -> tzinfo | None:
        """Its zone; None when none is configured. Raises Terminal."""
        name = self.tz or settings.source(self.source).time_zone or ""
        if name == "auto":
            raise Terminal("a listener cannot prove a zone from rows to come: give --tz by name")
        return zone_of(name, "--tz") if name else None

    def contexts(
        self, settings: Settings, zone: tzinfo | None, session: str, clock: Clock = wall_clock
    ) -> Callable[[], Context]:
        """Makes the context of what is read now: one session, a new version each time."""
        configured = settings.source(self.source)
        base = Context(
            source=self.source,
            import_id=session,
            version=0,
            zone=zone,
            region=self.region or configured.region or settings.region,
            extension_pattern=configured.extensions,
            trunks=configured.trunks,
            prefixes=configured.prefixes,
            ties=configured.ties,
            machines=configured.machines,
            peers=self.peers,
            stages=settings.stages,
            stage_words=configured.stages,
            copies=settings.copies_of(self.source),
            is_pulled=self.source in settings.listen,
            loaded_at=as_datetime(clock()),
        )

        def now() -> Context:
            version = clock()
            return msgspec.structs.replace(base, version=version, loaded_at=as_datetime(version))

        return now


def host_and_port(address: str, port: int | None = None) -> tuple[str, int]:
    """Of HOST:PORT or [IPv6]:PORT, and of HOST when a port is usual. Raises Terminal."""
    try:
        parts = urlsplit(f"//{address}")
        found = parts.port or port
        if parts.hostname and parts.netloc == address and "@" not in address and found:
            return parts.hostname, found
    except ValueError:  # a port that is not a number
        pass
    raise Terminal(f"{address!r} is not an address: HOST:{port or 'PORT'} or [IPv6]:{port or 'PORT'}")


def new_session() -> str:
    """The import_id of what a listener sends until it ends."""
    return f"{as_datetime(wall_clock()):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def stack_folder(data: Path | None, env: Mapping[str, str] = os.environ) -> Path | None:
    """The data folder of the stack that is meant; None for servers. One that is named need not run yet: what comes
    meanwhile waits in the journal. Raises Terminal.
    """
    named = data or (Path(env["CALLFUNNEL_DATA"]) if is_embedded(data, env) and env.get("CALLFUNNEL_DATA") else None)
    if named is not None and credentials_file(named).exists():
        return named.resolve()
    return pinned(data)


def journal_folder(data: Path | None, state: Path) -> Path:
    """Where listeners keep what they acknowledged: with the stack it is for, else with the state of the listener."""
    return journals_folder(data) if data is not None else state / "journals"


def keep_open(
    line: DeliveryQueue,
    listener: Listener,
    data: Path | None,
    state: Path,
    description: str,
    more: Sequence[tuple[DeliveryQueue, Listener]] = (),
) -> None:
    """Run a listener until a signal, and beside it `more` feeds that end with it; then wait for a while until what they
    acknowledged is stored. Raises Terminal when a listener gave up.
    """
    data = stack_folder(data)
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(message)s", level=logging.WARNING)
    logging.getLogger("callfunnel").setLevel(logging.INFO)
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # the forwarder reports its errors
    folder = journal_folder(data, state)
    lines = [line, *(one for one, _ in more)]
    with ListenerDelivery(folder, lines, lambda: find(data)) as delivering:
        for number in _STOPPING:
            signal.signal(number, lambda *_: delivering.stop())
        click.echo(f"callfunnel listens: {description}, into {data if data is not None else find().location}")
        beside = [threading.Thread(target=_beside, args=(one, feed, line, delivering.journal)) for one, feed in more]
        for thread in beside:
            thread.start()
        try:
            FeedRunner(line, delivering.journal).run(listener)
        finally:
            for one, _ in more:
                one.stopping.set()
            for thread in beside:
                thread.join()
    click.echo("callfunnel: stopped")


def _beside(line: DeliveryQueue, listener: Listener, first: DeliveryQueue, journal: Journal) -> None:
    """The body of a thread. A feed that gives up ends the first one with it: its senders would get no answer."""
    try:
        FeedRunner(line, journal).run(listener)
    except Terminal as error:
        log.error("%s: %s", line.name, error)
    finally:
        first.stopping.set()
