"""`callfunnel migrate`."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.endpoints import find
from pipeline.migrate import migrate, pending
from pipeline.store import connect


@click.command("migrate")
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Data folder of the embedded stack.")
@click.option("--dry-run", is_flag=True, help="Say what would be applied.")
def command(data: Path | None, dry_run: bool) -> None:
    """Bring the ClickHouse tables up to date. Repeating it does nothing; an edited migration is refused."""
    client = connect(find(data).clickhouse)
    todo = pending(client) if dry_run else migrate(client)
    for migration in todo:
        click.echo(f"{'would apply' if dry_run else 'applied'} {migration.name}")
    if not todo:
        click.echo("nothing to do")
