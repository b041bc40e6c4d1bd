"""Options that reading commands share."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from pipeline.drawing.languages import terminal_language
from pipeline.endpoints import find
from pipeline.privacy.readers import refuse_reader
from pipeline.readouts.numbers import Numbers
from pipeline.readouts.period import Period, period_of
from pipeline.readouts.verify import facts_from
from pipeline.settings import Settings
from schemas.errors import Terminal
from schemas.screens.translations import LANGUAGES

F = TypeVar("F", bound=Callable[..., Any])


class Day(click.ParamType):
    """A day as 2026-11-02 (or 02.11.2026)."""

    name = "DAY"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        for form in ("%Y-%m-%d", "%d.%m.%Y"):
            try:
                return datetime.strptime(str(value), form).date()
            except ValueError:
                continue
        return self.fail(f"{value!r} is not a date: write 2026-11-02 or 02.11.2026", param, ctx)


class Month(click.ParamType):
    """A month as 2026-11 (or 11.2026); its first day."""

    name = "MONTH"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        for form in ("%Y-%m", "%m.%Y"):
            try:
                return datetime.strptime(str(value), form).date()
            except ValueError:
                continue
        return self.fail(f"{value!r} is not a month: write 2026-11 or 11.2026", param, ctx)


class Listed(click.ParamType):
    """Words from a closed list, separated by commas."""

    name = "LIST"

    def __init__(self, *choices: str) -> None:
        self._choices = choices

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        chosen = tuple(word.strip() for word in str(value).split(",") if word.strip())
        wrong = [word for word in chosen if word not in self._choices]
        if wrong or not chosen:
            self.fail(f"{value!r}: one or more of {', '.join(self._choices)}", param, ctx)
        return chosen


def period(command: F) -> F:
    """--from and --to."""
    command = click.option(
        "--to", "last", type=Day(), default=None, help="First day not included. [default: tomorrow]"
    )(command)
    return click.option("--from", "first", type=Day(), default=None, help="First day. [default: 7 days before --to]")(
        command
    )


def people(command: F) -> F:
    """--manager and --team, each as often as wanted."""
    command = click.option("--team", "teams", multiple=True, help="Only this team; may be repeated.")(command)
    return click.option("--manager", "managers", multiple=True, help="Only this manager id; may be repeated.")(command)


def in_language(command: F) -> F:
    """--lang: of what is said, the terminal's where nobody says another."""
    return click.option(
        "--lang",
        "--language",
        "language",
        type=click.Choice(LANGUAGES),
        default=lambda: terminal_language(os.environ),
        help="[default: the terminal's]",
    )(command)


def output(command: F) -> F:
    """--json and --data."""
    command = click.option(
        "--data", type=click.Path(path_type=Path), default=None, help="Data folder of the embedded stack."
    )(command)
    return click.option("--json", "as_json", is_flag=True, help="For programs: an array of objects.")(command)


def show_numbers(command: F) -> F:
    """--show-numbers."""
    return click.option(
        "--show-numbers", "shows_numbers", is_flag=True, help="Telephone numbers in full, also with [privacy] mask."
    )(command)


def hides_numbers(settings: Settings, shows_numbers: bool, data: Path | None) -> bool:
    """Whether numbers are masked. Raises Terminal for who asks to see them and has no writing user."""
    if not settings.privacy.mask:
        return False
    if shows_numbers:
        refuse_reader(find(data))
    return not shows_numbers


def note_facts(source: Numbers, days: Period) -> None:
    """Say from when on calls are kept, when the period begins before."""
    since = facts_from(source, days.zone)
    if since is not None and days.first < since:
        click.echo(
            f"callfunnel: calls are kept from {since} on ([retention]): what was counted of the days before stays, and"
            " cannot be looked into or recounted",
            err=True,
        )


def period_of_options(first: date | None, last: date | None, settings: Settings) -> Period:
    """The period of --from and --to in the reporting zone. Raises Terminal when it is empty."""
    period = period_of(first, last, settings.time_zone, datetime.now(settings.time_zone).date())
    if period.first >= period.last:
        raise Terminal(f"--from {period.first} is not before --to {period.last} (--to is not included)")
    return period
