"""`callfunnel retention`."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.audit import Action, audit_file, record
from pipeline.drawing.terminal.tables import show_json
from pipeline.endpoints import find
from pipeline.privacy.file_folders import FileFolder, Holds, folders
from pipeline.privacy.key import key_file
from pipeline.privacy.retention import RetentionRun
from pipeline.settings import read_settings
from pipeline.terminal.options import output
from schemas.errors import CallfunnelError


@click.command("retention")
@click.option("--files", "extra", multiple=True, type=click.Path(path_type=Path, file_okay=False, exists=True),
              help="A watched folder that this data folder does not know of; may be repeated.")  # fmt: skip
@click.option("--yes", is_flag=True, help="Do it. Without it nothing is changed.")
@output
def command(extra: tuple[Path, ...], yes: bool, as_json: bool, data: Path | None) -> None:
    """Take away what is kept longer than [retention] of callfunnel.toml says; what was counted stays.

    A stack of `callfunnel up` does it by itself once a day.
    """
    settings = read_settings()
    endpoints = find(data)
    kept = [one for one in folders(endpoints.data) if one.holds is not Holds.LOGS]
    kept += [FileFolder(Holds.DROPPED, str(folder.resolve())) for folder in extra]
    retaining = RetentionRun(
        endpoints,
        settings.time_zone,
        key_file(endpoints.data),
        kept,
        lambda message: click.echo(f"callfunnel: {message}", err=True),
    )
    log = audit_file(endpoints.data)
    try:
        found = retaining.run(settings.retention, write=yes)
    except CallfunnelError:
        if yes:
            record(log, Action.RETENTION, done=False)
        raise
    if yes and found:
        what = ", ".join(sorted({one.what for one in found}))
        record(log, Action.RETENTION, what=what, count=sum(one.count for one in found))
    if as_json:
        show_json(found)
        return
    if not settings.retention.is_set:
        click.echo("[retention] of callfunnel.toml is not set: everything is kept.")
    for one in found:
        verb = "taken away" if yes else "to be taken away"
        click.echo(f"{one.what}: {one.where}: {one.count:,} of days before {one.before} {verb}")
    if settings.retention.is_set and not found:
        click.echo("Nothing is older than [retention] says.")
    elif found and not yes:
        click.echo("Nothing was changed: --yes does it, and cannot be undone.")
