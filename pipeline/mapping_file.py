"""A mapping into the text of `callfunnel.toml`: its table is put in or replaced, all else stays as it is. Pure."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from typing import Any

import msgspec

from schemas.errors import Terminal
from schemas.mapping import Mapping

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_HEADER = re.compile(r"\s*\[\[?\s*(.+?)\s*\]\]?\s*(?:#.*)?")


def written(name: str, mapping: Mapping, unknown: AnyMapping[str, Sequence[str]]) -> str:
    """The table of a mapping. Words whose meaning is `unknown` stand in it as comments to be completed."""
    lines = [f"[mappings.{_key(name)}]", f"kind = {_text(mapping.kind)}"]
    if mapping.date_order != "ymd":
        lines.append(f"date_order = {_text(mapping.date_order)}")
    for ours, theirs in mapping.columns.items():
        value = _text(theirs) if isinstance(theirs, str) else f"[{', '.join(map(_text, theirs))}]"
        lines.append(f"columns.{_key(ours)} = {value}")
    lines += [f"units.{_key(ours)} = {_text(unit)}" for ours, unit in mapping.units.items()]
    lines += [f"constants.{_key(ours)} = {_text(value)}" for ours, value in mapping.constants.items()]
    for ours, known in mapping.values.items():
        lines += [f"values.{_key(ours)}.{_key(word)} = {_text(value)}" for word, value in known.items()]
    for ours, strange_words in unknown.items():
        lines += [f'# values.{_key(ours)}.{_key(word)} = ""  # which of ours?' for word in strange_words]
    return "\n".join(lines) + "\n"


def with_mapping(text: str, name: str, mapping: Mapping, unknown: AnyMapping[str, Sequence[str]]) -> str:
    """The file's text with this table. Raises Terminal when it could not be put in without touching anything else."""
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.replace("\r\n", "\n").split("\n")
    first, last = _table(lines, name)
    table = written(name, mapping, unknown).rstrip("\n").split("\n")
    if first is None:
        while lines and not lines[-1].strip():
            lines.pop()
        lines = [*lines, *([""] if lines else []), *table, ""]
    else:
        lines[first:last] = table
    new = end.join(lines)
    _check(text, new, name, mapping)
    return new


def _table(lines: Sequence[str], name: str) -> tuple[int | None, int]:
    """(first line, line behind the last one) of a mapping's table; comments above the next table are not its."""
    first, last = None, len(lines)
    for number, line in enumerate(lines):
        path = _path(line)
        is_ours = path[:2] == ["mappings", name]
        if first is None:
            first = number if is_ours else None
        elif path and not is_ours:
            last = number
            break
    if first is not None:
        while last > first + 1 and (not lines[last - 1].strip() or _is_foreign(lines[last - 1])):
            last -= 1
    return first, last


def _is_foreign(line: str) -> bool:
    """A comment that a person wrote, as opposed to those that stand in a mapping to be completed."""
    return line.lstrip().startswith("#") and not line.startswith("# values.")


def _path(line: str) -> list[str]:
    """The keys of a table's header; [] for any other line."""
    found = _HEADER.fullmatch(line)
    if found is None:
        return []
    try:
        table: Any = tomllib.loads(f"[{found.group(1)}]")
    except tomllib.TOMLDecodeError:
        return []
    path = []
    while table:
        (key,) = table
        path.append(key)
        table = table[key]
    return path


def _check(old: str, new: str, name: str, mapping: Mapping) -> None:
    """That the edit did what it should and nothing else: TOML has more ways to be written than are looked for."""
    error = Terminal(f"mappings.{name} is written in a way that cannot be replaced: take it out of the file first")
    try:
        before, after = tomllib.loads(old), tomllib.loads(new)
    except tomllib.TOMLDecodeError:
        raise error from None
    written_mapping = after.get("mappings", {}).pop(name, None)
    before.get("mappings", {}).pop(name, None)
    for whole in (before, after):
        if not whole.get("mappings", True):
            del whole["mappings"]
    known = {ours: values for ours, values in mapping.values.items() if values}
    if before != after or msgspec.convert(written_mapping, Mapping) != msgspec.structs.replace(mapping, values=known):
        raise error


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
