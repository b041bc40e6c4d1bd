"""`callfunnel map`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from connectors.mapped.kinds import KINDS
from connectors.reading.lengths import UNITS
from pipeline.loading.map_table import (
    MappingRequest,
    Undecided,
    describe,
    keep,
    known_units,
    lacking,
    map_table,
    pairs,
    preview,
    undecided_of,
)
from pipeline.loading.prepare import LoadOptions
from pipeline.mapping_file import written
from pipeline.settings import config_path, read_settings
from schemas.mapping import MappedKind


@click.command("map")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--kind", type=click.Choice(tuple(KINDS)), default=None, help="What is in the file. [default: as it looks]"
)
@click.option("--name", default="", help="Of the mapping. [default: after the file and the kind]")
@click.option("--column", "columns", multiple=True, metavar="OURS=THEIRS",
              help="A column that was proposed wrongly; OURS= leaves it out.")  # fmt: skip
@click.option("--constant", "constants", multiple=True, metavar="OURS=VALUE", help="What is the same in every row.")
@click.option("--unit", "units", multiple=True, metavar="OURS=s|min|ms|h|days",
              help="What the numbers of a column of lengths count.")  # fmt: skip
@click.option("--date-order", type=click.Choice(("ymd", "dmy", "mdy")), default=None,
              help="How dates without a year in front are written. [default: as they look]")  # fmt: skip
@click.option("--source", default="", metavar="NAME", help="Name of the exchange or CRM.")
@click.option("--tz", default="", metavar="ZONE", help="Zone of the times, for the rows that are shown.")
@click.option("--region", default="", metavar="CC", help="Country of numbers without one.")
@click.option("--yes", is_flag=True, help="Write it without asking.")
@click.option("--dry-run", is_flag=True, help="Write nothing.")
def command(
    file: Path,
    kind: MappedKind | None,
    name: str,
    columns: tuple[str, ...],
    constants: tuple[str, ...],
    units: tuple[str, ...],
    date_order: str | None,
    source: str,
    tz: str,
    region: str,
    yes: bool,
    dry_run: bool,
) -> None:
    """Say which column of a table of your own is which; `load` then knows such files by their header.

    CSV, XLSX, XLS, ODS, JSON, also packed. Proposes a mapping, shows the first rows as they would be read, and writes
    it into callfunnel.toml, where it can be corrected by hand.
    """
    settings = read_settings()
    request = MappingRequest(
        kind,
        name,
        pairs(columns, "--column"),
        pairs(constants, "--constant"),
        known_units(pairs(units, "--unit")),
        date_order or "",
    )
    mapped = map_table(file, request, region or settings.region, settings)
    if sys.stdin.isatty() and (undecided := undecided_of(mapped)):
        request = _asked(request, undecided)
        mapped = map_table(file, request, region or settings.region, settings)
    for line in describe(mapped):
        click.echo(line)
    if mapped.proposed.mapping is None:
        raise lacking(mapped)
    click.echo("")
    preview(mapped, LoadOptions(source=source, tz=tz, region=region), settings, click.echo)
    click.echo("\n" + written(mapped.name, mapped.proposed.mapping, mapped.proposed.strange))
    path = config_path()
    if mapped.name in settings.mappings:
        click.echo(f"it replaces mappings.{mapped.name} of {path}")
    if dry_run or not (yes or _agreed(path)):
        click.echo("nothing written" + ("" if dry_run else ": --yes writes it"))
        return
    keep(path, mapped)
    click.echo(f"written into {path}; load such files with `callfunnel load --kind {mapped.kind} {file}`")


def _agreed(path: Path) -> bool:
    """Ask, where there is somebody to ask."""
    return sys.stdin.isatty() and click.confirm(f"Write it into {path}?")


def _asked(request: MappingRequest, undecided: Undecided) -> MappingRequest:
    """With what the table does not prove, asked of the person; the default is what looks likely."""
    for guess in undecided.guesses:
        click.echo(f"  {guess}")
    units = dict(request.units)
    for ours, unit in undecided.units.items():
        units[ours] = click.prompt(f"Numbers of {ours} are", type=click.Choice(list(UNITS)), default=unit)
    order = request.date_order
    if undecided.date_order:
        order = click.prompt("Dates are", type=click.Choice(["dmy", "mdy"]), default=undecided.date_order)
    return request._replace(units=units, date_order=order)
