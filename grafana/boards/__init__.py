"""The boards, one file each, in the order in which a head of sales meets them."""

from __future__ import annotations

from grafana.boards.funnel import FUNNEL
from grafana.boards.health import HEALTH
from grafana.boards.manager import MANAGER
from grafana.boards.today import TODAY
from grafana.boards.warning import WARNING
from grafana.panel import Board, Panel

BOARDS: tuple[Board, ...] = (TODAY, FUNNEL, MANAGER, WARNING, HEALTH)


def panel(id: str) -> Panel:
    """A panel by its id."""
    return next(panel for board in BOARDS for panel in board.panels if panel.id == id)
