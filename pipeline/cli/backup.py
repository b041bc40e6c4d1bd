"""`callfunnel backup`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click
import msgspec

from pipeline.audit import Action, audit_file, record
from pipeline.backup.manifest import Manifest
from pipeline.backup.servers import Done, back_up
from pipeline.backup.take import free_bytes, take
from pipeline.endpoints import find, is_embedded, running_stack
from pipeline.settings import config_path, read_settings
from schemas.errors import Terminal


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """A finished backup, as `--json` prints it."""

    path: str
    base: str
    rows: int
    tables: dict[str, int]
    size_bytes: int
    files: int
    cells: int
    differences: int
    seconds: float


@click.command("backup")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.option("--full", is_flag=True, help="A whole one, also where there is one to build on.")
@click.option("--to", default="", metavar="CLAUSE",
              help="Servers of your own: where it is written, as Disk('backups', 'monday.zip') or S3(..).")  # fmt: skip
@click.option("--base", default="", metavar="CLAUSE", help="Servers of your own: the backup that it builds on.")
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Data folder of the embedded stack.")
@click.option("--json", "as_json", is_flag=True, help="For programs: one object.")
def command(folder: Path | None, full: bool, to: str, base: str, data: Path | None, as_json: bool) -> None:
    """A copy of everything, taken while the stack runs: tables, journals, checkpoints and settings of one moment.

    Each backup is a folder of its own in FOLDER. The second one has only what is new since the latest full one. It is
    restored beside itself, compared and counted again before it counts, and is on the disk when this command ends.
    Passwords are not in it: a restored stack makes new ones. Neither are the files that were loaded.

    With servers of your own (CALLFUNNEL_CLICKHOUSE), --to has ClickHouse make the backup: docs/reliability.md.

    Exit codes: 0 done and checked; 1 done, and counts differ from the facts in it (`callfunnel verify`); 2 it could not
    be done.
    """
    started = time.monotonic()
    if not is_embedded(data):
        _servers(find(data).clickhouse, to, base, as_json)
        return
    if folder is None or to or base:
        raise Terminal("the embedded stack is backed up into a folder: callfunnel backup FOLDER")
    running = running_stack(data)
    _refuse_inside(folder, Path(running.data))

    def say(message: str) -> None:
        click.echo(f"callfunnel: {message}", err=True)

    path, manifest = take(running, folder, config_path(), read_settings(), say, full=full)
    result = _result(path, manifest, time.monotonic() - started)
    record(audit_file(running.data), Action.BACKUP, to=str(path), rows=result.rows, differences=result.differences)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(result), indent=2).decode())
    else:
        kind = f"what is new since {manifest.base}" if manifest.base else "everything"
        click.echo(
            f"{path}: {kind}, {result.rows:,} rows of {len(result.tables)} tables, {result.size_bytes / 1e6:,.1f} MB"
        )
        click.echo(f"  checked: {result.cells:,} cells counted again in the copy, {result.differences:,} differ")
        click.echo(
            f"  {free_bytes(folder) / 1e9:,.1f} GB are free there; `callfunnel restore {path} --data NEW` restores it"
        )
    sys.exit(1 if result.differences else 0)


def _result(path: Path, manifest: Manifest, seconds: float) -> Backup:
    return Backup(
        path=str(path),
        base=manifest.base,
        rows=manifest.rows,
        tables={table.table: table.rows for table in manifest.tables},
        size_bytes=manifest.size_bytes,
        files=len(manifest.files),
        cells=manifest.cells,
        differences=manifest.differences,
        seconds=round(seconds, 3),
    )


def _refuse_inside(folder: Path, data: Path) -> None:
    if folder.resolve().is_relative_to(data):
        raise Terminal(
            f"{folder} is inside of the data folder {data}: what takes that takes the backup; choose another"
        )


def _servers(dsn: str, to: str, base: str, as_json: bool) -> None:
    if not to:
        raise Terminal(
            "with servers of your own say where ClickHouse writes it: --to \"Disk('backups', 'monday.zip')\""
        )
    done: Done = back_up(dsn, to, base)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(done), indent=2).decode())
    else:
        click.echo(f"{to}: {done.status}, {done.size_bytes / 1e6:,.1f} MB in {done.files:,} files")
