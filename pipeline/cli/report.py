"""`callfunnel report`."""

from __future__ import annotations

import os
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import click

from pipeline.audit import Action, audit_file, record
from pipeline.drawing.report.page import letter
from pipeline.drawing.report.text import ReportText
from pipeline.drawing.terminal.tables import show_json
from pipeline.endpoints import data_folder
from pipeline.readouts.department import department_of
from pipeline.report.files import as_objects, file_name, in_short, rendered
from pipeline.report.letter import Attachment, message, post_of, send
from pipeline.report.numbers import ReportRequest, read_report, stale_reasons
from pipeline.report.periods import PeriodKind, report_period
from pipeline.settings import read_settings
from pipeline.terminal.known_people import refuse_unknown
from pipeline.terminal.options import Day, hides_numbers, in_language, output, people, show_numbers
from pipeline.terminal.stack_choice import read_from
from schemas.durable_files import write_whole
from schemas.errors import Terminal

_HTML = "text/html"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@click.command("report")
@click.option(
    "--period", "kind", type=click.Choice([kind.value for kind in PeriodKind]), default="week", show_default=True
)
@click.option("--to", "last", type=Day(), default=None,
              help="First day not included. [default: the latest day, week or month that is over]")  # fmt: skip
@in_language
@click.option("--out", "outs", type=click.Path(path_type=Path, dir_okay=False), multiple=True,
              help="FILE.html, FILE.pdf or FILE.xlsx; repeatable. [default: callfunnel-PERIOD-DAY.html]")  # fmt: skip
@click.option("--mail", is_flag=True, help="Send it: see CALLFUNNEL_SMTP_HOST, _MAIL_FROM, _MAIL_TO in docs/report.md.")
@click.option("--fresh-only", is_flag=True, help="Nothing is written or sent while the data does not cover the period.")
@people
@show_numbers
@output
def command(
    kind: str,
    last: date | None,
    language: str,
    outs: tuple[Path, ...],
    mail: bool,
    fresh_only: bool,
    managers: tuple[str, ...],
    teams: tuple[str, ...],
    shows_numbers: bool,
    as_json: bool,
    data: Path | None,
) -> None:
    """The consolidated report: A to D per manager and team with change and plan, funnel, losses, warnings, data.

    One HTML file that opens without a network and prints well, or Excel tables. It says on top when the data does not
    cover the period. A day is held against the same day a week before, a week and a month against the one before.

    Exit codes: 0 done; 1 --fresh-only, and the data is not fresh; 2 could not do it.
    """
    settings = read_settings()
    post = post_of(os.environ) if mail else None
    _refuse_others(outs)
    now = datetime.now(UTC).replace(microsecond=0)
    span = report_period(PeriodKind(kind), last, now, settings.time_zone)
    if span.period.start > now:
        raise Terminal(f"--to {span.period.last}: this {kind} has not begun yet")
    wanted = ReportRequest(report_period=span, language=language, teams=teams, managers=managers)
    log = audit_file(data_folder(data))
    hidden = hides_numbers(settings, shows_numbers, data)
    source, department = read_from(data, masked=hidden), department_of(settings)
    refuse_unknown(source, managers, teams)
    stale = stale_reasons(source, settings, wanted)
    for reason in stale:
        click.echo(f"callfunnel: {reason}", err=True)
    if fresh_only and stale:
        click.echo("callfunnel: nothing was written or sent: the data does not cover the period", err=True)
        sys.exit(1)
    report = read_report(source, settings, department, wanted, stale)
    telling = ReportText(language, department, report)
    if as_json:
        show_json(as_objects(report))
    if not outs and not mail and not as_json:
        outs = (Path(file_name(span, "html")),)
    for path in outs:
        _write(path, rendered(telling, path.suffix.lower()))
        record(log, Action.EXPORT, what="report", file=path.name, period=str(span.period), masked=int(hidden))
        click.echo(f"{path}: {telling.subject}", err=as_json)
    if post is not None:
        attached = [
            Attachment(file_name(span, "html"), _HTML, rendered(telling, ".html")),
            Attachment(file_name(span, "xlsx"), _XLSX, rendered(telling, ".xlsx")),
        ]
        send(post, message(post, telling.subject, in_short(telling), letter(telling), attached))
        record(
            log, Action.EXPORT, what="mail", to=", ".join(post.receivers), period=str(span.period), masked=int(hidden)
        )
        click.echo(f"sent to {', '.join(post.receivers)}: {telling.subject}", err=as_json)


def _refuse_others(outs: tuple[Path, ...]) -> None:
    for path in outs:
        if path.suffix.lower() not in (".html", ".pdf", ".xlsx"):
            raise Terminal(f"--out {path}: FILE.html, FILE.pdf or FILE.xlsx")


def _write(path: Path, content: bytes) -> None:
    """The whole file or none, for its owner alone: whoever looks meanwhile sees the old one."""
    try:
        write_whole(path, content)
    except OSError as error:
        raise Terminal(f"{path}: {error.strerror}; give another --out") from None
