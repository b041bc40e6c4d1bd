"""The boards, one file each, in the order in which a head of sales meets them."""

from __future__ import annotations

from schemas.screens.boards.funnel import FUNNEL
from schemas.screens.boards.health import HEALTH
from schemas.screens.boards.manager import MANAGER
from schemas.screens.boards.today import TODAY
from schemas.screens.boards.warning import WARNING
from schemas.screens.panel import Board, Panel

BOARDS: tuple[Board, ...] = (TODAY, FUNNEL, MANAGER, WARNING, HEALTH)


def panel(id: str) -> Panel:
    """A panel by its id."""
    return next(panel for board in BOARDS for panel in board.panels if panel.id == id)
