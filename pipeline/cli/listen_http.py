"""`callfunnel listen http`."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import click
import msgspec

from connectors.http.gates import Token, is_loopback, too_short
from connectors.http.listener import Hooked, HttpListener
from connectors.http.reading import Contexts
from connectors.http.request_delivery import RequestDelivery
from connectors.http.serving import Address, Guard, RequestLimits
from connectors.live.changed_streams import ChangedStreams
from connectors.live.checkpoint import Checkpoint
from connectors.live.delivery_queue import DeliveryQueue
from connectors.reading.source import Context
from connectors.registry import HOOKS
from pipeline.audit import LoginAudit, audit_file
from pipeline.endpoints import Endpoints, find
from pipeline.listening.session import Exchange, exchange, keep_open, new_session, secret, stack_folder
from pipeline.privacy.file_folders import Holds, remember
from pipeline.serving.upload.routes import Pages
from pipeline.settings import Settings, read_settings
from pipeline.store import Store, connect
from schemas.errors import Terminal

_TOKEN = "CALLFUNNEL_HTTP_TOKEN"  # noqa: S105  # the name of a variable
_SOURCE = re.compile(r"[\w.-]{1,60}")


class _NoHttpCheckpoint(msgspec.Struct, frozen=True):
    """A listener has nothing to go on from: who posts knows what was answered."""


@click.command("http")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8480, show_default=True, help="0 takes a free one.")
@click.option("--token", "variable", default=_TOKEN, show_default=True, metavar="VARIABLE",
              help="Environment variable with the token of those who post and upload.")  # fmt: skip
@click.option("--webhook", "webhooks", nargs=3, multiple=True, metavar="KIND SOURCE VARIABLE",
              help=f"Take webhooks at /webhooks/KIND/SOURCE, of {', '.join(HOOKS)}. VARIABLE: its secret.")  # fmt: skip
@click.option(
    "--public-url", default="", metavar="URL", help="What the world calls it, through a proxy of this machine."
)
@click.option("--cert", type=click.Path(exists=True, dir_okay=False), default=None, help="Certificate, for https.")
@click.option("--key", type=click.Path(exists=True, dir_okay=False), default=None, help="Its key.")
@click.option(
    "--plain", is_flag=True, help="Allow http on an address that is not loopback: the token can be read there."
)
@click.option("--body", "body_mb", type=click.IntRange(1, 64), default=4, show_default=True, metavar="MB",
              help="Most of one posted body.")  # fmt: skip
@click.option("--rate", type=click.FloatRange(1), default=10_000.0, show_default=True, metavar="N",
              help="Requests a second of one address.")  # fmt: skip
@click.option("--page/--no-page", default=True, show_default=True, help="Serve the page to upload exports.")
@click.option("--upload", "upload_mb", type=click.IntRange(1, 10_000), default=512, show_default=True, metavar="MB",
              help="Most of one uploaded file.")  # fmt: skip
@exchange
def command(
    host: str,
    port: int,
    variable: str,
    webhooks: tuple[tuple[str, str, str], ...],
    public_url: str,
    cert: str | None,
    key: str | None,
    plain: bool,
    body_mb: int,
    rate: float,
    page: bool,
    upload_mb: int,
    source: str,
    tz: str,
    region: str,
    state: Path,
    data: Path | None,
) -> None:
    """Take records that are posted as JSON, and webhooks; serve a page on which exports are loaded.

    POST /calls, /stages, /proposals, /organisations, /managers; GET /openapi.json describes them; docs/http.md all.
    200 says that it is on disk until it is counted.
    """
    settings = read_settings()
    address = Address(host=host, port=port, public_url=public_url, tls=_tls(cert, key))
    _refuse_plain(address, plain)
    guard = Guard(
        Token(secret(variable, os.environ, "the token"), variable),
        address,
        RequestLimits(body_bytes=body_mb << 20, requests_per_s=rate),
    )
    of = Exchange(source, tz, region)
    line = DeliveryQueue(source, "http", new_session())
    hooked = hooks(webhooks, of, settings, lambda: pullers_folders(state, stack_folder(data)))
    # Two listeners of one source would take each other's uploads away, and tell of one feed.
    with Checkpoint(state, source, "http", _NoHttpCheckpoint) as lock:
        data = stack_folder(data)
        uploads = lock.path.with_suffix(".uploads")
        guard.on_login = LoginAudit(audit_file(data), "upload page")
        if page:
            remember(data or "", Holds.UPLOADS, uploads)
        pages = [Pages(guard, settings, source, partial(stack, data), uploads, upload_mb << 20).add] if page else []
        listener = HttpListener(guard, RequestDelivery(line), contexts(of, settings, line.session), hooked, pages, _say)
        keep_open(line, listener, data, state, describe(source, hooked), [(one.sink.queue, one.sink) for one in hooked])


def _say(at: str) -> None:
    click.echo(f"callfunnel listens at {at}")


def stack(data: Path | None) -> tuple[Endpoints, Store]:
    """The stack as it is now. Raises Trouble."""
    endpoints = find(data)
    return endpoints, Store(connect(endpoints.clickhouse))


def describe(source: str, hooked: Sequence[Hooked]) -> str:
    """What is listened to."""
    return f"records of source {source} by POST{''.join(f', {one.path}' for one in hooked)}"


def contexts(of: Exchange, settings: Settings, session: str) -> Contexts:
    """Of the listener's source, and of any other that a record names."""
    ours = of.contexts(settings, None, session)

    def context(source: str) -> Context:
        return ours() if source in ("", of.source) else Exchange(source, "", "").contexts(settings, None, session)()

    return context


def pullers_folders(state: Path, data: Path | None) -> list[Path]:
    """Where pullers keep their state: beside this listener's, and with the stack that runs them."""
    return [state] if data is None or (data / "listen").resolve() == state.resolve() else [state, data / "listen"]


def hooks(
    webhooks: Sequence[tuple[str, str, str]],
    of: Exchange,
    settings: Settings,
    pullers: Callable[[], Sequence[Path]] = tuple,
) -> list[Hooked]:
    """A feed of its own for each; `pullers` are folders of the state of those who pull, asked for where somebody does.
    Raises Terminal.
    """
    found: dict[str, Hooked] = {}
    for kind, source, variable in webhooks:
        if kind not in HOOKS:
            raise Terminal(f"--webhook {kind}: known are {', '.join(HOOKS)}")
        if not _SOURCE.fullmatch(source):
            raise Terminal(f"--webhook {kind} {source}: a source's name stands in the address: letters, digits, . _ -")
        hook = HOOKS[kind]
        held = secret(variable, os.environ, hook.secret)
        if wrong := too_short(held):
            raise Terminal(f"{variable}: {hook.secret}: {wrong}, and give the same to the sender")
        if wrong := hook.check(held):
            raise Terminal(f"{variable}: {wrong}")
        exchange = of._replace(source=source)
        zone = exchange.zone(settings)
        if hook.needs_zone and zone is None:
            raise Terminal(
                f"--webhook {kind}: its times are those of the account: give --tz Europe/Moscow (say), or time_zone"
                f" under [sources.{source}] in callfunnel.toml"
            )
        line = DeliveryQueue(source, kind, new_session())
        fresh = exchange.contexts(settings, zone, line.session)
        mark = ChangedStreams(pullers() if source in settings.listen else (), source).mark
        one = Hooked(hook, source, held, fresh, RequestDelivery(line), mark)
        if one.path in found:
            raise Terminal(f"--webhook {kind} {source}: given twice")
        found[one.path] = one
    return list(found.values())


def _tls(cert: str | None, key: str | None) -> ssl.SSLContext | None:
    if cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(cert, key)
    except (ssl.SSLError, OSError) as error:
        raise Terminal(f"{cert}: no certificate with its key ({error}): give PEM files to --cert and --key") from None
    return context


def _refuse_plain(address: Address, plain: bool) -> None:
    if address.tls is None and not plain and not is_loopback(address.host):
        raise Terminal(
            f"{address.host}: whoever is on the way could read the token: give --cert and --key, listen on loopback"
            " behind a proxy that speaks https, or say --plain"
        )
