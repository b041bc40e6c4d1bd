"""What older releases of Grafana do not know: said, and left out or written in their way.

Boards and rules are written for Grafana 13. https://grafana.com/docs/grafana/latest/whatsnew/
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from schemas.errors import Terminal

Json = dict[str, Any]


class Release(NamedTuple):
    """As 12.1."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


NEWEST = Release(13, 0)
OLDEST = Release(11, 6)
"""Which the ClickHouse plugin needs."""

_TABLES = Release(12, 2)
"""Hidden columns are said as in every other panel, and headings are broken into lines."""
_KEEPS_FIRING = Release(12, 0)

_LACKS = {
    _TABLES: "headings of tables are cut where they are longer than their column",
    _KEEPS_FIRING: "a warning ends as soon as its reason is gone, and may begin again the same day",
}


def release_of(text: str) -> Release:
    """From `12`, `12.1` or `12.1.3-pre`. Raises Terminal for what is not a release, and for one that is too old."""
    found = re.match(r"(\d{1,3})(?:\.(\d{1,3}))?(?:[.+-]|$)", text)
    if found is None:
        raise Terminal(f"{text!r} is not a release of Grafana: write it as 12 or 12.1")
    release = Release(int(found[1]), int(found[2] or 0))
    if release < OLDEST:
        raise Terminal(f"Grafana {release} is too old: the ClickHouse plugin needs {OLDEST} or later")
    return release


def lacks(release: Release) -> list[str]:
    """What its readers do without, a clause each."""
    return [clause for since, clause in _LACKS.items() if release < since]


def fitted_board(board: Json, release: Release) -> Json:
    """A dashboard as this release reads it."""
    if release >= _TABLES:
        return board
    return {**board, "panels": [_fitted_table(one) if one["type"] == "table" else one for one in board["panels"]]}


def _fitted_table(panel: Json) -> Json:
    config = panel["fieldConfig"]
    custom = {name: value for name, value in config["defaults"]["custom"].items() if name != "wrapHeaderText"}
    hidden = {"id": "custom.hidden", "value": True}
    fitted = [
        {**one, "properties": [hidden if own["id"] == "custom.hideFrom" else own for own in one["properties"]]}
        for one in config["overrides"]
    ]
    return {**panel, "fieldConfig": {"defaults": {**config["defaults"], "custom": custom}, "overrides": fitted}}


def fitted_rule(rule: Json, release: Release) -> Json:
    """An alert rule, in either shape, as this release reads it."""
    if release >= _KEEPS_FIRING:
        return rule
    return {name: value for name, value in rule.items() if name not in ("keep_firing_for", "keepFiringFor")}
