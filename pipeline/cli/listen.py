"""`callfunnel listen`: live listeners. Each is a file of its own, imported when it is asked for."""

from __future__ import annotations

import importlib

import click

_DOORS = {
    "sql": "a table of call records in MySQL, MariaDB or PostgreSQL, polled",
    "api": "a CRM or a cloud exchange: calls, users, stages and proposals, pulled as [listen.NAME] says",
    "ami": "Asterisk's manager interface: calls as they end",
    "esl": "FreeSWITCH's event socket: calls as they end",
    "folder": "a folder into which exports are dropped",
    "tcp": "an exchange that sends a line per call: 3CX",
    "http": "records posted as JSON, webhooks of exchanges and CRMs, a page to upload exports",
}


class _Doors(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_DOORS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _DOORS:
            return None
        found = importlib.import_module(f"pipeline.cli.listen_{name}").command
        return found if isinstance(found, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Listeners"):
            formatter.write_dl(list(_DOORS.items()))


@click.group("listen", cls=_Doors)
def command() -> None:
    """Listen to a live exchange until Ctrl-C or SIGTERM. docs/live.md tells how to connect each.

    Everything is sent at least once and counted once. How each listener is doing is in `callfunnel doctor`.

    Exit codes: 0 it was asked to end; 2 it could not go on.
    """
