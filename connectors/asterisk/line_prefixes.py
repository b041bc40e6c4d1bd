"""Digits that the exchange takes off a dialled number before it dials a line: `PJSIP/84950000137` for 984950000137."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from connectors.reading.phones import e164, possible_prefix
from connectors.reading.source import Context

DIALLED_NUMBER = re.compile(r"[^/&,]+/(?:[^/&,]+/)?(\+?\d{7,})(?:@[^/&,]*)?(?:[,&|].*)?")
"""The number in Dial's arguments: `PJSIP/89160000001@provider,300`, `SIP/provider/89160000001`."""


class LinePrefix(msgspec.Struct, frozen=True):
    """What rows show of one prefix."""

    rows: int
    dialled: str
    """An example, as a person dialled it."""
    number: str
    """What the exchange dialled for that."""


Shown = Mapping[str, LinePrefix]
"""The digits -> what shows them."""


def line_prefixes(columns: Sequence[str], rows: Iterable[Sequence[str]], region: str) -> dict[str, LinePrefix]:
    """Of rows of a CDR."""
    if not {"dst", "lastdata"} <= set(columns):
        return {}
    dst, data, width = columns.index("dst"), columns.index("lastdata"), len(columns)
    return _shown(((row[dst], row[data]) for row in rows if len(row) == width), region)


def line_prefixes_of_events(
    columns: Sequence[str], rows: Iterable[Sequence[str]], region: str
) -> dict[str, LinePrefix]:
    """Of channel events: what a channel was made for, and what it dials."""
    if not {"event", "channel", "exten", "app", "data"} <= set(columns):
        return {}
    width = len(columns)
    event, channel, exten, app, data = map(columns.index, ("event", "channel", "exten", "app", "data"))
    made_for: dict[str, str] = {}
    dials: dict[tuple[str, str], str] = {}
    for row in rows:
        if len(row) == width:
            if row[event] == "CHAN_START":
                made_for[row[channel]] = row[exten]
            elif row[app] == "Dial":
                dials[row[channel], row[data]] = row[exten]
    return _shown(((made_for.get(name, there), what) for (name, what), there in dials.items()), region)


def _shown(pairs: Iterable[tuple[str, str]], region: str) -> dict[str, LinePrefix]:
    found: dict[str, LinePrefix] = {}
    for text, arguments in pairs:
        if f"/{text}@" in arguments or len(text) < 8 or (line := DIALLED_NUMBER.fullmatch(arguments)) is None:
            continue
        prefix = possible_prefix(text, region)
        if prefix and e164(text, region, (prefix,)) == e164(line[1], region) != "":
            known = found.get(prefix)
            found[prefix] = LinePrefix(1 + (known.rows if known else 0), text, line[1])
    return found


def with_prefixes(context: Context, shown: Shown) -> Context:
    """The context that reads numbers without what the exchange takes off too."""
    more = tuple(prefix for prefix in shown if prefix not in context.prefixes)
    return msgspec.structs.replace(context, prefixes=(*context.prefixes, *more)) if more else context


def describe(shown: Shown) -> tuple[str, ...]:
    """For people: what numbers are read without, and what shows it."""
    return tuple(
        f"numbers are read without {prefix!r} in front: the exchange takes it off ({one.dialled} went out as"
        f' {one.number}; {one.rows} rows); prefixes = ["{prefix}"] under the source says it for live calls too'
        for prefix, one in shown.items()
    )
