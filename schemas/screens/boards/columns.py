"""Columns that several boards show, with the same units, colours and links everywhere."""

from __future__ import annotations

from schemas.screens.panel import ChangeColumn, Column, PanelLink, SeriesStyle, Threshold, Unit, column

COVERAGE = (Threshold(0, "bad"), Threshold(0.7, "notice"), Threshold(0.9, "good"))
"""Below nine tenths A and B are to be read with care, below seven tenths not trusted."""

PACE = (Threshold(0, "bad"), Threshold(0.7, "notice"), Threshold(0.9, "good"))
"""A number in parts of what was expected."""

NONE_WANTED = (Threshold(0, "good"), Threshold(1, "bad"))
"""Of what should not be there at all."""

TEAM = column("team", Unit.TEXT, width=90)


def manager(width: int = 170, name: str = "manager", days: tuple[str, str] | None = None) -> tuple[Column, ...]:
    """Who: the name, linked to the Manager board, and what the link needs. `days`: columns of the period it opens."""
    link = PanelLink(board="manager", title_id="manager", variables=(("manager", "manager_id"),), days=days)
    return (
        column("manager_id", Unit.TEXT, hidden=True),
        *(column(one, Unit.TEXT, hidden=True) for one in days or ()),
        column(name, Unit.TEXT, link=link, width=width),
    )


def calls_behind(name: str, unit: Unit = Unit.COUNT, of: str = "", **fields: object) -> Column:
    """A number of one manager, linked to the calls that it counts."""
    link = PanelLink(
        board="manager", title_id="calls", variables=(("manager", "manager_id"),), fixed=(("of", of or name),)
    )
    return column(name, unit, link=link, **fields)


def change(name: str, unit: Unit = Unit.NUMBER) -> ChangeColumn:
    """A difference, with its sign."""
    return ChangeColumn(name=name, unit=unit)


def held_against(name: str, unit: Unit, *references: str) -> tuple[Column, ...]:
    """A number over time, what there is of it in the unfinished bucket, and thin lines to hold it against."""
    return (
        column("time", Unit.TIME),
        column(name, unit),
        *(column(one, unit, style=SeriesStyle.REFERENCE) for one in references),
    )
