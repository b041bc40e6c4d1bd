"""`callfunnel restore`."""

from __future__ import annotations

import time
from pathlib import Path

import click
import msgspec

from pipeline.audit import Action, audit_file, record
from pipeline.backup.bring import bring
from pipeline.backup.manifest import SETTINGS, chosen
from pipeline.backup.servers import restore
from pipeline.endpoints import find, is_embedded
from schemas.errors import Terminal


class RestoreResult(msgspec.Struct, frozen=True, kw_only=True):
    """A restored data folder, as `--json` prints it."""

    backup: str
    data: str
    created_at: str
    rows: int
    tables: dict[str, int]
    size_bytes: int
    settings: str
    """The settings that were in use, in the backup; "" when there was no file."""
    seconds: float


@click.command("restore")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), default=Path("data"), show_default=True,
              help="The data folder to be made: empty, or not there yet.")  # fmt: skip
@click.option("--from", "source", default="", metavar="CLAUSE",
              help="Servers of your own: what ClickHouse reads, as Disk('backups', 'monday.zip').")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="For programs: one object.")
def command(folder: Path | None, data: Path, source: str, as_json: bool) -> None:
    """A data folder from a backup: FOLDER is one of them, or the folder they are in (then the latest is meant).

    No stack needs to run. Any machine and path will do. Rows and sums of every table are compared with those of the
    moment of the backup. `callfunnel up --data NEW` starts a stack on it, with new passwords.

    Exit codes: 0 done and compared; 2 it could not be done, and nothing is left of it.
    """
    if source:
        if is_embedded():
            raise Terminal("--from is for servers of your own: set CALLFUNNEL_CLICKHOUSE and CALLFUNNEL_KAFKA")
        done = restore(find().clickhouse, source)
        click.echo(msgspec.json.encode(done).decode() if as_json else f"{source}: {done.status}")
        return
    if folder is None:
        raise Terminal("say which: callfunnel restore FOLDER")
    started = time.monotonic()
    path, manifest = chosen(folder)
    size = bring(path, manifest, data, lambda message: click.echo(f"callfunnel: {message}", err=True))
    record(audit_file(data), Action.RESTORE, backup=str(path), rows=manifest.rows)
    settings = path / SETTINGS
    result = RestoreResult(
        backup=str(path),
        data=str(data),
        created_at=manifest.created_at,
        rows=manifest.rows,
        tables={table.table: table.rows for table in manifest.tables},
        size_bytes=size,
        settings=str(settings) if settings.is_file() else "",
        seconds=round(time.monotonic() - started, 3),
    )
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(result), indent=2).decode())
        return
    click.echo(f"{data}: {result.rows:,} rows of {len(result.tables)} tables, as of {result.created_at}, from {path}")
    if result.settings:
        click.echo(
            f"  the settings in use then are {result.settings}: copy them beside, or name them in CALLFUNNEL_CONFIG"
        )
    click.echo(f"  start it with `callfunnel up --data {data}`: its passwords are new ones")
