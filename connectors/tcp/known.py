"""The exchanges whose lines are understood, by profile: one entry each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from functools import partial
from typing import Protocol

from connectors.avaya import AvayaSmdr
from connectors.panasonic import PanasonicSmdr, is_no_call
from connectors.reading.source import Context, Hints
from connectors.reading.text import NO_DELIMITER
from connectors.tcp.source import DelimitedLines, LineSource, Printed
from connectors.threecx import ThreeCxLog


class MakeSource(Protocol):
    """Makes the source of one door."""

    def __call__(self, hints: Hints, zone: tzinfo | None, context: Callable[[], Context]) -> LineSource: ...


def _panasonic(hints: Hints, zone: tzinfo | None, context: Callable[[], Context]) -> LineSource:
    lines = DelimitedLines(PanasonicSmdr(), hints, zone, context, delimiter=NO_DELIMITER, quoted=False)
    return Printed(lines, is_no_call)


LINES: dict[str, MakeSource] = {
    "avaya": partial(DelimitedLines, AvayaSmdr(), quoted=False),
    "panasonic": _panasonic,
    "3cx": partial(DelimitedLines, ThreeCxLog(), quoted=False),
}
