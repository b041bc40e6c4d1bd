"""When a dropped file is whole. Pure: what was seen, and when, is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

_UNFINISHED = (".part", ".partial", ".filepart", ".crdownload", ".tmp", ".temp", ".swp", "~")
"""Names under which programs write what they rename when it is whole (WinSCP, browsers, rsync, editors)."""


class Stamp(NamedTuple):
    """What changes when a file is written to, or replaced."""

    size: int
    modified_ns: int
    inode: int


def is_unfinished(name: str) -> bool:
    """A hidden file, or one whose name says that it is being written."""
    return name.startswith(".") or name.lower().endswith(_UNFINISHED)


class FileSettling:
    """Files are whole once they stayed as they were for `settle_s`, by the clock of whoever looks.

    The file's own time is only compared with itself: a share's clock may be another. An empty file is never whole.
    """

    def __init__(self, settle_s: float) -> None:
        self._settle_s = settle_s
        self._since: dict[str, tuple[Stamp, float]] = {}

    def look(self, found: Mapping[str, Stamp], now_s: float) -> list[str]:
        """Names that are whole now, the longest unchanged first. `found` is everything that is there."""
        since = {}
        for name, stamp in found.items():
            known = self._since.get(name)
            since[name] = known if known is not None and known[0] == stamp else (stamp, now_s)
        self._since = since
        whole = [
            (at, stamp.modified_ns, name)
            for name, (stamp, at) in since.items()
            if stamp.size and now_s - at >= self._settle_s and not is_unfinished(name)
        ]
        return [name for _, _, name in sorted(whole)]

    def stamp(self, name: str) -> Stamp | None:
        """The file as it was when it was looked at last."""
        known = self._since.get(name)
        return known[0] if known else None
