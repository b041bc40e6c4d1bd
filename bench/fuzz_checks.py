"""What must hold of any bytes that a source is given: the invariants of `bench.fuzz`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import cache
from zoneinfo import ZoneInfo

import msgspec

from bench.fuzz_targets import Case, Items
from connectors.reading.source import Context
from schemas.codec import Codec, encode
from schemas.column_bounds import ColumnBounds
from schemas.errors import Terminal
from schemas.records import CallLeg, Record, Rejected

MOST_S = 2.0
"""Processor time that 64 KiB may take."""
_EVERY = 8
"""Of how many inputs one is read with other settings too, which costs three readings."""

Outcome = tuple[int, Items] | str
"""What was counted and read, or the message of a refusal."""


def check(case: Case, data: bytes) -> None:
    """Raises what the parser should not have raised, or AssertionError."""
    began = time.process_time()
    found = outcome(case, data, case.read_context)
    took = time.process_time() - began
    assert took < MOST_S, f"slow: {took:.1f} s for {len(data)} bytes"
    if isinstance(found, str):
        assert found.strip(), "a refusal without a message"
        return
    rows, items = found
    assert rows == len(items), f"{rows} rows, {len(items)} items"
    for item in items:
        _fits(item)
    origins = [item.origin for item in items if isinstance(item, CallLeg | Rejected)]
    if "export" in origins[0] if origins else False:
        assert len(set(origins)) == len(origins), "two items with one origin"
    assert outcome(case, data, case.read_context) == found, "read twice, and not the same"
    if len(data) % _EVERY == 0:
        _forgets(case, data)


def outcome(case: Case, data: bytes, read_context: Context) -> Outcome:
    try:
        return case.read(data, read_context)
    except Terminal as trouble:
        return str(trouble)


def _fits(item: Record | Rejected) -> None:
    read_back, lines, bad = _codec(type(item)).read(encode(item))
    assert not bad, f"no record when it is read back: {bad[0].why}"
    assert read_back == [item], "another record when it is read back"
    assert lines == [encode(item)], "no column holds it as it is"
    assert not ColumnBounds(type(item)).violations([item]), "no column holds it as it is"
    if isinstance(item, Rejected):
        assert item.origin, "a reject without an origin"
        assert item.reason, "a reject without a reason"
        assert item.detail or item.field, "a reject that does not say why"


@cache
def _codec(record: type[Record | Rejected]) -> Codec[Record | Rejected]:
    return Codec(record)


def _forgets(case: Case, data: bytes) -> None:
    """What is remembered of one exchange says nothing of another: other settings, with and without a memory."""
    other = msgspec.structs.replace(
        case.read_context,
        zone=ZoneInfo("Asia/Kathmandu"),
        region="DE" if case.read_context.region == "RU" else "RU",
        extension_pattern=r"\d{4,7}",
        trunks=("101", "provider"),
    )
    after = outcome(case, data, other)
    for forget in _memories():
        forget()
    assert outcome(case, data, other) == after, "what was read before with other settings has changed it"


@cache
def _memories() -> tuple[Callable[[], None], ...]:
    """What empties each memory of ours."""
    found: dict[int, Callable[[], None]] = {}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ("connectors", "schemas"):
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    found[id(value)] = value.cache_clear
                elif isinstance(value, dict) and type(value) is not dict and hasattr(type(value), "__missing__"):
                    found[id(value)] = value.clear
    assert found
    return tuple(found.values())
