"""The header and first rows of any table, whatever wrote it."""

from __future__ import annotations

from pathlib import Path

from connectors.mapped.propose import TableSample, is_value
from connectors.mapped.source import UNDER
from connectors.reading.sample import Sample
from connectors.reading.table import titles
from connectors.recognise import is_dump
from schemas.errors import Terminal
from schemas.stages import Stages


def sample_table(path: Path, region: str, stages: Stages) -> TableSample:
    """What is known of a table before it is mapped. Raises Terminal when it is not a table, or has no header."""
    sample = Sample(path)
    sample.takes_only_list = True
    if is_dump(sample):
        raise Terminal(f"{path}: a dump of a database: import it and use `callfunnel listen sql`, or export the table")
    rows = [row.fields for row in sample.rows(sample.form_or_json(UNDER))]
    above = titles(rows)
    header = rows[above] if rows else []
    if len(rows) < above + 2:
        raise Terminal(f"{path}: no rows below a header: nothing to map")
    if any(is_value(name) for name in header):
        raise Terminal(
            f"{path}: no header: {', '.join(header)[:80]!r} are values: put a first line with the columns' names above"
        )
    return TableSample(header, rows[above + 1 :], region, stages)
