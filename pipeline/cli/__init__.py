"""The command `callfunnel`. Each subcommand is a file of its own, imported when it is asked for."""

from __future__ import annotations

import importlib
import io
import sys
from collections.abc import Sequence

import click

from schemas.errors import CallfunnelError

_COMMANDS = {
    "up": "the embedded stack: broker, store and worker, until Ctrl-C",
    "down": "stop a stack that runs in the background",
    "init": "from your exchange's exports to a first board: settings and tables, proposed and loaded",
    "load": "load exports: calls, managers, organisations, stages, proposals, plan, calendar, absences",
    "explain": "what was believed of a source's calls, and what of it is not plausible",
    "imports": "what was loaded, when and by whom",
    "undo": "take a load back: what it brought is withdrawn, and counts follow",
    "map": "say which column of a table of your own is which, so that load can read it",
    "connect": "look into an account of a CRM or cloud exchange, propose how to read it, write callfunnel.toml",
    "listen": "listen to a live exchange: a database, Asterisk's manager interface, a folder",
    "activity": "what managers did: calls, conversations, A, B, C, D",
    "report": "the consolidated report: HTML, Excel, mail",
    "board": "the boards as a page of this machine, without Grafana",
    "plan": "plan and fact of a month: A, C and D against what was planned",
    "funnel": "how organisations move through the stages",
    "calls": "the calls behind a number",
    "rejected": "what could not be understood, and why",
    "boards": "Grafana boards: write them, or put them into a running Grafana",
    "alerts": "warnings: what fires now and why, and how often each rule would have fired",
    "backup": "a copy of everything, taken while the stack runs, and checked",
    "restore": "a data folder from a backup, on this machine or another",
    "verify": "recount from the facts and compare with what was counted",
    "forget": "replace a person's telephone numbers everywhere; what was counted stays",
    "retention": "take away what is kept longer than [retention] says; counts stay",
    "audit": "who loaded, took back, forgot, exported, logged in",
    "doctor": "what is reachable, how far behind, what to do",
    "parts": "what the store has lost of that which it had, and how to mend it",
    "worker": "a worker: any number of them share the work",
    "migrate": "bring the ClickHouse tables up to date",
    "generate": "a synthetic sales department, and the true numbers of it",
    "demo": "an invented sales department, live, with a board of its day",
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        module = "up" if name == "down" else name
        found = getattr(importlib.import_module(f"pipeline.cli.{module}"), "down" if name == "down" else "command")
        return found if isinstance(found, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="callfunnel")
def cli() -> None:
    """Turn a telephone exchange's call records into a sales department's leading indicators.

    Exit codes: 0 done; 1 done, but some rows were rejected or something differs; 2 could not do it.
    """


def main() -> None:
    """Run the command; trouble is one line on standard error and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name of a file may hold any bytes: never a traceback for that
            stream.reconfigure(errors="backslashreplace")
    try:
        _refuse_nul(sys.argv[1:])
        cli.main(standalone_mode=False)
    except CallfunnelError as error:
        click.echo(f"callfunnel: {error}", err=True)
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("callfunnel: stopped", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()  # the reader (`| head`) has what it wanted
        sys.exit(0)
    except OSError as error:  # a file or folder that cannot be used: closer by nobody knew better
        why = error.strerror or str(error)
        next_step = (
            f"{error.filename}: {why}: make it usable, or name another"
            if error.filename
            else (f"the system refused something: {why}; nothing was reported done: the same command again is safe")
        )
        click.echo(f"callfunnel: {next_step}", err=True)
        sys.exit(2)


def _refuse_nul(arguments: Sequence[str]) -> None:
    """No shell can say it, and no file, address or name can hold it."""
    if any("\0" in argument for argument in arguments):
        raise click.UsageError("an argument holds a NUL character")
