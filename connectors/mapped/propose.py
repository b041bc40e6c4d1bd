"""From a table's header and values to a mapping that is likely meant: proposed, for a person to look over. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from connectors.mapped.kinds import CALLS, KINDS, MappedTable, spellings
from connectors.mapped.words import unknown_stages
from connectors.reading.call_words import DIRECTIONS, DISPOSITIONS, MISSED, seconds
from connectors.reading.call_words import bare as bare_word
from connectors.reading.moments import absolute
from connectors.reading.phones import e164, split_outside
from connectors.reading.rejects import Misread
from connectors.reading.wall import DATE
from connectors.reading.zone_proof import date_order
from schemas.mapping import MappedKind
from schemas.mapping import Mapping as Said
from schemas.stages import Stages

_ENOUGH, _SURE = 0.6, 0.9
_DIGITS = 10
_SHORTEST = 5
"""Letters of a word that is looked for inside of a longer header."""
_MOST_WORDS = 40
_EARLIEST, _LATEST = 1990, 2100
"""Of epochs: a telephone number of ten digits is one too, later."""
_DAY = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}")
_CLOCK = re.compile(r"\d{1,2}:\d\d(:\d\d)?(\.\d+)?\s?([AaPp][Mm])?")
_TIMED = re.compile(
    r"(?:[A-Za-zА-Яа-я]{2,9}\.?,? )?\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}[ T,]+\d{1,2}:\d\d(?::\d\d)?\s?([AaPp][Mm])?"
)
_SHARED = frozenset({"id", "name"})
"""Ours that may be read from a column that is read for something else too."""


class Proposed(NamedTuple):
    """A mapping, and what a person should know of it."""

    said: Said | None
    """None when something that is needed was not found."""
    missing: tuple[str, ...]
    unused: tuple[str, ...]
    """Their columns that are not read."""
    strange: Mapping[str, tuple[str, ...]]
    """Ours -> their words whose meaning nobody can tell: rows with them are rejected until `values` says."""


class Look(NamedTuple):
    """What is known of a table before it is mapped."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    region: str
    stages: Stages


def propose(
    look: Look, kind: MappedKind, chosen: Mapping[str, str] | None = None, constants: Mapping[str, str] | None = None
) -> Proposed:
    """The likeliest mapping of a table to one kind. `chosen` (ours -> their header) and `constants` are given."""
    table = KINDS[kind]
    places = _places(look, table, {ours: _place(look.header, name) for ours, name in (chosen or {}).items()})
    if table is CALLS:
        _settle_calls(look, places)
    fixed = dict(constants or {})
    if kind == "proposals" and "kind" not in places and "kind" not in fixed:
        # A deal has a sum: it is an offer of its own, not a letter to everybody.
        fixed["kind"] = "individual" if "amount" in places else "general"
    columns = {
        ours: _named(look.header, places[ours]) for ours in table.columns if ours in places and ours not in fixed
    }
    missing = tuple(" or ".join(sorted(choice)) for choice in table.needed if not choice & {*columns, *fixed})
    used = {place for found in places.values() for place in found}
    unused = tuple(name for place, name in enumerate(look.header) if place not in used and name.strip())
    values, strange = _values(look, places)
    order = _order(look, places, kind)
    said = None if missing else Said(kind=kind, columns=columns, constants=fixed, values=values, date_order=order)  # type: ignore[arg-type]  # date_order gives one of the three
    return Proposed(said, missing, unused, strange)


def fitting_kinds(look: Look) -> list[MappedKind]:
    """The kinds that a table can be read as; a table of calls is nothing else, though it has phones and ids."""
    fits: list[MappedKind] = [kind for kind in KINDS if propose(look, kind).said is not None]  # type: ignore[arg-type, misc]  # its keys
    return ["calls"] if "calls" in fits else fits


def _places(look: Look, table: MappedTable, chosen: Mapping[str, int]) -> dict[str, list[int]]:
    """Ours -> the places of their columns: by the whole header first, then by words inside of it."""
    known = [spellings(name) for name in look.header]
    places: dict[str, list[int]] = {ours: [place] for ours, place in chosen.items()}
    taken = set(chosen.values())
    for fits in (_is_word, _holds_word):
        for ours, column in table.columns.items():
            if ours in places and not column.takes_all:
                continue
            found = [
                place
                for word in column.words
                for place, names in enumerate(known)
                if (place not in taken or (ours in _SHARED and fits is _is_word))
                and any(fits(name, word) for name in names)
                and _looks_like(column.holds, _column(look, place), look.region)
            ]
            if found:
                places[ours] = [*places.get(ours, []), *dict.fromkeys(found)] if column.takes_all else found[:1]
                taken.update(places[ours])
    _by_values(look, table, places, taken)
    return places


def _is_word(name: str, word: str) -> bool:
    return name == word


def _holds_word(name: str, word: str) -> bool:
    return len(word) >= _SHORTEST and word in name


def _by_values(look: Look, table: MappedTable, places: dict[str, list[int]], taken: set[int]) -> None:
    """What no header tells: the only column of times, and the only one of phones."""
    for ours, column in table.columns.items():
        if column.holds in ("time", "phone") and any(choice == {ours} or ours == "contact" for choice in table.needed):
            if ours in places or (ours == "contact" and {"from", "to"} & places.keys()):
                continue
            found = [p for p in range(len(look.header)) if p not in taken and _is_sure(column.holds, look, p)]
            if len(found) == 1:
                places[ours] = found
                taken.add(found[0])


def _settle_calls(look: Look, places: dict[str, list[int]]) -> None:
    """A day and a time of day are one start; two ends tell more than one number, one number more than one end."""
    clock = places.pop("time", None)
    if clock and "start" in places and _share(_column(look, places["start"][0]), _is_day) > _ENOUGH:
        places["start"] = [*places["start"], *clock]
    if {"from", "to"} <= places.keys():
        places.pop("contact", None)
    elif "contact" in places:
        places.pop("from", None)
        places.pop("to", None)


def _values(
    look: Look, places: Mapping[str, list[int]]
) -> tuple[dict[str, dict[str, str]], dict[str, tuple[str, ...]]]:
    """Words that need a meaning: those that are proposed, and those that nobody can tell."""
    values: dict[str, dict[str, str]] = {}
    strange: dict[str, tuple[str, ...]] = {}
    if "stage" in places:
        means = unknown_stages(_words(look, places["stage"]), look.stages)
        if known := {word: code for word, code in means.items() if code}:
            values["stage"] = known
        strange["stage"] = tuple(word for word, code in means.items() if not code)
    for ours, understood in (("direction", DIRECTIONS.keys() | MISSED), ("status", DISPOSITIONS.keys())):
        if ours in places and "changed_at" not in places and "sent_at" not in places:
            words = _words(look, places[ours])
            strange[ours] = tuple(word for word in words if bare_word(word) not in understood)
    return values, {ours: words for ours, words in strange.items() if words}


def _words(look: Look, places: Sequence[int]) -> list[str]:
    said = dict.fromkeys(cell.strip() for cell in _column(look, places[0]) if cell.strip())
    return list(said)[:_MOST_WORDS]


def _order(look: Look, places: Mapping[str, list[int]], kind: str) -> str:
    times = [ours for ours, column in KINDS[kind].columns.items() if column.holds == "time" and ours in places]
    if not times:
        return "ymd"
    texts = [" ".join(row[place] for place in places[times[0]]) for row in look.rows if len(row) == len(look.header)]
    plain = [
        f"{text} 00:00" if _is_day(text) else re.sub(r"\s?[AaPp][Mm]$", "", text) for text in texts if text.strip()
    ]
    return date_order([(text, "") for text in plain], look.region)[0]


def _looks_like(holds: str, cells: Sequence[str], region: str) -> bool:
    """Whether most cells that hold something may be what the header says."""
    checks: dict[str, Callable[[str], bool]] = {
        "time": _is_time,
        "clock": lambda text: _CLOCK.fullmatch(text) is not None,
        "length": _is_length,
        "phone": lambda text: any(map(str.isdigit, text)) and not _is_time(text) and not _CLOCK.fullmatch(text),
    }
    return not holds or not any(map(str.strip, cells)) or _share(cells, checks[holds]) >= _ENOUGH


def _is_sure(holds: str, look: Look, place: int) -> bool:
    """Whether a column holds nothing but such values, whatever it is called."""
    if holds == "time":
        return _share(_column(look, place), _is_time) == 1
    return _share(_column(look, place), lambda text: _is_phone(text, look.region)) > _SURE


def _share(cells: Sequence[str], check: Callable[[str], bool]) -> float:
    filled = [text for cell in cells if (text := cell.strip())]
    return sum(map(check, filled)) / len(filled) if filled else 0.0


def _is_phone(text: str, region: str) -> bool:
    """Numbers as nobody writes an amount or a length: of ten digits at least."""
    return all(len(e164(one, region)) > _DIGITS for one in split_outside(text))


def _is_time(text: str) -> bool:
    if DATE.fullmatch(text) or _is_day(text) or _TIMED.fullmatch(text):
        return True
    said = absolute(text)
    return said is not None and _EARLIEST <= said.year <= _LATEST


def is_value(text: str) -> bool:
    """Whether a cell is not a name of a column: a time, or a number."""
    text = text.strip()
    return _is_time(text) or re.fullmatch(r"\+?[\d .,()-]{3,}", text) is not None


def _is_day(text: str) -> bool:
    return _DAY.fullmatch(text.strip()) is not None


def _is_length(text: str) -> bool:
    try:
        seconds(text, "")
    except Misread:
        return False
    return True


def _column(look: Look, place: int) -> list[str]:
    return [row[place] for row in look.rows if place < len(row)]


def _place(header: Sequence[str], name: str) -> int:
    """Raises ValueError when there is no such header."""
    squeezed = [" ".join(one.split()).casefold() for one in header]
    return squeezed.index(" ".join(name.split()).casefold())


def _named(header: Sequence[str], places: Sequence[int]) -> str | list[str]:
    names = [header[place] for place in places]
    return names[0] if len(names) == 1 else names
