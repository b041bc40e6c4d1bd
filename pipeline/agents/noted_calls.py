"""What the store knows of calls near notes, and of notes near calls: see `pipeline.copies`.

A note is decided on what is decided of the calls near it (`placements`), and reads that back after it has written. A
chunk of calls looks for the notes near them after it has written, and sends one leg of each again. Of a note and a call
that are decided at one time, at least one sees the other; and a note makes nobody else look, so this ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from pipeline.agents.step import Outgoing
from pipeline.copies import START_WITHIN, NearCall, by_contact, is_near, near
from pipeline.store import Store, texts
from schemas.codec import encode
from schemas.records import Activity, CallLeg
from schemas.topics import CALL_LEGS

_BUCKET = timedelta(minutes=5)
_LONGEST = timedelta(days=1)
"""Of a call that is looked for by when it ended."""
_CALLS = """
SELECT activity_id, source, contact, manager_id, at, wait_s, talk_s FROM placements FINAL
PREWHERE activity_id IN (
    SELECT activity_id FROM placements PREWHERE noted = 0 AND contact IN ({contacts}) WHERE kind = 'call' AND {span}
)
WHERE retracted = 0 AND noted = 0 AND contact IN ({contacts}) AND {span} AND activity_id NOT IN ({ids})
ORDER BY activity_id
"""
"""Without FINAL first: what was in the place of a row may be found, and is not looked at again."""
_ANY = "SELECT toUInt8(count()) AS n FROM (SELECT 1 FROM placements PREWHERE noted = 1 LIMIT 1)"
_NOTES = """
SELECT activity_id, source, contact, at, '' AS original FROM placements
PREWHERE noted = 1 WHERE contact IN ({contacts}) AND {span}
UNION ALL
SELECT activity_id, source, contact, at, original FROM placements ARRAY JOIN copies_of AS original
PREWHERE noted = 1 WHERE original IN ({ids})
"""
"""Near these calls, and those that were found to be copies of one of them: it may have been elsewhere."""
_LEGS = """
SELECT * FROM call_legs FINAL
WHERE source IN ({sources}) AND concat('call:', source, ':', call_id) IN ({ids}) LIMIT 1 BY source, call_id
"""


class _Any(msgspec.Struct):
    n: int


class _Note(msgspec.Struct):
    activity_id: str
    source: str
    contact: str
    at: datetime
    original: str


class NoteLookup:
    """Asks the store. Not shared between threads. Raises Transient or Terminal."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._has_any = False
        self._calls = msgspec.json.Decoder(NearCall)
        self._notes = msgspec.json.Decoder(_Note)
        self._legs = msgspec.json.Decoder(CallLeg)

    def calls_near(self, notes: Sequence[Activity], chunk: Iterable[str]) -> list[NearCall]:
        """Calls that may be near these notes, but for those of the chunk (by activity_id), which decides them."""
        contacts = {note.contact for note in notes if note.contact}
        if not contacts:
            return []
        moments = [note.at for note in notes]
        span = _span(min(moments) - START_WITHIN - _LONGEST, max(moments) + START_WITHIN)
        return self._store.rows(self._calls, _CALLS.format(contacts=texts(contacts), span=span, ids=texts(chunk)))

    def again(self, calls: Sequence[Activity], ids: Sequence[str], cause: str) -> Iterator[Outgoing]:
        """One leg of each note that these calls, now or before, may be what it is a copy of."""
        if not ids or not self._any():
            return
        called = by_contact(map(near, calls))
        starts, ends = ([getattr(call, edge) for some in called.values() for call in some] for edge in ("at", "until"))
        span = _span(min(starts) - START_WITHIN, max(ends) + START_WITHIN) if starts else "0"
        found = self._store.rows(self._notes, _NOTES.format(contacts=texts(called), span=span, ids=texts(ids)))
        notes = {
            note.activity_id: note.source
            for note in found
            if note.original or any(is_near(note.at, call) for call in called.get(note.contact, ()))
        }
        if not notes:
            return
        sql = _LEGS.format(sources=texts(set(notes.values())), ids=texts(notes))
        for leg in self._store.rows(self._legs, sql):
            once_more = msgspec.structs.replace(leg, cause=cause)
            yield Outgoing(CALL_LEGS, CALL_LEGS.key(once_more), encode(once_more))

    def _any(self) -> bool:
        """Most companies have none: then this is all that a chunk asks."""
        self._has_any = self._has_any or bool(self._store.rows(self._any_decoder, _ANY)[0].n)
        return self._has_any

    _any_decoder = msgspec.json.Decoder(_Any)


def _span(first: datetime, last: datetime) -> str:
    """SQL condition on the buckets of what began from `first` to `last`."""
    since, until = (int(edge.timestamp()) for edge in (first - _BUCKET, last))
    return f"bucket BETWEEN toDateTime({max(0, since)}, 'UTC') AND toDateTime({until}, 'UTC')"
