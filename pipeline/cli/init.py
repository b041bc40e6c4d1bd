"""`callfunnel init`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from connectors.reading.table import TableSource
from connectors.reading.text import RawRow
from pipeline.cli.load import load_files, outcome_lines
from pipeline.endpoints import data_folder
from pipeline.loading.first_tables import (
    FirstTables,
    Stitching,
    names_of,
    propose_tables,
    with_managers,
    with_organisations,
    with_settings,
)
from pipeline.loading.peers import peers_of
from pipeline.loading.prepare import LoadOptions, PreparedFile, prepare_all
from pipeline.loading.zone_names import likely_zone
from pipeline.settings import Settings, config_path, read_settings
from pipeline.zones import zone_of
from schemas.calls import Call
from schemas.durable_files import write_whole
from schemas.errors import CallfunnelError, Terminal
from schemas.records import CallLeg

_SHOWN = 15


@click.command("init")
@click.argument("exports", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--source", default="", metavar="NAME", help="Name of the exchange. [default: office]")
@click.option("--tz", default="", metavar="ZONE", help="Zone of the times in the exports, where they do not prove it.")
@click.option("--yes", is_flag=True, help="Ask nothing: take the defaults, write and load.")
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Data folder of the embedded stack.")
def command(exports: tuple[Path, ...], source: str, tz: str, yes: bool, data: Path | None) -> None:
    """From your exchange's own exports to a first board: settings, managers and organisations, proposed and loaded.

    Writes callfunnel.toml, managers.csv and organisations.csv into this folder, with comments, to be edited. Running it
    again adds what is new and keeps what was edited. It asks only what the exports do not prove.

    Exit codes: 0 done; 1 done, and some rows were rejected; 2 it could not be done.
    """
    data = data_folder(data)
    settings = read_settings()
    asks = sys.stdin.isatty() and not yes
    name = source or "office"
    files = [file for path in exports for file in _prepared(path, name, tz, settings, asks)]
    calls = _stitched(files).calls()
    zone_name = _zone_name(files[0], calls, settings, asks)
    proposed = propose_tables(calls, names_of(_clids(files)), zone_of(zone_name, "--tz"))
    for line in _described(proposed, files):
        click.echo(line)
    if not proposed.people:
        raise Terminal("no extension has a call with the outside: see `callfunnel load --explain`, and `extensions`")
    if asks and not click.confirm(
        "Write callfunnel.toml, managers.csv and organisations.csv here, and load?", default=True
    ):
        click.echo("nothing written")
        return
    _write(proposed, files, zone_name, name, settings)
    _load(files, name, zone_name, data)


def _prepared(path: Path, source: str, tz: str, settings: Settings, asks: bool) -> list[PreparedFile]:
    """The tables of calls in an export. Raises Terminal."""
    zone = tz or settings.source(source).time_zone or "auto"
    tables = prepare_all(path, LoadOptions(kind="calls", source=source, tz=zone), settings)
    if tables.failed and zone == "auto":
        usual = settings.time_zone.key
        answer = click.prompt(f"{tables.failed[0]}\nThe exchange's time zone", default=usual) if asks else usual
        click.echo(f"{path}: its zone is taken to be {answer}; --tz says another")
        tables = prepare_all(path, LoadOptions(kind="calls", source=source, tz=answer), settings)
    if tables.failed:
        raise Terminal("; ".join(tables.failed))
    return tables.prepared


def _zone_name(file: PreparedFile, calls: Sequence[Call], settings: Settings, asks: bool) -> str:
    """A name for the zone, where the data proves its offset only: the usual zone if that fits, else one of the region.
    Raises Terminal.
    """
    zone = file.context.zone
    if isinstance(zone, ZoneInfo):
        return zone.key
    times = [call.started_at for call in calls]
    ends = [min(times), max(times)] if times else []
    offsets = {at.astimezone(zone).utcoffset() for at in ends}
    if all(at.astimezone(zone).utcoffset() == at.astimezone(settings.time_zone).utcoffset() for at in ends):
        return settings.time_zone.key
    if likely := likely_zone(settings.region, zone, ends) if zone is not None else "":
        offset_text = f"{file.path}: {file.zone_why}; {likely} has that offset"
        answer = click.prompt(f"{offset_text}\nThe exchange's time zone", default=likely) if asks else likely
        click.echo(f"{offset_text}: its zone is taken to be {answer}; --tz says another")
        return zone_of(answer, "--tz").key
    offset = offsets.pop() if len(offsets) == 1 else None
    if offset is None or offset % timedelta(hours=1):
        raise Terminal(f"{file.path}: it is read with {zone}, which is not one city's offset: name the zone with --tz")
    hours = offset // timedelta(hours=1)
    return f"Etc/GMT{-hours:+d}" if hours else "UTC"


def _stitched(files: Sequence[PreparedFile]) -> Stitching:
    stitching = Stitching()
    for file in files:
        for item in file.source.read(file.path, file.recognised, file.context):
            if isinstance(item, CallLeg):
                stitching.add(item)
    return stitching


def _clids(files: Sequence[PreparedFile]) -> Iterator[str]:
    """Cells that may show an extension with its name: `"Vera K." <101>`, whatever their column is called."""
    for file in files:
        if isinstance(file.source, TableSource):
            for row in file.source.rows(file.path, file.recognised):
                if isinstance(row, RawRow):
                    yield from (cell for cell in row.fields if "<" in cell)


def _described(proposed: FirstTables, files: Sequence[PreparedFile]) -> list[str]:
    lines = []
    for file in files:
        lines += [f"{file.path}: {file.recognised.profile}, {file.recognised.layout}", f"  zone: {file.zone_why}"]
        lines += [f"  {peer.name}: {peer.taken_for}, {peer.why}" for peer in peers_of(file)[:_SHOWN]]
        lines += [f"  taken for likely: {guess}" for guess in file.recognised.guesses]
    lines.append(
        f"{proposed.calls:,} calls with the outside, {proposed.without_number:,} of them without a number that is"
        f" understood; {len(proposed.people)} extensions, {len(proposed.callers)} numbers with three calls or more"
    )
    lines += [
        f"  {person.extension:>8}  {person.name or '(no name)'}: {person.calls:,} calls, {person.hours} o'clock"
        for person in proposed.people[:_SHOWN]
    ]
    if len(proposed.people) > _SHOWN:
        lines.append(f"  and {len(proposed.people) - _SHOWN} more")
    if proposed.elsewhere:
        shown = ", ".join(f"{caller.phone} ({caller.calls})" for caller in proposed.elsewhere[:_SHOWN])
        lines.append(
            f"numbers outside took calls in somebody's place: write them under whose `mobiles` they are: {shown}"
        )
    if proposed.first_day is not None:
        lines.append(f"{proposed.first_day}, as it would be counted:")
        lines += [
            f"  {line.extension or '(missed)':>8}  {line.calls:,} calls, {line.answered:,} answered, {line.talk_s:,} s"
            for line in proposed.day[:_SHOWN]
        ]
    return lines


def _write(proposed: FirstTables, files: Sequence[PreparedFile], zone: str, source: str, settings: Settings) -> None:
    peers = [peer for file in files for peer in peers_of(file)]
    prefixes = list(dict.fromkeys(one for file in files for one in file.recognised.shows.get("prefixes", ())))
    new: dict[Path, Callable[[str], str]] = {
        config_path(): lambda text: with_settings(
            text, zone, settings.region, source, proposed.extensions, peers, prefixes
        ),
        Path("managers.csv"): lambda text: with_managers(text, proposed.people),
        Path("organisations.csv"): lambda text: with_organisations(text, proposed.callers),
    }
    for path, made in new.items():
        try:
            before = path.read_text("utf-8-sig") if path.exists() else ""
            after = made(before)
            if after != before:
                write_whole(path, after.encode(), mode=0o600)
        except OSError as error:
            raise Terminal(f"{path}: {error.strerror}") from None
        what = "written" if not before else "has what is new added" if after != before else "is as it was"
        click.echo(f"{path}: {what}")


def _load(files: Sequence[PreparedFile], source: str, zone: str, data: Path | None) -> None:
    """Managers, organisations, calls, as `callfunnel load` does. Says how to, where no stack runs."""
    settings = read_settings()
    loads: list[tuple[str, list[Path]]] = [
        ("managers", [Path("managers.csv")]),
        ("organisations", [Path("organisations.csv")]),
        ("calls", [file.path for file in files]),
    ]
    rejected = False
    for kind, paths in loads:
        options = LoadOptions(kind=kind, source=source if kind == "calls" else "", tz=zone if kind == "calls" else "")
        prepared = [file for path in paths for file in _tables(path, options, settings)]
        if not prepared:
            continue
        try:
            outcomes = load_files(prepared, options, data)
        except CallfunnelError as error:
            raise Terminal(
                f"{error}. The files are written: start the stack with `callfunnel up`, and run this again"
            ) from None
        click.echo("\n".join(outcome_lines(prepared, outcomes, settings, data)))
        rejected = rejected or any(one.rejected for one in outcomes)
    click.echo(
        "look: `callfunnel board`, `callfunnel activity`; edit managers.csv and organisations.csv, and load them"
    )
    sys.exit(1 if rejected else 0)


def _tables(path: Path, options: LoadOptions, settings: Settings) -> list[PreparedFile]:
    """The tables of a file; none of one with a header alone."""
    if options.kind != "calls" and path.read_text("utf-8").count("\n") < 2:
        return []
    tables = prepare_all(path, options, settings)
    if tables.failed:
        raise Terminal("; ".join(tables.failed))
    return tables.prepared
