"""`callfunnel forget`."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import msgspec

from connectors.reading.phones import e164
from pipeline.audit import Action, audit_file, record
from pipeline.endpoints import Endpoints, find
from pipeline.privacy.file_folders import folders
from pipeline.privacy.forget import ForgetReport, ForgetRun, destroy_list
from pipeline.privacy.key import destroy_key, key_file
from pipeline.privacy.numbers import TOKEN
from pipeline.settings import Settings, read_settings
from pipeline.terminal.options import output
from schemas.errors import CallfunnelError, Terminal

_STILL = (
    "Backups that were made before hold it still: restore none of them without running this again, and remove them"
    " when their time is over. So do exports and reports that somebody has, and Kafka's topics until they are a week"
    " old, those of rejected rows a month (the embedded broker: until the stack stops)."
)


@click.command("forget")
@click.option("--phone", "phones", multiple=True, metavar="NUMBER", help="A telephone number; may be repeated.")
@click.option(
    "--manager", "managers", multiple=True, metavar="ID", help="A manager's name and mobiles; may be repeated."
)
@click.option("--files", "extra", multiple=True, type=click.Path(path_type=Path, file_okay=False, exists=True),
              help="Look through the files of this folder, too; may be repeated.")  # fmt: skip
@click.option("--yes", is_flag=True, help="Do it. Without it nothing is changed.")
@click.option("--destroy-key", "destroys", is_flag=True, help="Destroy the key: nothing leads back, not even a reload.")
@output
def command(
    phones: tuple[str, ...],
    managers: tuple[str, ...],
    extra: tuple[Path, ...],
    yes: bool,
    destroys: bool,
    as_json: bool,
    data: Path | None,
) -> None:
    """Replace a person's numbers everywhere, for good; what was counted stays as it is.

    Without --yes it says what it would touch. A manager's id stays: it is what the counts are kept under.

    Exit codes: 0 done; 1 done, but something holds it still (the list says what and why); 2 could not do it.
    """
    settings = read_settings()
    endpoints = find(data)
    log = audit_file(endpoints.data)
    if destroys:
        if phones or managers:
            raise Terminal("--destroy-key goes alone: forget first, destroy the key after that")
        _destroy(endpoints, log, yes)
        return
    if not phones and not managers:
        raise Terminal("say whom: --phone NUMBER or --manager ID")
    kept = [Path(one.folder) for one in folders(endpoints.data)] + [folder.resolve() for folder in extra]
    forgetting = ForgetRun(
        endpoints, key_file(endpoints.data), kept, lambda message: click.echo(f"callfunnel: {message}", err=True)
    )
    regions = _regions(settings)
    mobiles = forgetting.mobiles(managers)
    numbers = list(dict.fromkeys(canonical(text, regions) for text in (*phones, *mobiles)))
    if not yes:
        report = forgetting.preview(numbers, managers)
    else:
        try:
            report = forgetting.forget(numbers, managers)
        except CallfunnelError:
            record(log, Action.FORGET, done=False, numbers=len(numbers), managers=len(managers))
            raise
        rows = sum(one.rows for one in report.tables)
        record(log, Action.FORGET, numbers=len(numbers), managers=len(managers), rows=rows, files=len(report.files))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(report), indent=2).decode())
    else:
        for line in lines(report):
            click.echo(line)
    sys.exit(1 if report.done and report.left else 0)


def canonical(text: str, regions: list[str]) -> str:
    """The number in E.164 as the connectors read it. Raises Terminal for what they do not take for a number."""
    for region in regions:
        if number := e164(text, region):
            if TOKEN.fullmatch(number):
                raise Terminal("the number begins with +888: it stands for one that was forgotten already")
            return number
    raise Terminal(
        "one of the numbers is not a telephone number: write it with its country, as +7 916 123-45-67"
        f" (tried as {', '.join(regions)})"
    )


def _regions(settings: Settings) -> list[str]:
    """The general region first, then those of the sources."""
    return list(dict.fromkeys([settings.region, *(one.region for one in settings.sources.values() if one.region)]))


def _destroy(endpoints: Endpoints, log: Path, yes: bool) -> None:
    path = key_file(endpoints.data)
    if path is None or not path.exists():
        raise Terminal(f"there is no key at {path or 'a known place'}: nothing was forgotten here, or it is destroyed")
    if not yes:
        click.echo(f"--yes destroys {path}: from then on a load of an old export brings forgotten numbers back")
        return
    entries = destroy_list(endpoints)
    destroy_key(path)
    record(log, Action.FORGET, key_destroyed=1, entries=entries)
    click.echo("The key is destroyed: nothing leads back any more. Loading an old export brings its numbers in.")


def lines(report: ForgetReport) -> list[str]:
    """What was touched, for people. Never the number."""
    whom = f"{report.numbers} numbers, {report.managers} managers"
    out = [f"{'Forgotten' if report.done else 'Would be forgotten'}: {whom}"]
    for one in report.tables:
        what = "stays: it identifies the record" if one.stays else "replaced" if report.done else "to be replaced"
        out.append(f"  {one.table}.{one.column}: {one.rows:,} rows {what}")
    for file in report.files:
        what = f"left: {file.why_left}" if file.why_left else "replaced" if report.done else "to be replaced"
        out.append(f"  {file.file}: {file.places:,} places {what}")
    if not report.tables and not report.files:
        out.append("  nothing holds it")
    if report.done:
        out.append(f"  {report.calls:,} calls were decided again; what was counted is as it was: `callfunnel verify`")
    else:
        out.append("  nothing was changed: --yes does it, and cannot be undone")
    return [*out, _STILL]
