"""Several servers that write one table: an id that two of them gave is of two calls.

`uniqueid` is the second of the channel's birth and a counter from the server's start, so two servers without
`systemname` give the same one sooner or later. The rows that begin a call differ then: one second, two channels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from zlib import crc32

from connectors.asterisk.peer_facts import WRAPPED
from connectors.reading.rejects import Misread
from schemas.records import Reason

_READ = ("start", "src", "dst", "channel", "dstchannel", "uniqueid", "linkedid")


class SharedIds:
    """The ids that two servers gave in some rows, and which call of such an id a row is of."""

    def __init__(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        width = len(columns)
        pick = itemgetter(*(columns.index(name) if name in columns else width for name in _READ))
        first: dict[str, tuple[str, str, str, str]] = {}
        self._calls: dict[str, dict[str, set[str]]] = {}
        """id -> channel that began a call under it -> channels that it dialled."""
        picked = [cells for row in rows if len(row) == width and (cells := pick([*row, ""]))[5]]
        for start, src, dst, channel, _, uniqueid, linkedid in picked:
            if channel and linkedid in ("", uniqueid):
                begun = (start, _bare(channel), src, dst)
                known = first.setdefault(uniqueid, begun)
                if known[0] == start and known[1] != begun[1] and known[2:] != begun[2:]:
                    self._calls[uniqueid] = {}
        for _, _, _, channel, dstchannel, uniqueid, linkedid in picked:
            if (calls := self._calls.get(uniqueid)) is not None and linkedid in ("", uniqueid):
                calls.setdefault(_bare(channel), set()).add(_pair(dstchannel))

    @property
    def example(self) -> tuple[str, ...]:
        """An id, and the channels that began calls under it; () when no id is shared."""
        return next(((uniqueid, *calls) for uniqueid, calls in self._calls.items()), ())

    def __len__(self) -> int:
        return len(self._calls)

    def call(self, linkedid: str, uniqueid: str, channel: str) -> str:
        """What tells a row's call from another one of the same id, "" for an id of one call.

        Raises Misread where a leg of such an id may be of either call.
        """
        calls = self._calls.get(linkedid)
        if calls is None:
            return ""
        own = _bare(channel)
        if uniqueid != linkedid:
            dialled = [first for first, others in calls.items() if _pair(channel) in others]
            if len(dialled) != 1:
                why = f"two servers gave the id {linkedid}: export them one by one, or with a column `server`"
                raise Misread(Reason.MISSING_FIELD, "linkedid", why)
            (own,) = dialled
        return f"{crc32(own.encode('utf-8', 'surrogateescape')):08x}"


def servers_named(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bool:
    """Whether a column names more than one server."""
    if "server" not in columns:
        return False
    index = columns.index("server")
    return len({row[index] for row in rows if len(row) == len(columns)} - {""}) > 1


def _bare(channel: str) -> str:
    """Without what a masquerade puts around the name."""
    wrapped = WRAPPED.match(channel)
    return (channel[wrapped.end() :] if wrapped else channel).partition("<")[0]


def _pair(channel: str) -> str:
    """A Local channel without its half."""
    return _bare(channel).partition(";")[0]
