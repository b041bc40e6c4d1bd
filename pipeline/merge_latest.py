"""The latest of the records under one identity: legs, revisions of proposals, the directory. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, MutableMapping, Sequence
from typing import Any, TypeVar

import msgspec

from pipeline.version_clamp import is_ahead
from schemas.codec import encode
from schemas.plans import Absence, CalendarDay, Plan
from schemas.provenance import KINDS, Provenance, claim_of, digest
from schemas.records import CallLeg, Manager, Organisation, Proposal, StageChange

R = TypeVar("R", CallLeg, Proposal, Manager, Organisation, StageChange, Plan, CalendarDay, Absence)
K = TypeVar("K", bound=Hashable)


class Claims:
    """Claims of imports on the identities of a chunk: known ones, and `new` ones to be stored.

    `known` is needed where something is taken back, or was; retracted claims are among it.
    """

    def __init__(self, known: Iterable[Provenance] = (), question: str = "") -> None:
        """`question`: the SQL condition by which `known` was found."""
        self.question = question
        self._known: dict[str, dict[str, Provenance]] = {}
        for claim in known:
            self._remember(claim)
        self.new: list[Provenance] = []

    def note(self, record: R) -> None:
        """The import of this record claims it, and it is not a row (any more)."""
        if record.import_id:
            self._add(claim_of(record))

    def take_back(self, record: R) -> None:
        """The import of this record does not claim the identity any more."""
        self._add(claim_of(record, retracted=1))

    def is_taken_back(self, record: R) -> bool:
        claim = self._of(record).get(record.import_id)
        return claim is not None and bool(claim.retracted)

    def has_of(self, record: R) -> bool:
        """The import of this record has a claim here."""
        return record.import_id in self._of(record)

    def heir(self, record: R) -> Provenance | None:
        """The latest claim of another import with the content of this record; None when there is none."""
        record_digest = digest(record)
        others = [
            claim
            for claim in self._of(record).values()
            if claim.digest == record_digest and not claim.retracted and claim.import_id != record.import_id
        ]
        return max(others, key=lambda claim: (claim.version, claim.import_id), default=None)

    def cover(self, claims: Iterable[Provenance]) -> bool:
        """All of these are known here."""
        return not any(self._is_news(claim) for claim in claims)

    def _of(self, record: R) -> dict[str, Provenance]:
        return self._known.get(KINDS[type(record)].identity(record), {})

    def _add(self, claim: Provenance) -> None:
        if self._remember(claim):
            self.new.append(claim)

    def _remember(self, claim: Provenance) -> bool:
        if not self._is_news(claim):
            return False
        self._known.setdefault(claim.identity, {})[claim.import_id] = claim
        return True

    def _is_news(self, claim: Provenance) -> bool:
        known = self._known.get(claim.identity, {}).get(claim.import_id)
        return known is None or known.version < claim.version


def merge_latest(
    arrived: Sequence[R],
    latest: MutableMapping[K, R],
    identity: Callable[[R], K],
    rank: Callable[[R], Any] = encode,
    claims: Claims | None = None,
    *,
    now: int,
) -> dict[K, tuple[int, R]]:
    """Merge what arrived into `latest`; give what is new there: (index in `arrived` of the cause, the record).

    In order of version, so that records which come in that order leave the same rows however they are cut into
    chunks. A record equal to the latest one never replaces it, whatever its version: loading a file twice stores
    nothing. Of two with one version (twice in one file) the one of greater rank wins; a rank is of content alone.

    Taking a record back leaves the latest one retracted, or under the name of another import that had the same
    content: then the latest record is not the one that arrived. `claims` gets what other imports claimed.

    A latest record that is ahead of the clock (`now`) was sent by a clock that was wrong: what arrives replaces it,
    under a version just above it. Until the clock gets there, the last one to arrive wins.
    """
    claims = Claims() if claims is None else claims
    new: dict[K, tuple[int, R]] = {}
    for index in sorted(range(len(arrived)), key=lambda index: arrived[index].version):
        record = arrived[index]
        key = identity(record)
        known = latest.get(key)
        stands = record if known is None else _next(record, known, rank, claims, now)
        if stands is not None:
            latest[key] = stands
            new[key] = index, stands
    return new


def _next(record: R, known: R, rank: Callable[[R], Any], claims: Claims, now: int) -> R | None:
    """The latest record after `record`; None when that is `known`."""
    if record.retracted:
        return _taken_back(record, known, claims)
    is_other = record.import_id != known.import_id
    if says_the_same(known, record):
        if is_other and record.version != known.version:
            claims.note(record)
        return None
    if record.version == known.version:
        return record if rank(record) > rank(known) else None
    if record.version > known.version:
        if is_other:
            (claims.take_back if known.retracted else claims.note)(known)
        return record
    if is_ahead(known.version, now) and (is_other or not known.retracted):
        if is_other:
            (claims.take_back if known.retracted else claims.note)(known)
        return msgspec.structs.replace(record, version=known.version + 1)
    if not is_other:
        return None
    if not known.retracted:
        claims.note(record)
        return None
    # Older than what was taken back, and came after that: nothing replaces it.
    if claims.is_taken_back(record):
        return None
    claims.take_back(known)
    return msgspec.structs.replace(record, version=known.version + 1)


def _taken_back(record: R, known: R, claims: Claims) -> R | None:
    """The latest record once `record` takes back what its import claimed; None when that is `known`."""
    if known.import_id != record.import_id:
        claims.take_back(record)
        return None
    version = max(record.version, known.version + 1)
    heir = claims.heir(known)
    if heir is not None or claims.has_of(record):
        claims.take_back(record)
    if heir is not None:
        by_heir = {"import_id": heir.import_id, "origin": heir.origin, "version": max(heir.version, version)}
        return msgspec.structs.replace(known, **by_heir, cause="", retracted=0)
    return None if known.retracted else msgspec.structs.replace(known, retracted=1, cause=record.cause, version=version)


def says_the_same(known: R, record: R) -> bool:
    """Equal in everything but import, origin, cause and version."""
    return known == msgspec.structs.replace(
        record, import_id=known.import_id, origin=known.origin, cause=known.cause, version=known.version
    )
