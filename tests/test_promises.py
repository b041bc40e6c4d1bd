"""docs/reliability.md names tests that are there, and CONTRIBUTING.md files that are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_promise_names_a_test_that_is_there() -> None:
    text = (ROOT / "docs" / "reliability.md").read_text("utf-8")
    named = set(re.findall(r"`(tests/[\w/.]+)(?:::(\w+))?", text))
    assert len(named) > 50
    assert not [f"{path} {name}" for path, name in sorted(named) if not _is_there(ROOT / path, name)]


def test_every_change_is_made_in_files_that_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    rows = re.findall(r"^\| \*\*.*$", text, re.MULTILINE)
    assert len(rows) == 12
    # A word in capitals is whatever the change is about.
    named = {
        name for row in rows for name in re.findall(r"`((?:schemas|connectors|pipeline|tests|grafana)/[^`]*)`", row)
    }
    assert len(named) > 25
    assert not [name for name in sorted(named) if not list(ROOT.glob(re.sub(r"\b[A-Z]{3,}\b", "*", name).rstrip("/")))]


def _is_there(path: Path, name: str) -> bool:
    return path.exists() and (not name or f"def {name}(" in path.read_text("utf-8"))
