"""docs/reliability.md names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAMED = sorted(set(re.findall(r"`(tests/[\w/.]+)(?:::(\w+))?", (ROOT / "docs" / "reliability.md").read_text("utf-8"))))


def test_every_promise_names_a_test_that_is_there() -> None:
    assert len(NAMED) > 50
    gone = [f"{path} {name}" for path, name in NAMED if not is_there(ROOT / path, name)]
    assert not gone


def is_there(path: Path, name: str) -> bool:
    return path.exists() and (not name or f"def {name}(" in path.read_text("utf-8"))
