"""`callfunnel generate`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click
import msgspec

from department.anomalies import Anomaly
from department.country import COUNTRIES
from department.generate import TRUTH, Generated, generate
from department.options import FORMATS, DepartmentOptions
from department.truth_plot import draw, drawable
from pipeline.terminal.options import Day

_DEFAULT = DepartmentOptions()


@click.command("generate")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to write into.")
@click.option("--managers", default=_DEFAULT.managers, show_default=True)
@click.option("--days", default=_DEFAULT.days, show_default=True, help="Calendar days.")
@click.option("--from", "first", type=Day(), default=str(_DEFAULT.first), show_default=True, help="First day.")
@click.option("--seed", default=_DEFAULT.seed, show_default=True, help="Another seed is another department.")
@click.option("--country", type=click.Choice(tuple(COUNTRIES), case_sensitive=False), default="RU", show_default=True,
              help="Holidays, time zone, phone numbers, names.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(FORMATS), default=FORMATS[0], show_default=True,
              help="What the exchange writes.")  # fmt: skip
@click.option("--pace", default=_DEFAULT.pace, show_default=True, help="Calls of a manager on an ordinary day.")
@click.option("--dirt", "corruption", default=0.0, show_default=True, metavar="RATE",
              help="Share of rows that are spoiled: twice, late, cut, corrected later, other notations.")  # fmt: skip
@click.option("--files", default=1, show_default=True, help="Exports of calls, one after the other.")
@click.option(
    "--oddities",
    is_flag=True,
    help="Parking, pick-ups, dial prefixes, second devices, mobiles: what real exchanges record oddly.",
)
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), default=None,
              help="A picture of the department: .svg, .html, or .png where rsvg-convert is installed.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The summary as JSON.")
def command(
    out: Path,
    managers: int,
    days: int,
    first: date,
    seed: int,
    country: str,
    form: str,
    pace: float,
    corruption: float,
    files: int,
    oddities: bool,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Write a sales department that never was: exports to load, and the true numbers beside them.

    The same options give the same bytes. truth.json has every number of docs/metrics.md by manager and day, the calls
    behind it, the funnel, and the stories hidden in the department.
    """
    options = DepartmentOptions(
        managers=managers,
        days=days,
        seed=seed,
        first=first,
        country=country.upper(),
        format=form,
        pace=pace,
        corruption=corruption,
        files=files,
        oddities=oddities,
    )
    if plot is not None:
        drawable(plot)
    generated = generate(options, out)
    if plot is not None:
        draw(out / TRUTH, plot)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(generated), indent=2).decode())
        return
    for line in summary(generated, options):
        click.echo(line)


def summary(generated: Generated, options: DepartmentOptions) -> list[str]:
    """What was written, how to load it, and what is hidden in it."""
    out = generated.folder
    lines = [
        f"{out}: {generated.calls:,} calls in {generated.legs:,} legs, {generated.organisations:,} organisations,"
        f" {generated.proposals:,} proposals, {options.first} to {options.last} (not included)",
        "hidden in it:",
        *(f"  {_sentence(anomaly)}" for anomaly in generated.anomalies),
        "load it, in this order:",
        f"  export CALLFUNNEL_CONFIG={out}/callfunnel.toml",
    ]
    by_kind: dict[str, list[str]] = {}
    for kind, file in generated.files:
        by_kind.setdefault(kind, []).append(f"{out}/{file}")
    lines += [f"  callfunnel load --kind {kind} {' '.join(files)}" for kind, files in by_kind.items()]
    return [*lines, f"the true numbers are in {out}/{TRUTH}"]


def _sentence(anomaly: Anomaly) -> str:
    who = anomaly.manager_id or "everybody"
    days = f"{anomaly.first}" if anomaly.first == anomaly.last else f"{anomaly.first} to {anomaly.last}"
    return f"{anomaly.kind.value.replace('_', ' '):13} {who:10} {days}"
