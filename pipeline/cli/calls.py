"""`callfunnel calls`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from pipeline.drawing.terminal.tables import console, duration, show_json, table
from pipeline.readouts.activity import CountedCall
from pipeline.readouts.department import setting_parameters
from pipeline.settings import read_settings
from pipeline.terminal.known_people import refuse_unknown
from pipeline.terminal.options import hides_numbers, note_facts, output, people, period, period_of_options, show_numbers
from pipeline.terminal.stack_choice import read_from

OF = (
    *("calls", "attempts", "answered", "conversations", "calls_to_potential", "calls_per_organisation"),
    *("unknown_calls", "unassigned", "internal"),
)


@click.command("calls")
@period
@click.option("--of", type=click.Choice(OF), default="calls", show_default=True, help="Which number's calls.")
@people
@click.option("--organisation", "organisations", multiple=True, help="Only this organisation id; may be repeated.")
@click.option("--contact", "contacts", multiple=True, help="Only this number in E.164; may be repeated.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=None, help="[default: 200; none with --json]")
@show_numbers
@output
def command(
    first: date | None,
    last: date | None,
    of: str,
    managers: tuple[str, ...],
    teams: tuple[str, ...],
    organisations: tuple[str, ...],
    contacts: tuple[str, ...],
    limit: int | None,
    shows_numbers: bool,
    as_json: bool,
    data: Path | None,
) -> None:
    """The calls behind a number of `callfunnel activity`, as they were counted."""
    settings = read_settings()
    days = period_of_options(first, last, settings)
    most = limit or (4_000_000_000 if as_json else 200)
    parameters = {
        **setting_parameters(settings, "calls"),
        **days.parameters,
        "of": of,
        "managers": list(managers),
        "teams": list(teams),
        "organisations": list(organisations),
        "contacts": list(contacts),
        "limit": most if as_json else most + 1,
    }
    source = read_from(data, masked=hides_numbers(settings, shows_numbers, data))
    refuse_unknown(source, managers, teams)
    note_facts(source, days)
    found = source.rows("calls", CountedCall, parameters)
    if as_json:
        show_json(found)
        return
    if not found:
        click.echo(f"No call ({of}) from {days}: `callfunnel doctor` tells what is loaded.")
        return
    shown = table(f"Calls ({of}), {days}")
    for head in ("time", "manager", "ext.", "direction", "contact", "organisation", "stage", "disposition"):
        shown.add_column(head, no_wrap=True)
    for head in ("talk", "waited", "legs"):
        shown.add_column(head, justify="right")
    for call in found[:most]:
        shown.add_row(
            *(call.local_time, call.manager_id or "nobody", call.extension, call.direction, call.contact or "hidden"),
            *(call.organisation_id or "unknown", call.stage or "-", call.disposition),
            *(duration(call.talk_s), f"{call.wait_s} s", str(call.legs)),
        )
    console().print(shown)
    if len(found) > most:
        click.echo(f"The first {most} are shown: --limit shows more, --json all.")
