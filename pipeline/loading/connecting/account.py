"""An account that is pulled from, out of settings and the environment: what `listen api` and `connect` share."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec

from connectors.api.adapter import Account, Adapter, ApiConnector, PullOptions, SourceMapping
from connectors.api.tokens import Refreshing, RotatingToken, TokenPair
from connectors.api.transport import ApiTransport, Host, host_of
from connectors.live.checkpoint import Checkpoint
from connectors.registry import APIS
from pipeline.settings import Settings, config_path
from schemas.errors import Terminal, Transient
from schemas.pulling import PullSettings

HISTORY = timedelta(days=365)
"""How far back a source is pulled that says nothing of it."""


class PulledAccount(NamedTuple):
    """How one source is reached."""

    connector: ApiConnector
    adapter: Adapter
    account: Account
    host: Host
    refreshing: Refreshing | None


def connector_of(kind: str) -> ApiConnector:
    """Raises Terminal for a vendor that is not known."""
    if kind not in APIS:
        raise Terminal(f"{kind!r} is not a vendor to pull from: {', '.join(sorted(APIS))}")
    return APIS[kind]


def settings_of(name: str, settings: Settings) -> PullSettings:
    """Raises Terminal when nothing is said of it."""
    if name not in settings.listen:
        known = f"; there are {', '.join(settings.listen)}" if settings.listen else ""
        writes = f"`callfunnel connect VENDOR --name {name}` writes it"
        raise Terminal(f"callfunnel.toml has no [listen.{name}]: {writes}{known}")
    return settings.listen[name]


def account_of(pulled: PullSettings, env: Mapping[str, str]) -> PulledAccount:
    """Raises Terminal, whose message never holds the secret."""
    connector = connector_of(pulled.api)
    variable, secret = secret_of(pulled, connector, env)
    if not secret:
        raise Terminal(f"{variable} is not set: it must hold {connector.secret}")
    return account_with(pulled, variable, secret)


def account_with(pulled: PullSettings, variable: str, secret: str) -> PulledAccount:
    """The same with a secret that is known; `variable` is what holds it, for messages."""
    connector = connector_of(pulled.api)
    adapter = connector.adapter(options_of(pulled))
    try:
        account = adapter.account(secret)
    except Terminal as trouble:
        raise Terminal(f"{variable}: {trouble}") from None
    host = host_of(account.address, variable)
    return PulledAccount(connector, adapter, account, host, adapter.refreshing(secret))


@contextmanager
def renewed(
    name: str, account: PulledAccount, transport: ApiTransport, env: Mapping[str, str]
) -> Iterator[tuple[Account, Callable[[], Account] | None]]:
    """(how to ask now, how to renew that; None where a token stays) until the end of the block.

    Raises Terminal when another process has the tokens: beside callfunnel.toml, wherever a listener keeps its state.
    """
    if account.refreshing is None:
        yield account.account, None
        return
    with Checkpoint(config_path(env).resolve().parent, f"callfunnel.{name}", "tokens", TokenPair) as kept:
        token = RotatingToken(account.refreshing, kept, transport.send, lambda: datetime.now(UTC))
        try:
            reached = token.account()
        except Transient:  # the vendor is away: a listener waits for it, and renews then
            reached = account.account
        yield reached, token.renew


def secret_of(pulled: PullSettings, connector: ApiConnector, env: Mapping[str, str]) -> tuple[str, str]:
    """(what holds it, for messages; the secret, "" when it is not there). Raises Terminal."""
    if pulled.secret_file and not pulled.secret:
        path = config_path(env).parent / pulled.secret_file
        return str(path), read_secret(path)
    variable = pulled.secret or connector.variable
    if not variable.replace("_", "").isalnum():
        raise Terminal(f"secret: give the name of an environment variable that holds {connector.secret}, not it itself")
    return variable, env.get(variable, "").strip()


def read_secret(path: Path) -> str:
    """Of a file that its owner alone may read. Raises Terminal."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise Terminal(f"{path}: others may read this secret: chmod 600 it")
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Terminal(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Terminal(f"{path}: it is not text") from None


def options_of(pulled: PullSettings, before: SourceMapping | None = None) -> PullOptions:
    return PullOptions(pulled.managers, pulled.proposals, pulled.general_stages, pulled.deals, pulled.copies, before)


def check_streams(adapter: Adapter, wanted: tuple[str, ...], name: str) -> None:
    """Raises Terminal for a stream that the vendor does not have."""
    known = [stream.name for stream in adapter.streams()]
    if unknown := [one for one in wanted if one not in known]:
        raise Terminal(f"listen.{name}.streams: {unknown[0]!r} is not pulled from there: {', '.join(known)}")


def begin_of(pulled: PullSettings, settings: Settings, now: datetime) -> datetime:
    """Where history begins, at the start of a day of the reporting zone."""
    day = pulled.begin or (now - HISTORY).astimezone(settings.time_zone).date()
    return datetime.combine(day, time(), settings.time_zone).astimezone(UTC)


def mapping_of(name: str, pulled: PullSettings, settings: Settings) -> SourceMapping:
    """The settings that records depend on: with other ones, histories are read again."""
    source = settings.source(name)
    stages = {theirs: settings.stages.find(ours) or "" for theirs, ours in source.stages.items()}
    rest = [sorted(pulled.general_stages), source.region or settings.region]
    digest = hashlib.blake2b(msgspec.json.encode(rest), digest_size=8).hexdigest()
    return SourceMapping(stages, dict(pulled.managers), pulled.deals, digest)
