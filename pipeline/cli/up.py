"""`callfunnel up` and `callfunnel down`."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click

from pipeline.embedded.daily import Daily
from pipeline.embedded.draining import drain, lag
from pipeline.embedded.listeners import Listeners, watch_command
from pipeline.embedded.liveness import PATIENCE_S
from pipeline.embedded.supervise import Stack, StackPlan, lock, run
from pipeline.endpoints import Running, credentials_file, is_alive, meant_stack
from pipeline.listening.replaying import replaying
from pipeline.parts.losses import SETTLE, describe_losses
from pipeline.settings import read_settings
from pipeline.warnings.senders import Secrets
from schemas.errors import Terminal
from schemas.private_files import private_folder, private_opener

_DATA = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("data"),
    show_default=True,
    help="Data folder.",
)

_TELL_S = 2.0
_STOPS_S = 90.0
"""How long a stack that is asked to stop may take after the last frame moved."""
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command("up")
@_DATA
@click.option("--kafka-port", type=click.IntRange(0, 65535), default=9092, show_default=True, help="0: any free one.")
@click.option("--store-port", type=click.IntRange(0, 65535), default=8123, show_default=True, help="0: any free one.")
@click.option("--board-port", type=click.IntRange(0, 65535), default=None,
              help="Of the board page; 0: any free one. [default: 8090, or any free one when it is taken]")  # fmt: skip
@click.option("--workers", type=click.IntRange(1, 16), default=1, show_default=True)
@click.option("--broker-mb", type=click.IntRange(24), default=1000, show_default=True,
              help="Memory above which a new broker takes its place, once all it holds is stored.")  # fmt: skip
@click.option("--drain", "drain_s", type=click.FloatRange(0, 3600), default=30.0, show_default=True, metavar="SECONDS",
              help="When asked to stop: how long to wait until what is on the wire is stored.")  # fmt: skip
@click.option("--patience", type=click.FloatRange(3, 3600), default=PATIENCE_S, show_default=True, metavar="SECONDS",
              help="A part without a sign of life for so long is killed and started again.")  # fmt: skip
@click.option("--background", is_flag=True, help="Return when it is ready; `callfunnel down` stops it.")
def command(
    data: Path,
    kafka_port: int,
    store_port: int,
    board_port: int | None,
    workers: int,
    broker_mb: int,
    drain_s: float,
    patience: float,
    background: bool,
) -> None:
    """Start the embedded stack: a broker, a ClickHouse store, a board page and a worker, each a process of its own.

    Everything listens on loopback only; the printed address of the board page lets its reader in. Facts are on disk in
    the data folder; what is on the wire is in memory, so `callfunnel load` reports success only when the store has the
    rows. Every source that callfunnel.toml names under [listen.NAME] is pulled meanwhile. The rules of warning are
    asked all the time: what stands is on the board page, and whom [warnings] names is told of it.
    """
    settings = read_settings()
    if private_folder(data, credentials_file(data).name):
        click.echo(f"callfunnel: the data folder {data} was open to other users: it is closed to them now", err=True)
    if background:
        _in_background(data)
        return
    plan = StackPlan(
        data=data,
        kafka_port=kafka_port,
        store_port=store_port,
        board_port=board_port,
        workers=workers,
        broker_bytes=broker_mb * 1_000_000,
        patience_s=patience,
    )
    stack = Stack(plan)
    started = time.monotonic()
    for number in _STOPPING:
        signal.signal(number, signal.default_int_handler)  # while starting: give up at once
    running = stack.start()
    stopping: list[int] = []
    for number in _STOPPING:
        signal.signal(number, lambda got, _: stopping.append(got))
    if stack.broken:
        click.echo(f"callfunnel: the store has lost rows that were reported as stored\n{describe_losses(stack.broken)}")
        click.echo(f"when that is done: {SETTLE}")
    click.echo(ready_line(running, data, time.monotonic() - started))
    daily = _retention(data) if settings.retention.is_set else None
    listeners = Listeners(settings.listen, data, os.environ)
    listeners.add("alerts watch", watch_command(data))

    def say(message: str) -> None:
        click.echo(f"callfunnel: {message}", err=True)

    for route in settings.warnings.routes:
        if problem := Secrets(os.environ).problem(route):
            say(f"warnings for {route.receiver} cannot be sent by {route}: {problem}")

    try:
        with replaying(running, say):
            listeners.start()
            run(stack, lambda: bool(stopping), say, daily, listeners)
        listeners.stop()
        if remains := drain(stack, running, drain_s, say, lambda: len(stopping) > 1):
            say(remains)
    finally:
        if daily is not None:
            daily.stop()
        listeners.stop()
        stack.stop()
    click.echo("callfunnel: stopped")


def _retention(data: Path) -> Daily:
    """What [retention] asks for, each day."""
    command = [sys.executable, "-m", "pipeline.cli", "retention", "--yes", "--data", str(data)]
    return Daily("retention", command, logs=data / "logs", env=os.environ)


def ready_line(running: Running, data: Path, seconds: float) -> str:
    """What listens where, as whom, and with which folder; and what to open."""
    store = running.clickhouse.rsplit("@", 1)[1]
    return (
        f"callfunnel is ready ({seconds:.1f} s): kafka {running.kafka}, clickhouse http://{store}"
        f" (users callfunnel, reader; passwords in {data / 'credentials.json'}), data {data}, pid {running.pid}\n"
        f"boards: {running.board}"
    )


def _in_background(data: Path) -> None:
    """Start `up` again as a process of its own session, and wait for its first line."""
    lock(data).close()
    (data / "logs").mkdir(mode=0o700, exist_ok=True)
    arguments = [argument for argument in sys.argv[1:] if argument != "--background"]
    log = data / "logs" / "up.log"
    with open(log, "wb", opener=private_opener) as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    while process.poll() is None:
        printed = log.read_text("utf-8", "replace")
        if "boards: " in printed and printed.endswith("\n"):
            click.echo(printed.strip())
            return
        time.sleep(0.1)
    raise Terminal(log.read_text("utf-8", "replace").strip().removeprefix("callfunnel: ") or "the stack did not start")


@click.command("down")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), default=None, help="Data folder.")
def down(data: Path | None) -> None:
    """Stop a stack that runs in the background, once what is on its wire is stored."""
    running = meant_stack(data)
    if not end(running, _STOPS_S, lambda: lag(running)):
        raise Terminal(f"process {running.pid} does not stop: kill it; what listeners acknowledged is on disk")
    click.echo("callfunnel: stopped")


def end(running: Running, within_s: float, frames_to_store: Callable[[], int] = lambda: 0) -> bool:
    """Ask a stack to stop; True once it has, False when it does not within a time after the last frame was stored.

    Never asks another process that has its id by now.
    """
    try:
        process = os.pidfd_open(running.pid)
    except ProcessLookupError:
        return True
    try:
        if not is_alive(running):  # asked after the process is held: from here on it cannot become another one
            return True
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(process, signal.SIGTERM)
        ended = select.poll()
        ended.register(process, select.POLLIN)
        until, waiting = time.monotonic() + within_s, 0
        while not ended.poll(min(within_s, _TELL_S) * 1000):
            before, waiting = waiting, frames_to_store()
            if waiting:
                click.echo(f"callfunnel: {waiting:,} frames wait to be stored", err=True)
            if waiting < before:
                until = time.monotonic() + within_s
            elif time.monotonic() >= until:
                return False
        return True
    finally:
        os.close(process)
