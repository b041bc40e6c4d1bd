"""`callfunnel undo`."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec
from rich.console import Console

from pipeline.audit import Action, audit_file, record
from pipeline.endpoints import Endpoints, find, is_alive, is_embedded, running_stack
from pipeline.loading.load_progress import PlainProgress, TerminalProgress
from pipeline.loading.undo import UNDONE, Undo, check_undoable, find_import, preview, undo
from pipeline.settings import read_settings
from pipeline.store import Store, connect
from schemas.errors import CallfunnelError, Terminal
from schemas.records import Import

_NAMES = {
    "call_legs": "legs of calls",
    "stage_changes": "stage changes",
    "plans": "plans",
    "calendar_days": "days of the calendar",
}
_MANAGERS_NAMED = 10


@click.command("undo")
@click.argument("import_id", metavar="IMPORT")
@click.option("--yes", is_flag=True, help="Do it. Without it nothing changes: what would be done is shown.")
@click.option("--interrupted", is_flag=True, help="The load was stopped or killed: take back what had arrived.")
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Data folder of the embedded stack.")
@click.option("--json", "as_json", is_flag=True, help="For programs: one object.")
def command(import_id: str, yes: bool, interrupted: bool, data: Path | None, as_json: bool) -> None:
    """Take a load back: what it brought is withdrawn, and all counts follow.

    `callfunnel imports` lists loads with their ids. What other loads brought too stays, and so does what they replaced
    since. What this one had replaced is not in the store any more: the files to load again are named. Loading the file
    again brings everything back.

    Exit codes: 0 done, or shown; 1 done, and files must be loaded again or something of it stays; 2 it could not be
    done.
    """
    endpoints = find(data)
    store = Store(connect(endpoints.clickhouse))
    zone = read_settings().time_zone.key
    of = find_import(store, import_id)
    check_undoable(of, interrupted=interrupted)
    result = preview(of, store, zone)
    if result.is_empty and result.gone:
        raise Terminal(
            f"{import_id} ({of.file}) cannot be taken back: its calls are before {result.kept_from} and not kept any"
            " more ([retention]), so what was counted of them stays"
        )
    if yes and not (result.is_empty and of.state == UNDONE):
        result = _undo(of, endpoints, store, zone, data)
        log = audit_file(endpoints.data or None)
        record(log, Action.UNDO, import_id=import_id, file=Path(of.file).name, withdrawn=sum(result.withdrawn.values()))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(result), indent=2).decode())
    else:
        for line in summary(result):
            click.echo(line)
    sys.exit(1 if result.done and (result.lost or result.gone) else 0)


def _undo(of: Import, endpoints: Endpoints, store: Store, zone: str, data: Path | None) -> Undo:
    console = Console(stderr=True)
    embedded = running_stack(data) if is_embedded(data) else None

    def check() -> None:
        if embedded is not None and not is_alive(embedded):
            raise Terminal("the stack stopped: see logs/ in its data folder, and start it again")

    with TerminalProgress(console, check) if console.is_terminal else PlainProgress(console, check) as progress:
        try:
            return undo(of, endpoints, store, zone, progress)
        except KeyboardInterrupt:
            raise Terminal("stopped: undo it again to finish") from None
        except CallfunnelError as error:
            raise Terminal(f"{error}. Not everything is taken back; the same command again is safe") from None


def summary(result: Undo) -> list[str]:
    """The lines that tell a person what is, or would be, taken back."""
    lines = [f"{result.import_id}: {result.file} ({result.kind} of {result.source})"]
    if result.is_empty:
        again = "it was taken back already" if result.state == UNDONE else "nothing stands of it any more"
        return [*lines, f"  {again}: nothing changes"]
    verb = "withdrawn" if result.done else "would be withdrawn"
    lines += [f"  {count:,} {_NAMES.get(table, table)} {verb}" for table, count in result.withdrawn.items()]
    lines += [
        f"  {count:,} {_NAMES.get(table, table)} stay: other loads brought them too"
        for table, count in result.stays.items()
    ]
    lines += [
        f"  {count:,} {_NAMES.get(table, table)} stay as they are: later loads replaced them"
        for table, count in result.replaced_since.items()
    ]
    if result.gone:
        lines.append(
            f"  {result.gone:,} records cannot be withdrawn: calls before {result.kept_from} are not kept"
            " ([retention]), and what was counted of them stays"
        )
    if result.rejects:
        lines.append(f"  {result.rejects:,} rejected rows of it {'are' if result.done else 'would be'} closed")
    if result.reopened:
        verb_phrase = "are open again" if result.done else "would be open again"
        lines.append(f"  {result.reopened:,} rejected rows and gaps that it had resolved {verb_phrase}")
    if result.activities:
        who = ", ".join(result.managers[:_MANAGERS_NAMED]) or "nobody"
        more = f" and {len(result.managers) - _MANAGERS_NAMED} more" if len(result.managers) > _MANAGERS_NAMED else ""
        lines.append(
            f"  counted anew: {result.activities:,} calls and proposals on {result.days:,} days, {result.first_day} to"
            f" {result.last_day}, of {who}{more}"
        )
    if result.lost:
        count = sum(lost.records for lost in result.lost)
        lines.append(f"  {count:,} records had replaced older ones, which are not in the store any more. Load again:")
        lines += [f"    {lost.file or 'a file'} (import {lost.import_id}): {lost.records:,}" for lost in result.lost]
    if result.done:
        lines.append(f"  done in {result.seconds:.1f} s (import {result.undo_id}); load the file again to have it back")
    else:
        lines.append(f"nothing was changed: `callfunnel undo {result.import_id} --yes` does it")
    return lines
