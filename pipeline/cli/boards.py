"""`callfunnel boards`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import click

from grafana.alerts.build import write as write_alerts
from grafana.build import write
from grafana.push import ClickHouse, Doing, Pusher
from grafana.releases import NEWEST, Release, lacks, release_of
from pipeline.endpoints import is_embedded, running_stack
from pipeline.readouts.department import department_of
from pipeline.settings import read_settings
from schemas.errors import Terminal
from schemas.parameters import Department
from schemas.screens.translations import LANGUAGES

_release = click.option("--grafana", "named", metavar="RELEASE", default="",
                        help="The Grafana that reads them, as 12.1: what it lacks is said and left out.")  # fmt: skip


@click.group("boards")
def command() -> None:
    """Grafana boards of this department: its stages, time zone and threshold of a conversation."""


@command.command("build")
@click.option("--out", type=click.Path(path_type=Path), default=Path("dashboards"), show_default=True,
              help="Folder; ru/ and en/ are made in it.")  # fmt: skip
@_release
def build(out: Path, named: str) -> None:
    """Write the boards as files that Grafana is provisioned from: of 13, unless --grafana says otherwise."""
    of, release = department_of(read_settings()), release_of(named) if named else NEWEST
    click.echo(f"{len(write(out, of, release))} dashboards in {out}")
    click.echo(f"{len(write_alerts(out / 'alerting', of, release))} files of alerts in {out / 'alerting'}")
    _say_what_lacks(release)
    _say_who_tells(of)


@command.command("push")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--language", "languages", multiple=True, type=click.Choice(LANGUAGES),
              help="Only this language; may be repeated. [default: both]")  # fmt: skip
@click.option("--renew-password", is_flag=True, help="Set the data source's password again: Grafana never says it.")
@_release
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Data folder of the embedded stack.")
def push(dry_run: bool, languages: tuple[str, ...], renew_password: bool, named: str, data: Path | None) -> None:
    """Put data source, folders, boards and alert rules into a running Grafana. Repeating it changes nothing.

    GRAFANA_URL and GRAFANA_TOKEN (of a service account with the role Admin) say which. GRAFANA_CLICKHOUSE says how
    Grafana reaches ClickHouse, http[s]://user:password@host:port/database with a user that only reads; it may be left
    out when both are on this machine and the embedded stack runs. The ClickHouse plugin must be installed there.
    Which release it is Grafana is asked, unless --grafana says so.
    """
    url, token = (_from_env(name) for name in ("GRAFANA_URL", "GRAFANA_TOKEN"))
    store, of = ClickHouse.of(reader(data)), department_of(read_settings())
    with closing(Pusher(url, token)) as pusher:
        release = release_of(named) if named else pusher.release() or NEWEST
        changes = pusher.changes(store, of, languages or LANGUAGES, release, renew_password=renew_password)
        for change in changes if dry_run else pusher.apply(changes):
            would = "would be " if dry_run and change.doing is not Doing.UNCHANGED else ""
            click.echo(f"{change.what} {change.name}: {would}{change.doing}")
    _say_what_lacks(release)
    _say_who_tells(of)


def _say_what_lacks(release: Release) -> None:
    for clause in lacks(release):
        click.echo(f"Grafana {release}: {clause}")


def _say_who_tells(of: Department) -> None:
    if of.tells_by_itself:
        click.echo("alert rules are paused: callfunnel tells those of [warnings] itself, and nobody is told twice")


def _from_env(name: str, env: Mapping[str, str] = os.environ) -> str:
    value = env.get(name, "")
    if not value:
        raise Terminal(f"{name} is not set: GRAFANA_URL is http[s]://host:port, GRAFANA_TOKEN a service account's")
    return value


def reader(data: Path | None, env: Mapping[str, str] = os.environ) -> str:
    """The DSN with which Grafana shall read. Never that of a writer."""
    if named := env.get("GRAFANA_CLICKHOUSE"):
        return named
    if is_embedded(data, env):
        return running_stack(data, env).reader
    raise Terminal("GRAFANA_CLICKHOUSE is not set: http[s]://user:password@host:port/database, a user that only reads")
