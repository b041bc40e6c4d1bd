"""Take back what a load shows to be wrong or gone: a corrected stage, a deleted or merged organisation, what a complete
export has no more. Only claims of the same source are taken back; what another source has stays, under its name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from pipeline.loading.stored_records import FOUND_BY, PAGE, pages, values_of
from pipeline.loading.table_contents import Fate, TableContents, merge_targets
from pipeline.store import Store, newest, texts, tuple_of
from schemas.provenance import TABLE, Provenance, taking_back
from schemas.records import Organisation, Record

_CLAIMS = msgspec.json.Decoder(Provenance)
_ORGANISATIONS = msgspec.json.Decoder(Organisation)
_KEYS_AT_ONCE = 5_000

Send = Callable[[Record], None]


class Withdrawn(msgspec.Struct, kw_only=True):
    """How many records of a source are, or would be, withdrawn, by fate; and of how many."""

    by_fate: dict[str, int] = {}
    uncertain: int = 0
    """Not in the complete export, but a row that was rejected may be this one."""
    names: list[str] = []
    """Identities of those that are deleted or absent."""
    standing: int = 0
    """Records of the source before."""

    @property
    def to_confirm(self) -> int:
        """A corrected stage needs no confirmation: the export has another one in its place."""
        return sum(count for fate, count in self.by_fate.items() if fate != Fate.REPLACED)


def withdraw(contents: TableContents, source: str, cause: str, store: Store, send: Send) -> Withdrawn:
    """Send what takes records back, and count them. Repeating it changes nothing. Raises Transient or Terminal.

    `cause`: the import that shows it.
    """
    return _Withdrawing(contents, source, cause, store).through(send)


class _Withdrawing:
    def __init__(self, contents: TableContents, source: str, cause: str, store: Store) -> None:
        self._contents = contents
        self._kind = contents.kind
        self._cause = cause
        self._store = store
        self._rows: msgspec.json.Decoder[Any] = msgspec.json.Decoder(contents.topic.record)
        name = texts([source])
        self._of_source = (
            f"import_id IN (SELECT import_id FROM imports FINAL WHERE source IN ({name})"
            f" UNION ALL SELECT session FROM feeds FINAL WHERE source IN ({name}))"
        )

    def through(self, send: Send) -> Withdrawn:
        fates: Counter[str] = Counter()
        gone: dict[str, Any] = {}
        uncertain = 0
        for page in self._stored():
            for row in page:
                fate = self._contents.fate(row)
                uncertain += fate is Fate.UNCERTAIN
                if fate not in (Fate.STAYS, Fate.UNCERTAIN):
                    gone[self._kind.identity(row)] = row
                    fates[fate] += 1
        # Claims first: else the next one of the same source would stand in the place of the one that is taken back.
        for claim, row in self._claims(gone):
            send(taking_back(row, claim.version, claim.import_id, self._cause))
        for row in gone.values():
            send(taking_back(row, row.version, row.import_id, self._cause))
        names = [name for name, row in gone.items() if self._contents.fate(row) is not Fate.REPLACED]
        return Withdrawn(by_fate=dict(fates), uncertain=uncertain, names=names, standing=self._standing())

    def _stored(self) -> Iterator[list[Any]]:
        columns = ", ".join(self._kind.columns)
        for condition in self._conditions(self._kind.columns[0]):
            sql = (
                f"SELECT * FROM {self._kind.table} FINAL WHERE {self._of_source} AND {condition} {{after}}"
                f" ORDER BY {columns} LIMIT {PAGE}"
            )
            yield from pages(
                self._store, self._rows, sql, lambda row: f"AND ({columns}) > ({values_of(self._kind, row)})"
            )

    def _claims(self, gone: Mapping[str, Any]) -> Iterator[tuple[Provenance, Any]]:
        """Claims of the source that are not rows, with the record that stands in their place."""
        for condition in self._conditions("splitByChar('\\x1f', identity)[1]"):
            sql = (
                f"SELECT * FROM {TABLE} FINAL WHERE what = '{self._kind.table}' AND {self._of_source} AND {condition}"
                f" {{after}} ORDER BY identity, import_id LIMIT {PAGE}"
            )
            for page in pages(self._store, _CLAIMS, sql, _behind):
                others = self._newest({claim.identity for claim in page} - gone.keys())
                for claim in page:
                    row = gone.get(claim.identity) or others.get(claim.identity)
                    if row is None or row.import_id == claim.import_id:
                        continue
                    if claim.identity in gone or self._contents.fate(row) not in (Fate.STAYS, Fate.UNCERTAIN):
                        yield claim, row

    def _newest(self, identities: set[str]) -> dict[str, Any]:
        column, index = FOUND_BY[self._kind.table]
        keys = {identity.split("\x1f")[index] for identity in identities}
        if not keys:
            return {}
        sql = newest(self._kind.table, ", ".join(self._kind.columns), f"{column} IN ({texts(keys)})")
        return {self._kind.identity(row): row for row in self._store.rows(self._rows, sql) if not row.retracted}

    def _conditions(self, column: str) -> Iterator[str]:
        """Of what may have another fate than to stay."""
        if self._contents.complete:
            yield "1"
            return
        keys = sorted(self._contents.keys)
        for first in range(0, len(keys), _KEYS_AT_ONCE):
            yield f"toString({column}) IN ({texts(keys[first : first + _KEYS_AT_ONCE])})"

    def _standing(self) -> int:
        sql = f"SELECT toUInt32(count()) AS n FROM {self._kind.table} FINAL WHERE {self._of_source}"
        return self._store.rows(msgspec.json.Decoder(dict[str, int]), sql)[0]["n"]


def _behind(claim: Provenance) -> str:
    return f"AND (identity, import_id) > {tuple_of([claim.identity, claim.import_id])}"


class Merges(msgspec.Struct, frozen=True):
    """Which organisations have their numbers with another one, as the load's files say together."""

    targets: dict[str, str] = {}
    """Merged organisation -> the one that has its numbers; "" where that is not known: it keeps them."""
    phones: dict[str, list[str]] = {}
    """The numbers that these are known by: a CRM may have taken them off the row of a merged organisation."""
    warnings: tuple[str, ...] = ()

    def apply(self, record: Any) -> Any:
        """The record as it is sent."""
        if not isinstance(record, Organisation) or not record.merged_into:
            return record
        name = record.organisation_id
        phones = record.phones or self.phones.get(name, [])
        return msgspec.structs.replace(record, merged_into=self.targets.get(name, ""), phones=phones)


def merges_of(contents: TableContents, store: Store) -> Merges:
    """What the files say of merged organisations. Raises Transient or Terminal."""
    targets, circular = merge_targets(contents.merged)
    if not contents.merged:
        return Merges()
    sql = newest("organisations", "organisation_id", f"organisation_id IN ({texts({*targets, *targets.values()})})")
    stored = {row.organisation_id: row for row in store.rows(_ORGANISATIONS, sql)}
    standing = {name for name, row in stored.items() if not row.retracted and not contents.complete}
    warnings = [f"{name} is merged into itself in the end: it keeps its numbers" for name in circular]
    for name, target in targets.items():
        if not contents.has(target) and target not in standing:
            targets[name] = ""
            warnings.append(f"{name} is merged into {target}, which is not known: {name} keeps its numbers")
    phones = {name: stored[name].phones for name in targets if name in stored}
    return Merges(targets=targets, phones=phones, warnings=tuple(warnings))
