"""How the rows of a table would be read by a mapping: nothing is proposed whose rows are then rejected. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from connectors.mapped.propose import Proposed, TableSample, propose
from connectors.mapped.source import MappedSource
from connectors.mapped.units import LENGTHS
from connectors.reading.file_format import FileFormat
from connectors.reading.rejects import Misread
from connectors.reading.source import Context, Hints, Recognised
from schemas.errors import Terminal
from schemas.mapping import MappedKind
from schemas.mapping import Mapping as TableMapping

_MOST_ROWS = 300
_ZONE = ZoneInfo("UTC")


class Trial(NamedTuple):
    """What became of the first rows."""

    rows: int
    rejected: Counter[str]
    """Our column -> rows that it made rejects."""
    example: str = ""
    units: Mapping[str, str] = MappingProxyType({})
    """What columns of lengths were taken to count, where these are guesses."""
    guesses: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether at least half of the rows are read."""
        return self.rejected.total() * 2 <= self.rows


def try_rows(look: TableSample, mapping: TableMapping) -> Trial:
    """Read the first rows by a mapping."""
    try:
        source = MappedSource("trial", mapping)
    except Terminal as error:
        return Trial(1, Counter({"": 1}), str(error))
    layout = source.layout([look.header, *look.rows], Hints(region=look.region))
    if layout is None:
        return Trial(1, Counter({"": 1}), "the header has not all columns")
    recognised = Recognised(
        profile="trial",
        kind=mapping.kind,
        layout=layout.name,
        form=FileFormat("", "", ""),
        columns=layout.columns,
        date_order=layout.date_order,
        reasons=(),
        units=layout.units,
    )
    context = Context(
        source="trial",
        import_id="trial",
        version=1,
        zone=_ZONE,
        region=look.region,
        stages=look.stages,
        loaded_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    make = source.maker(recognised, context, _ZONE, "trial")
    rejected: Counter[str] = Counter()
    example = ""
    width = len(look.header)
    rows = [row for row in look.rows if any(map(str.strip, row))][:_MOST_ROWS]
    for number, row in enumerate(rows):
        try:
            make([*row[:width], *[""] * (width - len(row))], number)
        except Misread as misread:
            rejected[misread.bad.field] += 1
            example = example or misread.bad.detail
    guessed = {ours: layout.units.get(ours, "s") for ours in LENGTHS if any(g.startswith(ours) for g in layout.guesses)}
    return Trial(len(rows), rejected, example, guessed, layout.guesses)


def propose_readable(
    look: TableSample,
    kind: MappedKind,
    chosen: Mapping[str, str],
    constants: Mapping[str, str],
    units: Mapping[str, str],
    date_order: str,
) -> tuple[Proposed, Trial | None, Sequence[str]]:
    """The likeliest mapping whose rows are read, how they were, and the columns that were left out for it.

    A column that nobody named, that is not needed, and that makes rejects of more than half of the rows is left out.
    """
    chosen, dropped = dict(chosen), list[str]()
    while True:
        proposed = propose(look, kind, chosen, constants, units, date_order)
        if proposed.mapping is None:
            return proposed, None, dropped
        trial = try_rows(look, proposed.mapping)
        worst, count = trial.rejected.most_common(1)[0] if trial.rejected else ("", 0)
        is_ours = worst in proposed.mapping.columns and worst not in chosen
        if trial.is_good or not is_ours or count * 2 <= trial.rows or worst in proposed.strange:
            return proposed, trial, dropped
        without = propose(look, kind, {**chosen, worst: ""}, constants, units, date_order)
        if without.mapping is None:
            return proposed, trial, dropped
        chosen[worst] = ""
        dropped.append(worst)
