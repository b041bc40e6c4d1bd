"""The department and the commands of the board page's tests."""

from __future__ import annotations

from tests.serving.board.conftest import commands, stored_department

__all__ = ["commands", "stored_department"]
