"""The department and the commands of the board page's tests."""

from __future__ import annotations

from tests.board.conftest import commands, filled

__all__ = ["commands", "filled"]
