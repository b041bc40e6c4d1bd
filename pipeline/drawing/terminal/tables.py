"""How numbers are written for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import click
import msgspec
from rich import box
from rich.console import Console
from rich.table import Table

from pipeline.readouts.activity import RosterManager

WIDE = 128
"""Columns of a terminal that shows every number; narrower ones get the most wanted."""


def console() -> Console:
    """Where tables go: as wide as the terminal, wide enough for everything when there is no terminal."""
    shown = Console()
    return shown if shown.is_terminal else Console(width=max(shown.width, 200))


def table(title: str) -> Table:
    """An empty table in the product's look."""
    return Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)


def show_json(objects: Sequence[object]) -> None:
    """An array of objects, one a line."""
    # A number, not a string: programs add sums up.
    encode = msgspec.json.Encoder(decimal_format="number").encode
    click.echo("[" + ",\n ".join(encode(one).decode() for one in objects) + "]")


def duration(seconds: int) -> str:
    """Hours and minutes, as `3:07`; under an hour with seconds, as `7:05 min`."""
    if seconds < 3600:
        return f"{seconds // 60}:{seconds % 60:02d} min"
    return f"{seconds // 3600}:{seconds % 3600 // 60:02d} h"


def ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def manager_name(manager_id: str, known: Mapping[str, RosterManager]) -> str:
    """`Name (id)`, or the id of whom nobody named."""
    one = known.get(manager_id)
    return f"{one.name} ({manager_id})" if one and one.name else manager_id or "nobody"


def amounts(sums: Mapping[str, Decimal]) -> str:
    """`1 234 567.89 RUB`, one after the other."""
    return ", ".join(f"{amount:,.2f} {currency}".replace(",", " ").strip() for currency, amount in sums.items()) or "-"
