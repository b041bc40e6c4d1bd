"""Which of the records said under one identity stands: legs, revisions of proposals, the directory. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, MutableMapping, Sequence
from typing import Any, TypeVar

import msgspec

from pipeline.ahead import is_ahead
from schemas.codec import encode
from schemas.plans import Absence, CalendarDay, Plan
from schemas.provenance import KINDS, Provenance, digest, word_of
from schemas.records import CallLeg, Manager, Organisation, Proposal, StageChange

R = TypeVar("R", CallLeg, Proposal, Manager, Organisation, StageChange, Plan, CalendarDay, Absence)
K = TypeVar("K", bound=Hashable)


class Words:
    """What imports said of the identities of a chunk, beside the records that stand: known, and `new` to be stored.

    `known` is needed where something is taken back, or was; retracted words are among it.
    """

    def __init__(self, known: Iterable[Provenance] = (), question: str = "") -> None:
        """`question`: the SQL condition by which `known` was found."""
        self.question = question
        self._known: dict[str, dict[str, Provenance]] = {}
        for word in known:
            self._remember(word)
        self.new: list[Provenance] = []

    def note(self, record: R) -> None:
        """The import of this record said it, and it is no row (any more)."""
        if record.import_id:
            self._add(word_of(record))

    def take_back(self, record: R) -> None:
        """The import of this record says nothing of the identity any more."""
        self._add(word_of(record, retracted=1))

    def is_taken_back(self, record: R) -> bool:
        word = self._of(record).get(record.import_id)
        return word is not None and bool(word.retracted)

    def has_of(self, record: R) -> bool:
        """The import of this record has a word here."""
        return record.import_id in self._of(record)

    def heir(self, record: R) -> Provenance | None:
        """The latest word of another import that says what this record says; None when there is none."""
        said = digest(record)
        others = [
            word
            for word in self._of(record).values()
            if word.digest == said and not word.retracted and word.import_id != record.import_id
        ]
        return max(others, key=lambda word: (word.version, word.import_id), default=None)

    def cover(self, words: Iterable[Provenance]) -> bool:
        """All of these are known here."""
        return not any(self._is_news(word) for word in words)

    def _of(self, record: R) -> dict[str, Provenance]:
        return self._known.get(KINDS[type(record)].identity(record), {})

    def _add(self, word: Provenance) -> None:
        if self._remember(word):
            self.new.append(word)

    def _remember(self, word: Provenance) -> bool:
        if not self._is_news(word):
            return False
        self._known.setdefault(word.identity, {})[word.import_id] = word
        return True

    def _is_news(self, word: Provenance) -> bool:
        known = self._known.get(word.identity, {}).get(word.import_id)
        return known is None or known.version < word.version


def settle(
    arrived: Sequence[R],
    standing: MutableMapping[K, R],
    identity: Callable[[R], K],
    rank: Callable[[R], Any] = encode,
    words: Words | None = None,
    *,
    now: int,
) -> dict[K, tuple[int, R]]:
    """Fold what arrived into `standing`; what stands anew: (the place in `arrived` of what made it so, the record).

    In order of version, so that records which come in that order leave the same rows however they are cut into
    chunks. What says the same as the standing record never replaces it, whenever it was said: loading a file twice
    stores nothing. Of two said at once (twice in one file) the one of greater rank stands; a rank is of content alone.

    What is taken back leaves the standing record retracted, or under the name of another import that said the same:
    then the record that stands is not the one that arrived, and neither is what comes late to a retracted one.
    `words` gets what other imports said.

    A standing record that is ahead of the clock (`now`) was said by a clock that was wrong: what arrives replaces it,
    under a version just above it. Until the clock gets there, the last one to arrive stands.
    """
    words = Words() if words is None else words
    new: dict[K, tuple[int, R]] = {}
    for place in sorted(range(len(arrived)), key=lambda place: arrived[place].version):
        record = arrived[place]
        key = identity(record)
        known = standing.get(key)
        stands = record if known is None else _next(record, known, rank, words, now)
        if stands is not None:
            standing[key] = stands
            new[key] = place, stands
    return new


def _next(record: R, known: R, rank: Callable[[R], Any], words: Words, now: int) -> R | None:
    """What stands after `record`; None when that is `known`."""
    if record.retracted:
        return _taken_back(record, known, words)
    is_other = record.import_id != known.import_id
    if says_the_same(known, record):
        if is_other and record.version != known.version:
            words.note(record)
        return None
    if record.version == known.version:
        return record if rank(record) > rank(known) else None
    if record.version > known.version:
        if is_other:
            (words.take_back if known.retracted else words.note)(known)
        return record
    if is_ahead(known.version, now) and (is_other or not known.retracted):
        if is_other:
            (words.take_back if known.retracted else words.note)(known)
        return msgspec.structs.replace(record, version=known.version + 1)
    if not is_other:
        return None
    if not known.retracted:
        words.note(record)
        return None
    # Said before what was taken back, and came after that: nothing stands in its way.
    if words.is_taken_back(record):
        return None
    words.take_back(known)
    return msgspec.structs.replace(record, version=known.version + 1)


def _taken_back(record: R, known: R, words: Words) -> R | None:
    """What stands once `record` takes back what its import said; None when that is `known`."""
    if known.import_id != record.import_id:
        words.take_back(record)
        return None
    version = max(record.version, known.version + 1)
    heir = words.heir(known)
    if heir is not None or words.has_of(record):
        words.take_back(record)
    if heir is not None:
        by_heir = {"import_id": heir.import_id, "origin": heir.origin, "version": max(heir.version, version)}
        return msgspec.structs.replace(known, **by_heir, cause="", retracted=0)
    return None if known.retracted else msgspec.structs.replace(known, retracted=1, cause=record.cause, version=version)


def says_the_same(known: R, record: R) -> bool:
    """Equal in everything but when, where and why it was said."""
    return known == msgspec.structs.replace(
        record, import_id=known.import_id, origin=known.origin, cause=known.cause, version=known.version
    )
