"""From a table's header and values to a mapping that is likely meant: proposed, for a person to look over. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from connectors.mapped.kinds import CALLS, KINDS, TableKind, spellings
from connectors.mapped.stage_proposals import unknown_stages
from connectors.reading.call_keywords import DIRECTIONS, DISPOSITIONS, MISSED
from connectors.reading.call_keywords import bare as bare_word
from connectors.reading.lengths import seconds
from connectors.reading.phones import e164, split_outside
from connectors.reading.rejects import Misread
from connectors.reading.times import DATE, PACKED_CLOCK, PACKED_DAY, absolute, plain
from connectors.reading.zone_proof import DateOrder, date_order
from schemas.mapping import MappedKind
from schemas.mapping import Mapping as TableMapping
from schemas.stages import Stages

_ENOUGH, _SURE = 0.6, 0.9
_DIGITS = 10
_SHORTEST = 5
"""Letters of a word that is looked for inside of a longer header."""
_MOST_WORDS = 40
_EARLIEST, _LATEST = 1990, 2100
"""Of epochs: a telephone number of ten digits is one too, later."""
_DAY = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
_PACKED_DAY, _PACKED_CLOCK = re.compile(PACKED_DAY), re.compile(PACKED_CLOCK)
_CLOCK = re.compile(r"\d{1,2}:\d\d(:\d\d)?(\.\d+)?\s?([AaPp][Mm])?")
_TIMED = re.compile(
    r"(?:[A-Za-zА-Яа-я]{2,9}\.?,? )?\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}[ T,]+\d{1,2}:\d\d(?::\d\d)?\s?([AaPp][Mm])?"
)
_SHARED = frozenset({"id", "name"})
"""Ours that may be read from a column that is read for something else too."""


class Proposed(NamedTuple):
    """A mapping, and what a person should know of it."""

    mapping: TableMapping | None
    """None when something that is needed was not found."""
    missing: tuple[str, ...]
    unused: tuple[str, ...]
    """Their columns that are not read."""
    strange: Mapping[str, tuple[str, ...]]
    """Ours -> their words whose meaning nobody can tell: rows with them are rejected until `values` says."""
    guesses: tuple[str, ...] = ()
    """What the table does not prove, and was taken for likely."""


class TableSample(NamedTuple):
    """What is known of a table before it is mapped."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    region: str
    stages: Stages


def propose(
    sample: TableSample,
    kind: MappedKind,
    chosen: Mapping[str, str] | None = None,
    constants: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    date_order: str = "",
) -> Proposed:
    """The likeliest mapping of a table to one kind. `chosen` (ours -> their header, "" for none of them), `constants`,
    `units` and `date_order` are given; "" asks for the order that the dates tell.
    """
    table = KINDS[kind]
    dropped = {ours for ours, name in (chosen or {}).items() if not name}
    named = {ours: _index_of(sample.header, name) for ours, name in (chosen or {}).items() if name}
    positions = _find_columns(sample, table, named)
    for ours in dropped:
        positions.pop(ours, None)
    if table is CALLS:
        _settle_calls(sample, positions)
    fixed = dict(constants or {})
    if kind == "proposals" and "kind" not in positions and "kind" not in fixed:
        # A deal has a sum: it is an offer of its own, not a letter to everybody.
        fixed["kind"] = "individual" if "amount" in positions else "general"
    columns = {
        ours: _named(sample.header, positions[ours])
        for ours in table.columns
        if ours in positions and ours not in fixed
    }
    missing = tuple(" or ".join(sorted(choice)) for choice in table.needed if not choice & {*columns, *fixed})
    used = {index for found in positions.values() for index in found}
    unused = tuple(name for index, name in enumerate(sample.header) if index not in used and name.strip())
    values, strange = _values(sample, positions)
    order = DateOrder(date_order, "as given") if date_order else _order(sample, positions, kind)
    if missing:
        return Proposed(None, missing, unused, strange)
    mapping = TableMapping(
        kind=kind,
        columns=columns,
        constants=fixed,
        values=values,
        units=dict(units or {}),  # type: ignore[arg-type]  # its words
        date_order=order.order,  # type: ignore[arg-type]  # one of the three
    )
    return Proposed(mapping, missing, unused, strange, order.guesses)


def fitting_kinds(sample: TableSample) -> list[MappedKind]:
    """The kinds that a table can be read as; a table of calls is nothing else, though it has phones and ids."""
    fits: list[MappedKind] = [kind for kind in KINDS if propose(sample, kind).mapping is not None]  # type: ignore[arg-type, misc]  # its keys
    return ["calls"] if "calls" in fits else fits


def _find_columns(sample: TableSample, table: TableKind, chosen: Mapping[str, int]) -> dict[str, list[int]]:
    """Ours -> the places of their columns: by the whole header first, then by words inside of it."""
    known = [spellings(name) for name in sample.header]
    positions: dict[str, list[int]] = {ours: [index] for ours, index in chosen.items()}
    taken = set(chosen.values())
    for fits in (_is_word, _holds_word):
        for ours, column in table.columns.items():
            if ours in positions and not column.takes_all:
                continue
            found = [
                index
                for word in column.keywords
                for index, names in enumerate(known)
                if (index not in taken or (ours in _SHARED and fits is _is_word))
                and any(fits(name, word) for name in names)
                and _looks_like(column.holds, _column(sample, index), sample.region)
            ]
            if found:
                positions[ours] = [*positions.get(ours, []), *dict.fromkeys(found)] if column.takes_all else found[:1]
                taken.update(positions[ours])
    _by_values(sample, table, positions, taken)
    return positions


def _is_word(name: str, word: str) -> bool:
    return name == word


def _holds_word(name: str, word: str) -> bool:
    return len(word) >= _SHORTEST and word in name


def _by_values(sample: TableSample, table: TableKind, positions: dict[str, list[int]], taken: set[int]) -> None:
    """What no header tells: the only column of times, and the only one of phones."""
    for ours, column in table.columns.items():
        if column.holds in ("time", "phone") and any(choice == {ours} or ours == "contact" for choice in table.needed):
            if ours in positions or (ours == "contact" and {"from", "to"} & positions.keys()):
                continue
            found = [p for p in range(len(sample.header)) if p not in taken and _is_sure(column.holds, sample, p)]
            if len(found) == 1:
                positions[ours] = found
                taken.add(found[0])


def _settle_calls(sample: TableSample, positions: dict[str, list[int]]) -> None:
    """A day and a time of day are one start; two ends tell more than one number, one number more than one end."""
    clock = positions.pop("time", None)
    if clock and "start" in positions and _share(_column(sample, positions["start"][0]), _is_bare_day) > _ENOUGH:
        positions["start"] = [*positions["start"], *clock]
    if {"from", "to"} <= positions.keys():
        positions.pop("contact", None)
    elif "contact" in positions:
        positions.pop("from", None)
        positions.pop("to", None)


def _values(
    sample: TableSample, positions: Mapping[str, list[int]]
) -> tuple[dict[str, dict[str, str]], dict[str, tuple[str, ...]]]:
    """Words that need a meaning: those that are proposed, and those that nobody can tell."""
    values: dict[str, dict[str, str]] = {}
    strange: dict[str, tuple[str, ...]] = {}
    if "stage" in positions:
        means = unknown_stages(_cell_texts(sample, positions["stage"]), sample.stages)
        if known := {word: code for word, code in means.items() if code}:
            values["stage"] = known
        strange["stage"] = tuple(word for word, code in means.items() if not code)
    for ours, understood in (("direction", DIRECTIONS.keys() | MISSED), ("status", DISPOSITIONS.keys())):
        if ours in positions and "changed_at" not in positions and "sent_at" not in positions:
            texts = _cell_texts(sample, positions[ours])
            strange[ours] = tuple(word for word in texts if bare_word(word) not in understood)
    return values, {ours: texts for ours, texts in strange.items() if texts}


def _cell_texts(sample: TableSample, positions: Sequence[int]) -> list[str]:
    texts = dict.fromkeys(cell.strip() for cell in _column(sample, positions[0]) if cell.strip())
    return list(texts)[:_MOST_WORDS]


def _order(sample: TableSample, positions: Mapping[str, list[int]], kind: str) -> DateOrder:
    """By the dates of all columns of times together."""
    times = [ours for ours, column in KINDS[kind].columns.items() if column.holds == "time" and ours in positions]
    if not times:
        return DateOrder("ymd", "")
    whole = [row for row in sample.rows if len(row) == len(sample.header)]
    texts = [" ".join(row[index] for index in positions[ours]) for ours in times for row in whole]
    return date_order([(text, "") for text in texts if text.strip()], sample.region)


def _looks_like(holds: str, cells: Sequence[str], region: str) -> bool:
    """Whether most cells that hold something may be what the header says."""
    checks: dict[str, Callable[[str], bool]] = {
        "time": lambda text: _is_time(text) or _PACKED_DAY.fullmatch(text) is not None,
        "clock": lambda text: (_CLOCK.fullmatch(text) or _PACKED_CLOCK.fullmatch(text)) is not None,
        "length": _is_length,
        "link": lambda text: bare_word(text) not in DISPOSITIONS and not text.isdecimal(),
        "phone": lambda text: any(map(str.isdigit, text)) and not _is_time(text) and not _CLOCK.fullmatch(text),
    }
    return not holds or not any(map(str.strip, cells)) or _share(cells, checks[holds]) >= _ENOUGH


def _is_sure(holds: str, sample: TableSample, index: int) -> bool:
    """Whether a column holds nothing but such values, whatever it is called."""
    if holds == "time":
        return _share(_column(sample, index), _is_time) == 1
    return _share(_column(sample, index), lambda text: _is_phone(text, sample.region)) > _SURE


def _share(cells: Sequence[str], check: Callable[[str], bool]) -> float:
    texts = [text for cell in cells if (text := cell.strip())]
    return sum(map(check, texts)) / len(texts) if texts else 0.0


def _is_phone(text: str, region: str) -> bool:
    """Numbers as nobody writes an amount or a length: of ten digits at least."""
    return all(len(e164(one, region)) > _DIGITS for one in split_outside(text))


def _is_time(text: str) -> bool:
    if DATE.fullmatch(text) or _is_day(text) or _TIMED.fullmatch(text):
        return True
    moment = absolute(text)
    return moment is not None and _EARLIEST <= moment.year <= _LATEST


def is_value(text: str) -> bool:
    """Whether a cell is not a name of a column: a time, or a number."""
    text = text.strip()
    return _is_time(text) or re.fullmatch(r"\+?[\d .,()-]{3,}", text) is not None


def _is_day(text: str) -> bool:
    return _DAY.fullmatch(plain(text.strip())) is not None


def _is_bare_day(text: str) -> bool:
    """A day beside which a time of day stands: of six digits too."""
    return _is_day(text) or _PACKED_DAY.fullmatch(text) is not None


def _is_length(text: str) -> bool:
    for unit in ("s", "min"):
        try:
            seconds(text, "", unit)
        except Misread:
            continue
        return True
    return False


def _column(sample: TableSample, index: int) -> list[str]:
    return [row[index] for row in sample.rows if index < len(row)]


def _index_of(header: Sequence[str], name: str) -> int:
    """Raises ValueError when there is no such header."""
    squeezed = [" ".join(one.split()).casefold() for one in header]
    return squeezed.index(" ".join(name.split()).casefold())


def _named(header: Sequence[str], positions: Sequence[int]) -> str | list[str]:
    names = list(dict.fromkeys(header[index] for index in positions))
    return names[0] if len(names) == 1 else names
