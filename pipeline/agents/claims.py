"""Claims of other imports on a chunk's identities, read and stored: see `schemas.provenance`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

import msgspec

from pipeline.merge_latest import Claims, R
from pipeline.store import Store, newest, texts
from schemas.codec import encode
from schemas.provenance import KINDS, TABLE, Provenance

_ROWS = msgspec.json.Decoder(Provenance)


def claims_of(store: Store, arrived: Sequence[R], latest: Iterable[R]) -> Claims:
    """What is needed of them: nothing, where nothing is or was taken back. Raises Transient or Terminal."""
    if not any(record.retracted for record in chain(arrived, latest)):
        return Claims()
    kind = KINDS[type(arrived[0])]
    question = f"what = '{kind.table}' AND identity IN ({texts({kind.identity(record) for record in arrived})})"
    return Claims(_read(store, question), question)


def keep_claims(store: Store, claims: Claims) -> None:
    """Before the records that they are about: a death in between must not forget whom a record replaced."""
    store.keep(TABLE, [encode(claim) for claim in claims.new])


def have_changed(store: Store, claims: Claims) -> bool:
    """Somebody else's claim came while it was decided that there is none: decide again."""
    return bool(claims.question) and not claims.cover(_read(store, claims.question))


def _read(store: Store, question: str) -> list[Provenance]:
    return store.rows(_ROWS, newest(TABLE, "what, identity, import_id", question))
