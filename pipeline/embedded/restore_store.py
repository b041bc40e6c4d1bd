"""A store's folder from a backup: `python -m pipeline.embedded.restore_store --data DIR --from DIR [--base DIR]`.

A process of its own, since a process opens one engine. What each table holds then is written as JSON.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ["TZ"] = "UTC"  # as the store's server has it

import click
import msgspec

from pipeline.backup import snapshot
from pipeline.embedded.engine import Engine, EngineError


@click.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Folder of the new database.")
@click.option("--from", "source", type=click.Path(path_type=Path), required=True, help="The backup's folder.")
@click.option("--base", type=click.Path(path_type=Path), default=None, help="Of the backup that it builds on.")
@click.argument("tables", nargs=-1, required=True)
def main(data: Path, source: Path, base: Path | None, tables: tuple[str, ...]) -> None:
    """Read a backup into a new database, and say what it holds."""
    os.umask(0o077)
    engine = Engine(data)
    handle = engine.unlimited()
    try:
        found = snapshot.restore(lambda sql: handle.query(sql, "JSONEachRow", {}, {}), source, base, tables)
    except EngineError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    finally:
        engine.close()
    click.echo(msgspec.json.encode(found).decode())


if __name__ == "__main__":
    main()
