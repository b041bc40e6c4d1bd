"""The SQL of every number, one text each: `<name>.sql` in this folder, with native ClickHouse parameters.

Ranges are half-open in time. Each file's first comment says what is counted and what is not; the definitions are those
of docs/metrics.md. What several texts must agree on is a part of its own: a line `-- include: owned.part` stands for
`owned.part.sql`. A metric that is read off another one includes it: `-- include: funnel_cohort`.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_INCLUDE = re.compile(r"^ *-- include: (\S+)\n", re.MULTILINE)


@cache
def text(name: str) -> str:
    """The SQL of a metric, its parts in place."""
    return _whole(name).strip()


def part(name: str) -> str:
    """The SQL of a part: common table expressions, as a metric includes them."""
    return _whole(f"{name}.part")


def names() -> list[str]:
    """Every metric there is."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.sql") if not path.stem.endswith(".part"))


def _whole(name: str) -> str:
    return _INCLUDE.sub(lambda part: _whole(part[1]), _read(name))


def _read(name: str) -> str:
    return Path(__file__).with_name(f"{name}.sql").read_text(encoding="utf-8")
