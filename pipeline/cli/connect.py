"""`callfunnel connect`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

import click
import msgspec

from connectors.api.adapter import PulledPage, PullWindow
from connectors.api.http_transport import HttpTransport
from connectors.api.survey import AccountSurvey, Asking, VendorStage
from connectors.reading.source import Context
from connectors.registry import APIS
from pipeline.clock import as_datetime, wall_clock
from pipeline.drawing.terminal.tables import console, duration, table
from pipeline.endpoints import find
from pipeline.listening.session import Exchange
from pipeline.loading.connecting.account import (
    PulledAccount,
    account_with,
    begin_of,
    connector_of,
    renewed,
    secret_of,
)
from pipeline.loading.connecting.check import check
from pipeline.loading.connecting.copies import copies_notes, users_owner
from pipeline.loading.connecting.propose import StageProposal, general_stages, propose_managers, propose_stages
from pipeline.loading.connecting.settings_file import with_source
from pipeline.loading.connecting.yesterday import UserDay, counted, rejected
from pipeline.settings import Settings, config_path, read_settings
from pipeline.store import Store, connect
from pipeline.terminal.options import Day
from schemas.durable_files import write_whole
from schemas.errors import CallfunnelError, Terminal
from schemas.pulling import PullSettings


class _Report(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` shows."""

    name: str
    vendor: str
    host: str
    survey: AccountSurvey
    stages: list[StageProposal]
    managers: dict[str, str]
    """User -> the manager that they are proposed to be, where it is not themselves."""
    yesterday: list[UserDay]
    yesterday_rejected: int
    history_s: int
    written: str
    """The file, "" when nothing was."""


@click.command("connect")
@click.argument("vendor", type=click.Choice(sorted(APIS)))
@click.option("--name", default="", metavar="NAME", help="Name of the source. [default: the vendor's]")
@click.option("--from", "first", type=Day(), default=None, help="Where history is to begin. [default: a year ago]")
@click.option("--secret", "variable", default="", metavar="VARIABLE",
              help="Environment variable that holds the credential. [default: the vendor's]")  # fmt: skip
@click.option("--yes", is_flag=True, help="Take what is proposed, without asking.")
@click.option("--dry-run", is_flag=True, help="Write nothing.")
@click.option(
    "--check",
    "only_check",
    is_flag=True,
    help="Only look whether the account does what is expected, and print a report without personal data.",
)
@click.option("--json", "as_json", is_flag=True, help="The same for programs.")
def command(
    vendor: str, name: str, first: date | None, variable: str, yes: bool, dry_run: bool, only_check: bool, as_json: bool
) -> None:
    """Look into an account, propose how its stages and people are ours, and write that into callfunnel.toml.

    Checks what the credential may read, reads pipelines, stages and users, shows yesterday as it would be counted, and
    says how long the history takes. Nothing is changed there. What callfunnel.toml says already stays as it is.
    With --check it reads three days of everything and reports, in JSON that holds no name, number, id or address,
    what the account does: send it when something is not as docs/connectors.md says.
    """
    settings, connector = read_settings(), connector_of(vendor)
    name = name or vendor
    pulled = settings.listen.get(name) or PullSettings(api=vendor, secret=variable)
    if pulled.api != vendor:
        raise Terminal(f"[listen.{name}] is of {pulled.api}: give this one another --name")
    if first is not None:
        pulled = msgspec.structs.replace(pulled, begin=first)
    holder, secret = secret_of(pulled, connector, os.environ)
    is_typed = not secret
    if is_typed:
        if not _is_terminal():
            raise Terminal(f"{holder} is not set: it must hold {connector.secret} ({connector.rights})")
        click.echo(f"needed: {connector.rights}")
        secret = click.prompt(connector.secret, hide_input=True).strip()
    account = account_with(pulled, holder, secret)
    now = as_datetime(wall_clock())
    begin = begin_of(pulled, settings, now)
    with (
        HttpTransport(account.host, lambda: False) as transport,
        renewed(name, account, transport, os.environ) as (reached, _),
    ):
        asking = Asking(account.adapter, reached, transport, note=_note)
        if only_check:
            report = check(
                connector,
                account.adapter,
                lambda shapes: Asking(account.adapter, reached, transport, note=_note, on_answer=shapes.add),
                _contexts(name, settings),
                now,
            )
            click.echo(msgspec.json.format(msgspec.json.encode(report)).decode())
            return
        survey = asking.survey(connector.survey(begin))
        pages = _yesterday(asking, account, name, settings, now) if _may_have_calls(survey) else []
    names = {one: user.name for user in survey.users for one in (user.user_id, *user.extensions)}
    days = counted(pages, names, settings.conversation_s)
    proposals = propose_stages(survey.stages, settings.stages, settings.source(name).stages)
    managers = propose_managers(survey.users, _known_managers())
    seconds = round(survey.history_s(account.adapter.limits.per_s))
    asks = not (yes or dry_run or as_json) and _is_terminal()
    if not as_json:
        _show(account, survey, proposals, managers, days, rejected(pages), seconds)
        for line in copies_notes(name, vendor, settings):
            click.echo(f"note: {line}")
    if asks:
        proposals = [_chosen(one, settings) for one in proposals]
    options = _options(vendor, pulled, begin.astimezone(settings.time_zone).date(), survey)
    if (owner := users_owner(name, vendor, settings)) and not managers and not pulled.managers:
        options["streams"] = ["calls"]
        _note(
            f"users are left to {owner}, whose users have extensions: once callfunnel knows them, connect again without"
            " `streams` to map these by name"
        )
    path = config_path()
    written = ""
    if not dry_run and (yes or (asks and click.confirm(f"Write it into {path}?", default=True))):
        if is_typed:
            options["secret_file"] = _keep(path, name, secret)
        written = _write(
            path,
            lambda text: with_source(text, name, options, proposals, managers, time_zone=survey.time_zone),
        )
    if as_json:
        shown = _Report(
            name=name, vendor=vendor, host=str(account.host), survey=survey, stages=proposals, managers=managers,
            yesterday=days, yesterday_rejected=rejected(pages), history_s=seconds, written=written,
        )  # fmt: skip
        click.echo(msgspec.json.format(msgspec.json.encode(shown)).decode())
        return
    if not written:
        click.echo("nothing written" + ("" if dry_run else ": --yes writes it"))
        return
    click.echo(f"written into {written}; `callfunnel up` pulls it from now on, or `callfunnel listen api {name}`")


def _note(text: str) -> None:
    """For a person who waits; what is asked for goes to standard output."""
    click.echo(f"callfunnel: {text}", err=True)


def _is_terminal() -> bool:
    """There is somebody to ask."""
    return sys.stdin.isatty()


def _known_managers() -> dict[str, str]:
    """Managers that a running stack knows already, by id; none, with a note, where there is no stack."""
    try:
        store = Store(connect(find().clickhouse))
        rows = store.rows(
            msgspec.json.Decoder(_KnownManager), "SELECT manager_id, name FROM managers FINAL WHERE NOT retracted"
        )
        return {row.manager_id: row.name for row in rows}
    except CallfunnelError as error:
        _note(f"managers that are known already are not looked at: {error}")
        return {}


class _KnownManager(msgspec.Struct):
    manager_id: str
    name: str


def _may_have_calls(survey: AccountSurvey) -> bool:
    """There are calls, or the vendor does not count them."""
    return next((size.rows > 0 for size in survey.sizes if size.stream == "calls"), True)


def _yesterday(
    asking: Asking, account: PulledAccount, name: str, settings: Settings, now: datetime
) -> list[PulledPage]:
    """The calls of the last whole day of the reporting zone."""
    today = datetime.combine(now.astimezone(settings.time_zone).date(), time(), settings.time_zone)
    window = PullWindow(today - timedelta(days=1), today)
    streams = [stream for stream in account.adapter.streams() if stream.name.partition("-")[0] == "calls"]
    contexts = _contexts(name, settings)
    return [page for stream in streams for page in asking.pages(stream, window, contexts)]


def _contexts(name: str, settings: Settings) -> Callable[[], Context]:
    exchange = Exchange(name, "", "")
    return exchange.contexts(settings, exchange.zone(settings) or settings.time_zone, "connect")


def _show(
    account: PulledAccount,
    survey: AccountSurvey,
    proposals: Sequence[StageProposal],
    managers: Mapping[str, str],
    days: Sequence[UserDay],
    rejects: int,
    seconds: int,
) -> None:
    click.echo(f"{account.connector.title} at {account.host}")
    for line in survey.missing:
        click.echo(f"a right is missing: {line}")
    for line in survey.warnings:
        click.echo(f"note: {line}")
    out = console()
    stages = table("Stages")
    for heading in ("pipeline", "stage", "deals", "is", "why"):
        stages.add_column(heading, justify="right" if heading == "deals" else "left")
    for one in proposals:
        deals = "" if one.stage.deals is None else f"{one.stage.deals:,}"
        stages.add_row(one.stage.pipeline, one.stage.title, deals, one.code or "?", one.why)
    if proposals:
        out.print(stages)
    users = table("Users")
    for heading in ("id", "name", "extension", "mobile", "manager"):
        users.add_column(heading)
    for user in survey.users:
        if user.is_active:
            manager = managers.get(user.user_id, user.user_id)
            users.add_row(user.user_id, user.name, user.extension, user.mobile, manager)
    out.print(users)
    day = table("Yesterday, as it would be counted")
    for heading in ("manager", "calls", "answered", "conversations", "talk"):
        day.add_column(heading, justify="left" if heading == "manager" else "right")
    for row in days:
        numbers = (f"{row.calls:,}", f"{row.answered:,}", f"{row.conversations:,}", duration(row.talk_s))
        day.add_row(row.name or "nobody", *numbers)
    out.print(day)
    if rejects:
        click.echo(f"{rejects:,} of yesterday's rows would be rejected: `callfunnel rejected` will say why")
    sizes = ", ".join(f"{size.rows:,} {size.stream}" for size in survey.sizes)
    takes = f"{sizes}; about {duration(seconds)} at the vendor's limit" if sizes else "the vendor does not say how much"
    click.echo(f"history: {takes}")


def _chosen(one: StageProposal, settings: Settings) -> StageProposal:
    """What a person says of a stage."""
    stage: VendorStage = one.stage
    codes = settings.stages.codes
    code = click.prompt(
        f"{stage.pipeline}: {stage.title}{f' ({stage.count})' if stage.count else ''}",
        type=click.Choice(codes),
        default=one.code or codes[0],
    )
    return one if code == one.code else StageProposal(stage, code, "chosen")


def _options(vendor: str, pulled: PullSettings, begin: date, survey: AccountSurvey) -> dict[str, object]:
    """What `[listen.NAME]` is to say, where it does not say it already."""
    options: dict[str, object] = {"api": vendor, "from": begin}
    if pulled.secret:
        options["secret"] = pulled.secret
    if survey.stages:  # a portal without quotes keeps its sums in the deals; an exchange has neither
        options["proposals"] = ["quotes"] if survey.quotes else ["deals"]
    if found := general_stages(survey.stages):
        options["general_stages"] = list(found)
    return options


def _keep(path: Path, name: str, secret: str) -> str:
    """The credential in a file of its own, beside callfunnel.toml, for its owner alone; its name."""
    file = path.parent / f"callfunnel.{name}.secret"
    try:
        write_whole(file, secret.encode() + b"\n")
    except OSError as error:
        raise Terminal(f"{file}: it cannot be written: {error.strerror}") from None
    return file.name


def _write(path: Path, change: Callable[[str], str]) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig") if path.exists() else ""
        write_whole(path, change(text).encode(), mode=_mode(path))
    except OSError as error:
        raise Terminal(f"{path}: it cannot be written: {error.strerror}") from None
    return str(path)


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777 if path.exists() else 0o644
