"""Which source reads a file."""

from __future__ import annotations

import re

from connectors.reading.sample import Sample
from connectors.reading.source import Hints, Recognised, Source
from connectors.registry import CALLS, CRM
from schemas.errors import Terminal


def choose(
    sample: Sample, kind: str, profile: str, region: str, columns: tuple[str, ...] = ()
) -> tuple[Source, Recognised]:
    """The source that reads this file, and what it saw. Raises Terminal naming what was expected.

    `columns` is the order of columns that settings give for this exchange, () for none.
    """
    hints = Hints(region=region, columns=columns)
    if kind in CRM:
        table = CRM[kind]
        recognised = table.recognise(sample, hints)
        if recognised is None:
            raise table.require(sample)
        return table, recognised
    if found := _known(sample, profile, hints) or _known(with_only_list(sample), profile, hints):
        return found
    if is_dump(sample):
        raise Terminal(
            f"{sample.path}: a dump of a database: import it and use `callfunnel listen sql`, or export the table"
            " as CSV"
        )
    also = next((k for k, table in CRM.items() if table.recognise(sample, hints)), "")
    if also:
        raise Terminal(f"{sample.path}: it looks like a table of {also}, not of calls: load it with --kind {also}")
    if profile != "auto":
        raise Terminal(
            f"{sample.path}: not recognised as an export of calls of --profile {profile}: leave it out to try all"
        )
    known = ", ".join(source.profile for source in CALLS)
    raise Terminal(
        f"{sample.path}: not recognised as an export of calls: `callfunnel map FILE` takes any table with a header"
        f" (what needs no mapping: {known})"
    )


def with_only_list(sample: Sample) -> Sample:
    """The same, whose table is the only list of objects that it holds, when it is JSON; read again from the start."""
    other = Sample(sample.path)
    other.takes_only_list = True
    return other


_DUMP = re.compile(
    r"(?:\s|--[^\n]*\n|/\*.*?\*/;?)*(?:SET|CREATE|DROP|INSERT\s+INTO|COPY|LOCK|USE|BEGIN|START|PRAGMA|ALTER)\b",
    re.IGNORECASE | re.DOTALL,
)


def is_dump(sample: Sample) -> bool:
    """Whether it is a file of SQL: mysqldump's, pg_dump's."""
    if sample.is_sheet:
        return False
    beginning = sample.text[:65_536]
    return _DUMP.match(beginning) is not None and re.search(r"\b(?:INSERT\s+INTO|COPY)\b", sample.text) is not None


def _known(sample: Sample, profile: str, hints: Hints) -> tuple[Source, Recognised] | None:
    # What one vendor's own source knows is not its family's, whatever profile was asked for.
    of_family = any(source.is_family and source.profile == profile for source in CALLS)
    for source in CALLS:
        is_requested = profile in ("auto", source.profile)
        if (is_requested or of_family) and (recognised := source.recognise(sample, hints)):
            return (source, recognised) if is_requested else None
    return None
