"""What other imports said of a chunk's identities, read and kept: see `schemas.provenance`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

import msgspec

from pipeline.standing import R, Words
from pipeline.store import Store, newest, texts
from schemas.codec import encode
from schemas.provenance import KINDS, TABLE, Provenance

_ROWS = msgspec.json.Decoder(Provenance)


def words_of(store: Store, arrived: Sequence[R], standing: Iterable[R]) -> Words:
    """What is needed of them: nothing, where nothing is or was taken back. Raises Transient or Terminal."""
    if not any(record.retracted for record in chain(arrived, standing)):
        return Words()
    kind = KINDS[type(arrived[0])]
    question = f"what = '{kind.table}' AND identity IN ({texts({kind.identity(record) for record in arrived})})"
    return Words(_read(store, question), question)


def keep_words(store: Store, words: Words) -> None:
    """Before the records that they are about: a death in between must not forget whom a record replaced."""
    store.keep(TABLE, [encode(word) for word in words.new])


def have_changed(store: Store, words: Words) -> bool:
    """Somebody else's word came while it was decided that there is none: decide again."""
    return bool(words.question) and not words.cover(_read(store, words.question))


def _read(store: Store, question: str) -> list[Provenance]:
    return store.rows(_ROWS, newest(TABLE, "what, identity, import_id", question))
