"""What became of a CRM's notes of calls, for people."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from pipeline.readouts.numbers import Numbers
from pipeline.readouts.period import Period


class NotedCalls(msgspec.Struct, frozen=True):
    """A row of the metric `noted_calls`."""

    source: str
    notes: int
    copies: int
    ambiguous: int
    counted: int
    doubtful: int

    def __str__(self) -> str:
        text = f"{self.source}: {self.notes:,} notes of calls, {self.copies:,} of them copies that do not count"
        if self.ambiguous:
            text += f" ({self.ambiguous:,} ambiguous: several calls or notes fit)"
        if self.doubtful:
            text += (
                f"; {self.doubtful:,} count although an exchange had a call of the same number at that time, by another"
                " manager, of another length or start: are users and extensions the same managers?"
            )
        return text


def noted_calls(numbers: Numbers, period: Period, sources: Sequence[str] = ()) -> list[NotedCalls]:
    """By source; none where no CRM notes calls. Raises Transient or Terminal."""
    return numbers.rows("noted_calls", NotedCalls, {**period.parameters, "sources": list(sources)})
