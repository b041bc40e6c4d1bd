"""The SQL of every number, one text each: `ROOM/<name>.sql` in this folder, with native ClickHouse parameters.

activity/ who called how much; plan/ beside what was planned; funnel/ how organisations move; alerts/ what rules and
boards of warnings ask; health/ whether the numbers can be trusted; choices/ what can be filtered by; parts/ what
several texts share. A name is one text, whatever its room.

Ranges are half-open in time. Each file's first comment says what is counted and what is not; the definitions are those
of docs/metrics.md. What several texts must agree on is a part of its own: a line `-- include: owned.part` stands for
`parts/owned.part.sql`. A metric that is read off another one includes it: `-- include: funnel_cohort`.
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
    return sorted(name for name in _paths() if not name.endswith(".part"))


def _whole(name: str) -> str:
    return _INCLUDE.sub(lambda part: _whole(part[1]), _read(name))


def _read(name: str) -> str:
    return _paths()[name].read_text(encoding="utf-8")


@cache
def _paths() -> dict[str, Path]:
    found = sorted(Path(__file__).parent.rglob("*.sql"))
    paths = {path.stem: path for path in found}
    assert len(paths) == len(found), "one name, one text"
    return paths
