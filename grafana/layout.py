"""Where panels stand: row by row, from left to right, on Grafana's 24 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from schemas.screens.panel import Panel

WIDTH = 24


class GridPosition(NamedTuple):
    x: int
    y: int
    w: int
    h: int


def positioned(panels: Iterable[Panel]) -> Iterator[tuple[Panel, GridPosition]]:
    """Each panel with its position; one that does not fit into the row begins the next."""
    x = y = tallest = 0
    for panel in panels:
        if x + panel.width > WIDTH:
            x, y, tallest = 0, y + tallest, 0
        yield panel, GridPosition(x, y, panel.width, panel.height)
        x += panel.width
        tallest = max(tallest, panel.height)
