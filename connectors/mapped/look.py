"""The header and first rows of any table, whatever wrote it."""

from __future__ import annotations

from pathlib import Path

from connectors.mapped.propose import Look, is_value
from connectors.mapped.source import UNDER
from connectors.reading.table import form_at, head_rows, titles
from schemas.stages import Stages
from schemas.trouble import Terminal


def look_at(path: Path, region: str, stages: Stages) -> Look:
    """What is known of a table before it is mapped. Raises Terminal for what is none, or has no header."""
    rows = [row.fields for row in head_rows(path, form_at(path, UNDER))]
    above = titles(rows)
    header = rows[above] if rows else []
    if len(rows) < above + 2:
        raise Terminal(f"{path}: no rows below a header: nothing to map")
    if any(is_value(name) for name in header):
        raise Terminal(
            f"{path}: no header: {', '.join(header)[:80]!r} are values: put a first line with the columns' names above"
        )
    return Look(header, rows[above + 1 :], region, stages)
