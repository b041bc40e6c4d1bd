"""How a table of somebody's own is read: which of its columns is which of ours. A setting, `[mappings.NAME]`."""

from __future__ import annotations

from typing import Literal

import msgspec

MappedKind = Literal["calls", "organisations", "stages", "proposals", "managers"]


class Mapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Recognises a table by its header: every column named here must be there."""

    kind: MappedKind
    columns: dict[str, str | list[str]]
    """Ours -> the header of theirs; of several their texts are joined (a date and a time, two phones)."""
    constants: dict[str, str] = {}
    """Ours -> what is the same in every row."""
    values: dict[str, dict[str, str]] = {}
    """Ours -> their word -> our word (a stage, a direction, how a call ended)."""
    units: dict[str, Literal["s", "min", "ms", "h", "days"]] = {}
    """What numbers without a unit count in a column of lengths (duration, talk, wait): where no header does."""
    date_order: Literal["ymd", "dmy", "mdy"] = "ymd"
    """How dates without a year in front are written."""
