"""The exchanges whose lines are understood, by profile: one entry each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from functools import partial
from typing import Protocol

from connectors.avaya import AvayaSmdr
from connectors.source import Context, Hints
from connectors.tcp.source import DelimitedLines, LineSource
from connectors.threecx import ThreeCxLog


class MakeSource(Protocol):
    """Makes the source of one door."""

    def __call__(self, hints: Hints, zone: tzinfo | None, context: Callable[[], Context]) -> LineSource: ...


LINES: dict[str, MakeSource] = {
    "avaya": partial(DelimitedLines, AvayaSmdr(), quoted=False),
    "3cx": partial(DelimitedLines, ThreeCxLog(), quoted=False),
}
