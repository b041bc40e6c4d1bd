"""What the numbers of a column of lengths count: by its header, other columns, or its values as a whole. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

from connectors.reading.lengths import UNITS, WEEK_S
from connectors.reading.rejects import Misread
from connectors.reading.times import read

LENGTHS = ("duration", "talk", "wait")
"""Our columns that are lengths."""
_NUMBER = re.compile(r"\d{1,15}(?:[.,]\d{1,18})?")
_HEADERS = {
    unit: re.compile(rf"(?:^|[^a-zа-я])(?:{signs})(?:$|[^a-zа-я])|{inside}", re.IGNORECASE)
    for unit, signs, inside in (
        ("ms", "ms|msec|мс|мсек", "millisec|миллисек"),
        ("s", "s|sec|secs|с|сек", "second|секунд|(?<=[a-zа-я])secs?$"),
        ("min", "m|min|mins|м|мин", "minute|минут|(?<=[a-z])mins$"),
        ("h", "h|hrs?|ч|час", "hours|часов"),
    )
}
_NEAR = 1.25
"""How far a length may be from the end minus the start: they may hold the ringing or not."""
_FEWEST = 0.6
_LONGEST_USUAL_S = 4 * 3600
"""Half of all calls are not longer than this in any office."""
_OF_A_DAY = 4
"""Decimals of a part of a day."""


class LengthUnit(NamedTuple):
    """What a column counts, and why."""

    name: str
    why: str
    is_guess: bool = False


def decide_units(
    columns: Mapping[str, tuple[str, Sequence[str]]], spans: Sequence[float | None], given: Mapping[str, str]
) -> dict[str, LengthUnit]:
    """The unit of each column of lengths (ours -> its header and its cells), but for those whose cells say their own.

    `spans` are seconds from the start to the end of each row, None where a row does not say; `given` are decided.
    What one column proves holds for the others that say nothing by themselves.
    """
    found: dict[str, LengthUnit] = {}
    for ours, (header, cells) in columns.items():
        if ours in given:
            found[ours] = LengthUnit(given[ours], f"{ours} is in {given[ours]}, as the mapping says")
        elif (unit := _decide(ours, header, cells, spans)) is not None:
            found[ours] = unit
    sure = next((unit for unit in found.values() if not unit.is_guess and unit.name != "s"), None)
    if sure is not None:
        found = {
            ours: sure._replace(why=f"{ours} is in {sure.name}, as the other lengths") if unit.is_guess else unit
            for ours, unit in found.items()
        }
    return found


def spans_of(starts: Sequence[str], ends: Sequence[str], order: str) -> list[float | None]:
    """Seconds between two columns of times; None where a cell is empty or cannot be read."""
    return [_span(start, end, order) for start, end in zip(starts, ends, strict=True)]


def _span(start: str, end: str, order: str) -> float | None:
    try:
        first, last = read(start, order), read(end, order)
    except Misread:
        return None
    if (first.tzinfo is None) != (last.tzinfo is None):
        return None
    length = (last - first).total_seconds()
    return length if 0 < length <= WEEK_S else None


def _decide(ours: str, header: str, cells: Sequence[str], spans: Sequence[float | None]) -> LengthUnit | None:
    texts = [(text.strip(), span) for text, span in zip(cells, spans, strict=True) if text.strip()]
    numbers = [(text, float(text.replace(",", ".")), span) for text, span in texts if _NUMBER.fullmatch(text)]
    if len(numbers) * 2 <= len(texts):
        return None
    for name, pattern in _HEADERS.items():
        if pattern.search(header):
            return LengthUnit(name, f"{ours} is in {name}, as its header {header!r} says")
    if ours != "wait" and (unit := _by_spans(ours, [(number, span) for _, number, span in numbers if number and span])):
        return unit
    return _by_values(ours, [(text, number) for text, number, _ in numbers if number])


def _by_spans(ours: str, pairs: Sequence[tuple[float, float]]) -> LengthUnit | None:
    """By the end minus the start, which is not less than a length within it."""
    for name, each in UNITS.items():
        near = sum(1 / _NEAR <= span / (number * each) <= _NEAR for number, span in pairs)
        if pairs and near >= len(pairs) * _FEWEST:
            return LengthUnit(name, f"{ours} is in {name}: {near} of {len(pairs)} rows agree with start and end")
    return None


def _by_values(ours: str, numbers: Sequence[tuple[str, float]]) -> LengthUnit:
    """By the values as a whole; reported, since nothing proves it."""
    if not numbers:
        return LengthUnit("s", f"{ours} is in s")
    values = [number for _, number in numbers]
    usual, most = median(values), max(values)
    advice = f"if that is wrong, `callfunnel map --unit {ours}=...`"
    if usual > _LONGEST_USUAL_S:
        over = f"as seconds half of the calls were over {usual / 3600:.0f} hours"
        return LengthUnit("ms", f"{ours} is read as ms: {over}; {advice}", True)
    decimals = [text for text, number in numbers if number != int(number)]
    if not decimals:
        return LengthUnit("s", f"{ours} is in s")
    example = f"such as {decimals[0]}; {advice}"
    if most < 1 and all(len(text) - 2 >= _OF_A_DAY for text in decimals):
        return LengthUnit("days", f"{ours} is read as parts of a day, {example}", True)
    if all(len(text.replace(",", ".").partition(".")[2]) <= 2 for text in decimals) and most < 600:
        return LengthUnit("min", f"{ours} is read as minutes with decimals, {example}", True)
    return LengthUnit("s", f"{ours} is read as seconds with decimals, {example}", True)
