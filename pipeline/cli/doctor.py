"""`callfunnel doctor`."""

from __future__ import annotations

import os
import sys
from itertools import chain
from pathlib import Path

import click

from pipeline.doctor import Check, disk, examine
from pipeline.drawing.terminal.tables import show_json
from pipeline.endpoints import find, is_embedded, running_stack
from pipeline.folder_state import folder_state
from pipeline.loading.journal_check import journals
from pipeline.settings import read_settings
from pipeline.terminal.options import output
from schemas.errors import CallfunnelError


@click.command("doctor")
@output
def command(as_json: bool, data: Path | None) -> None:
    """What is reachable, how far behind, what is wrong, and what to do.

    Exit codes: 0 everything is reachable and keeping up; 1 something is not well.
    """
    checks = _examine(data, as_json)
    if as_json:
        show_json(checks)
    sys.exit(0 if all(check.well for check in checks) else 1)


def _examine(data: Path | None, quiet: bool) -> list[Check]:
    checks = []
    # Before anything of it is read: a command must not hang on a folder that does.
    if (hung := _hung_folder(data)) is not None:
        if not quiet:
            _say(hung)
        return [hung]
    try:
        settings = read_settings()
        endpoints = find(data)
    except CallfunnelError as error:
        checks.append(Check("stack", False, str(error), ""))
        if not quiet:
            _say(checks[0])
        return checks
    embedded = running_stack(data) if is_embedded(data) else None
    folder = embedded.data if embedded else None
    where = Path(folder) if folder else None
    for check in chain(examine(endpoints, settings, embedded, where), map(journals, [where])):
        checks.append(check)
        if not quiet:
            _say(check)
    return checks


def _hung_folder(data: Path | None) -> Check | None:
    """The disk of the data folder that is meant, when it does not answer."""
    folder = data or Path(os.environ.get("CALLFUNNEL_DATA") or "data")
    if not is_embedded(data) or not folder_state(folder).hangs:
        return None
    return disk(folder)


def _say(check: Check) -> None:
    for line in lines(check):
        click.echo(line)


def lines(check: Check) -> list[str]:
    """A check as people see it; what was found of several things has a line for each."""
    mark = click.style("ok ", fg="green") if check.well else click.style("BAD", fg="red", bold=True)
    first, *rest = check.found.split("\n")
    found = [f"{mark} {check.name}:", f"    {first}", *(f"    {more}" for more in rest)]
    found = found if rest else [f"{mark} {check.name}: {first}"]
    return [*found, *([f"    what to do: {check.todo}"] if not check.well and check.todo else [])]
