"""Whether a spreadsheet has cut the ids of a table: it keeps 15 digits of what it takes for a number. Pure.

Ids that lost digits make calls equal that are two, and another call of one that was loaded from the original file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from schemas.errors import Terminal

_KEPT = 15
"""Digits that a spreadsheet keeps of a number."""
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?[eEеЕ]\+?\d+")
_EPOCH = re.compile(r"(\d{9,10})[.,](\d+)")
_FEWEST_EVEN = 60
"""Even last digits of which none is 0: by chance once in a million files."""
_ADVICE = (
    "load the file as the exchange or service wrote it, or open it in the spreadsheet with this column as text and save"
    " it anew"
)


def check_ids(
    header: Sequence[str], columns: Sequence[str], rows: Iterable[Sequence[str]], starts: Sequence[str] = ()
) -> None:
    """Raises Terminal when the cells of an id's column were cut. `columns` names those that hold ids, "" for others;
    `starts` are the times of the rows, which tell whether a spreadsheet has written the file.
    """
    whole = [row for row in rows if len(row) >= len(columns)]
    for index, name in enumerate(columns):
        if name and (why := cut([row[index].strip() for row in whole], starts)):
            title = header[index].strip() if index < len(header) and header[index].strip() else name
            raise Terminal(f"a spreadsheet has cut the ids in column {title!r}: {why}; {_ADVICE}")


def cut(ids: Sequence[str], starts: Sequence[str] = ()) -> str:
    """Why these ids cannot be whole; "" when nothing tells."""
    ids = [id_ for id_ in dict.fromkeys(ids) if id_]
    scientific = [id_ for id_ in ids if _SCIENTIFIC.fullmatch(id_)]
    if len(scientific) * 2 > len(ids):
        return f"{scientific[0]!r} has lost its last digits"
    long = [id_ for id_ in ids if id_.isdecimal() and len(id_) > _KEPT]
    if len(long) > 2 and len(long) * 2 > len(ids) and not any(id_[_KEPT:].strip("0") for id_ in long):
        return f"{long[0]!r} and all others end with zeros behind the 15th digit"
    return _of_epochs(ids, starts)


def _of_epochs(ids: Sequence[str], starts: Sequence[str]) -> str:
    """Of `1774422600.123456`: a zero at the end goes, and what is behind the 15th digit."""
    found = [match for id_ in ids if (match := _EPOCH.fullmatch(id_))]
    if not found or len(found) * 2 <= len(ids):
        return ""
    if any(len(match[1]) + len(match[2]) > _KEPT or match[2].endswith("0") for match in found):
        return ""
    longest = max(found, key=lambda match: len(match[0]))[0]
    even = sum(match[2][-1] in "2468" for match in found)
    if even >= _FEWEST_EVEN and len({match[2][-1] for match in found} & set("2468")) == 4:
        return f"of {len(found)} ids such as {longest!r} none ends with 0, and none has more than 15 digits"
    if _are_without_seconds(starts) and any(len(match[1]) + len(match[2]) == _KEPT for match in found):
        return (
            f"times without seconds, and ids of 15 digits at most such as {longest!r}: the exchange writes more of both"
        )
    return ""


def _are_without_seconds(starts: Sequence[str]) -> bool:
    """Whether times look as a spreadsheet shows them: exchanges of this kind write seconds."""
    timed = [text for text in starts if ":" in text]
    return bool(timed) and all(text.count(":") == 1 for text in timed)
