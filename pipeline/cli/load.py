"""`callfunnel load`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec
from rich.console import Console

from connectors.registry import KINDS, PROFILES
from pipeline.drawing.terminal.beliefs_text import short
from pipeline.endpoints import find, is_alive, is_embedded, running_stack
from pipeline.loading.explain import explain
from pipeline.loading.load import load
from pipeline.loading.load_progress import PlainProgress, TerminalProgress
from pipeline.loading.load_tables import ConfirmationNeeded
from pipeline.loading.outcome import Outcome
from pipeline.loading.outside_numbers import describe
from pipeline.loading.prepare import LoadOptions, PreparedFile, dial_prefixes, prepare_all
from pipeline.loading.read_beliefs import around, read_beliefs
from pipeline.loading.wait_reporter import reached_store
from pipeline.privacy.file_folders import Holds, remember
from pipeline.readouts.numbers import numbers
from pipeline.settings import Settings, read_settings
from schemas.errors import CallfunnelError, Terminal


@click.command("load")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--kind", type=click.Choice(KINDS), default=None, help="What is in the files. [default: calls, or as mapped]"
)
@click.option("--source", default="", metavar="NAME", help="Name of the exchange or CRM. [default: pbx, crm]")
@click.option("--tz", default="", metavar="ZONE|auto", help="Zone of the times in the file; auto: the one it proves.")
@click.option(
    "--profile", default="auto", show_default=True, metavar="NAME", help=f"{', '.join(PROFILES)}, or a mapping."
)
@click.option(
    "--region", default="", metavar="CC", help="Country of numbers without one. [default: RU, or the settings']"
)
@click.option("--prefixes", default="", metavar="9,98",
              help="What is dialled before a number outside to get a line. [default: the settings']")  # fmt: skip
@click.option("--complete", is_flag=True, help="The tables are all that the CRM has: what is not in them is withdrawn.")
@click.option("--yes", is_flag=True, help="Also when that is more than a tenth of what the source brought.")
@click.option("--explain", "only_explain", is_flag=True, help="Say what the files are and why; load nothing.")
@click.option("--rejects", type=click.Path(path_type=Path), default=Path("rejects"), show_default=True, metavar="DIR",
              help="Where rejected rows are written, to be mended and loaded again.")  # fmt: skip
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Data folder of the embedded stack.")
@click.option("--json", "as_json", is_flag=True, help="The summary as JSON.")
def command(
    files: tuple[Path, ...],
    kind: str | None,
    source: str,
    tz: str,
    profile: str,
    region: str,
    prefixes: str,
    complete: bool,
    yes: bool,
    only_explain: bool,
    rejects: Path,
    data: Path | None,
    as_json: bool,
) -> None:
    """Load exports. Done means stored in ClickHouse and counted.

    A file may be packed (.gz, .zip) or a workbook; FILE.zip/calls.csv and FILE.xlsx/Sheet1 name a part of one.

    Loading a file again changes nothing; a corrected file replaces what it corrects. --complete withdraws what the
    source brought before and these tables do not have any more: organisations, managers, stages, proposals, plans.

    Exit codes: 0 all rows were accepted; 1 some were rejected; 2 a file could not be loaded.
    """
    settings = read_settings()
    options = LoadOptions(
        kind=kind or "",
        source=source,
        tz=tz,
        profile=profile,
        region=region,
        rejects=rejects,
        prefixes=dial_prefixes(prefixes),
        complete=complete,
        yes=yes,
    )
    prepared: list[PreparedFile] = []
    failed: list[str] = []
    for path in files:
        tables = prepare_all(path, options, settings)
        prepared += tables.prepared
        failed += tables.failed
        for message in tables.ignored:
            click.echo(f"not loaded: {message}", err=True)
    if only_explain:
        for file in prepared:
            explain(file, click.echo)
        outcomes: list[Outcome] = []
    else:
        if complete and failed:
            raise Terminal(f"{failed[0]}. Without it the export is not complete: nothing was loaded")
        outcomes = _load_confirmed(prepared, options, data) if prepared else []
        lines = outcome_lines(prepared, outcomes, settings, data)
        if as_json:
            click.echo(msgspec.json.format(msgspec.json.encode(outcomes), indent=2).decode())
        else:
            click.echo("\n".join(lines))
    for message in (*failed, *(outcome.stopped for outcome in outcomes if outcome.stopped)):
        click.echo(f"callfunnel: {message}", err=True)
    if failed or any(outcome.stopped for outcome in outcomes):
        sys.exit(2)
    sys.exit(1 if any(outcome.rejected for outcome in outcomes) else 0)


def _load_confirmed(files: list[PreparedFile], options: LoadOptions, data: Path | None) -> list[Outcome]:
    """Ask, where there is somebody to ask, before much is withdrawn. Raises Terminal."""
    try:
        return load_files(files, options, data)
    except ConfirmationNeeded as question:
        if not sys.stdin.isatty() or not click.confirm(f"{question}. Withdraw them?"):
            raise
    return load_files(files, msgspec.structs.replace(options, yes=True), data)


def load_files(files: list[PreparedFile], options: LoadOptions, data: Path | None) -> list[Outcome]:
    """Load into the stack that is meant, with progress on standard error. Raises Terminal."""
    endpoints = find(data)
    remember(endpoints.data, Holds.REJECTS, options.rejects)
    console = Console(stderr=True)
    embedded = running_stack(data) if is_embedded(data) else None

    def check() -> None:
        if embedded is not None and not is_alive(embedded):
            raise Terminal("the stack stopped: see logs/ in its data folder, and start it again")

    with TerminalProgress(console, check) if console.is_terminal else PlainProgress(console, check) as progress:
        try:
            return load(files, endpoints, reached_store(endpoints, progress), options, progress)
        except KeyboardInterrupt:
            raise Terminal("stopped: what was sent is being counted; load the files again to finish") from None
        except ConfirmationNeeded:
            raise
        except CallfunnelError as error:
            raise Terminal(f"{error}. Not everything is stored; loading the files again is safe") from None


def _believed(file: PreparedFile, outcome: Outcome, settings: Settings, data: Path | None) -> list[str]:
    """What was believed of the source in the time of the file's calls."""
    if outcome.first_call_at is None or outcome.last_call_at is None:
        return []
    start, end = around(outcome.first_call_at, outcome.last_call_at)
    try:
        beliefs = read_beliefs(file.context.source, start, end, numbers(data))
    except CallfunnelError as error:  # all is stored: the load is done
        return [f"  what was believed cannot be read now: {error}; `callfunnel explain {file.context.source}` shows it"]
    outcome.warnings += beliefs.warnings
    return short(beliefs, hides_numbers=settings.privacy.mask)


def outcome_lines(
    files: Sequence[PreparedFile], outcomes: Sequence[Outcome], settings: Settings, data: Path | None
) -> list[str]:
    """What became of the files, and what was believed of their calls; implausible things become warnings of theirs."""
    lines = []
    for file, outcome in zip(files, outcomes, strict=True):
        believed = _believed(file, outcome, settings, data)
        lines += [*summary(outcome), *believed]
    return lines


_FATES = {
    "replaced": "are replaced: this export has another stage at the same time",
    "deleted": "are withdrawn: this export says that they are deleted",
    "absent": "are withdrawn: this export does not have them any more",
}


def summary(outcome: Outcome) -> list[str]:
    """The lines that tell a person what became of a file."""
    about = "about " if outcome.calls_estimated else ""
    records = f"legs {outcome.records:,}  calls {about}{outcome.calls:,}" if outcome.kind == "calls" else ""
    records = records or f"{outcome.kind} {outcome.records:,}"
    rejected = sum(outcome.rejected.values())
    lines = [
        f"{outcome.file}: {outcome.profile}, times in {outcome.time_zone}, {outcome.seconds:.1f} s",
        f"  rows {outcome.rows:,}  {records}  repeats {outcome.repeats:,}  rejected {rejected:,}",
    ]
    if outcome.equal_rows:
        lines.append(
            f"  {outcome.equal_rows:,} rows equal another one and have no uniqueid: each such call is counted once"
        )
    lines += [f"  taken for likely: {guess}" for guess in outcome.guesses]
    lines += [f"  {line}" for line in describe(outcome.numbers, outcome.region, outcome.source)]
    if outcome.deleted_rows:
        lines.append(f"  {outcome.deleted_rows:,} rows are deleted by their status: they are not among the records")
    for fate, number in outcome.withdrawn.items():
        lines.append(f"  {number:,} {outcome.kind} of earlier loads {_FATES[fate]}")
    if outcome.uncertain:
        lines.append(
            f"  {outcome.uncertain:,} {outcome.kind} are not in it and stay: a rejected row may be theirs. Mend the"
            " rejected rows, and load the whole again with --complete"
        )
    lines += [f"  warning: {warning}" for warning in outcome.warnings]
    if rejected:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in outcome.rejected.items())
        if outcome.rejected_alike:
            reasons += f" ({outcome.rejected_alike:,} of them equal another one)"
        lines.append(f"  rejected: {reasons}; see `callfunnel rejected --import {outcome.import_id}`")
    for gap in outcome.filled_gaps:
        lines.append(f"  fills a gap of {gap}")
    if outcome.mended:
        lines.append(f"  {outcome.mended:,} rows that were rejected before are mended by it")
    if outcome.rejects_file:
        lines.append(f"  rejected rows are in {outcome.rejects_file}: mend them, load that file the same way")
    done = "given up: what was read until then went" if outcome.stopped else "stored"
    lines.append(f"  {done} into {outcome.into} (import {outcome.import_id})")
    return lines
