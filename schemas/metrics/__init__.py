"""The SQL of every number, one text each: `<name>.sql` in this folder, with native ClickHouse parameters.

Ranges are half-open in time. Each file's first comment says what is counted and what is not; the definitions are those
of docs/metrics.md.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def text(name: str) -> str:
    """The SQL of a metric."""
    return Path(__file__).with_name(f"{name}.sql").read_text(encoding="utf-8").strip()


def names() -> list[str]:
    """Every metric there is."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.sql"))
