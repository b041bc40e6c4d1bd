"""The tables of the CRM in one load: looked through before anything is sent, and what they take back once they are
stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from connectors.mapped.source import MappedSource
from connectors.reading.packed import label
from pipeline.loading.outcome import TOPICS, Outcome
from pipeline.loading.prepare import LoadOptions, PreparedFile
from pipeline.loading.split_rejects import UnreadableFile, judged
from pipeline.loading.table_contents import Fate, TableContents, is_more_than_a_tenth
from pipeline.loading.withdraw import Merges, Withdrawn, merges_of, withdraw
from pipeline.store import Store, texts
from schemas.errors import Terminal
from schemas.records import CallLeg, Manager, Record, Rejected
from schemas.topics import MANAGERS, ORGANISATIONS, Topic

_TAKING_BACK = frozenset({"status", "merged_into"})
"""Columns whose words can take back what earlier exports of the source said."""

Send = Callable[[Topic, Record], None]


class ConfirmationNeeded(UnreadableFile):
    """Loading would withdraw more than a tenth of what the source brought. Nothing was sent."""


class SourceTable:
    """One kind of table of one source: its files in this load."""

    def __init__(self, files: Sequence[PreparedFile], options: LoadOptions) -> None:
        self.files = files
        self.topic = TOPICS[files[0].recognised.kind]
        self.source = files[0].context.source
        self.kind = files[0].recognised.kind
        self.merges = Merges()
        self._complete = options.complete
        self.contents = self.empty()

    def empty(self) -> TableContents:
        """Contents to be filled."""
        return TableContents(self.topic, complete=self._complete)

    @property
    def newest(self) -> PreparedFile:
        """The file that is believed where several speak of one thing."""
        return max(self.files, key=lambda file: file.context.version)

    def look_through(self, store: Store) -> Withdrawn | None:
        """What loading the files would withdraw; None where nothing but a corrected stage could be. Reads the files."""
        if not self._complete and not any(map(_can_take_back, self.files)):
            return None
        contents = self.empty()
        for file in self.files:
            for item in judged(file.source.read(file.path, file.recognised, file.context), file.path):
                if isinstance(item, Rejected):
                    contents.reject(item.payload)
                else:
                    contents.add(item)
        self.merges = merges_of(contents, store)
        return withdraw(contents, self.source, "", store, lambda record: None)

    def read(self, record: Any) -> bool:
        """Note a row; whether it is a record to be sent, and does not say of itself that it is gone."""
        self.contents.add(record)
        return not record.retracted

    def take_back(self, outcome: Outcome, store: Store, send: Send) -> bool:
        """Send what takes back what is wrong or gone now; whether there was any. `outcome`: of the newest file."""
        sent = 0

        def back(record: Record) -> None:
            nonlocal sent
            sent += 1
            send(self.topic, record)

        withdrawn = withdraw(self.contents, self.source, self.newest.context.import_id, store, back)
        outcome.withdrawn = withdrawn.by_fate
        outcome.uncertain = withdrawn.uncertain
        outcome.warnings += self.merges.warnings
        if self.topic is ORGANISATIONS and (waiting := _proposals_of(withdrawn.names, store)):
            outcome.warnings.append(
                f"{waiting:,} proposals are of organisations that are withdrawn: they are not counted until one of"
                " theirs says whose it is now, or the organisation is loaded again"
            )
        if closed := self.contents.closed:
            outcome.warnings.append(f"{closed:,} organisations are closed by their status: no number is theirs")
        return sent > 0


class LoadTables:
    """All of them in one load."""

    def __init__(self, files: Sequence[PreparedFile], options: LoadOptions) -> None:
        by_table: dict[tuple[str, str], list[PreparedFile]] = {}
        for file in files:
            if TOPICS[file.recognised.kind].record is not CallLeg:
                by_table.setdefault((file.context.source, file.recognised.kind), []).append(file)
            elif options.complete:
                raise Terminal(f"{file.path}: --complete is for tables of the CRM: calls are never withdrawn by a load")
        self._tables = [SourceTable(several, options) for several in by_table.values()]
        self._confirmed = options.yes

    def look_through(self, store: Store) -> None:
        """Before anything is sent. Raises ConfirmationNeeded, Transient, or Terminal."""
        for table in self._tables:
            planned = table.look_through(store)
            if planned is None or self._confirmed or not planned.to_confirm:
                continue
            if is_more_than_a_tenth(planned.to_confirm, planned.standing):
                raise ConfirmationNeeded(_why_to_confirm(table, planned), table.newest.path)

    def begin(self) -> None:
        """Nothing was read yet."""
        for table in self._tables:
            table.contents = table.empty()

    def of(self, file: PreparedFile) -> SourceTable | None:
        """The table that a file belongs to; None for calls."""
        return next((table for table in self._tables if file in table.files), None)

    def take_back(self, files: Sequence[PreparedFile], outcomes: Sequence[Outcome], store: Store, send: Send) -> bool:
        """Send what follows from all files, which are stored; whether there was any."""
        sent = [table.take_back(outcomes[files.index(table.newest)], store, send) for table in self._tables]
        return any(sent)

    def refused_managers(self, store: Store) -> Iterator[Manager]:
        """Those that were refused since somebody still had their extensions: by now these may be free."""
        imports = [file.context.import_id for table in self._tables if table.topic is MANAGERS for file in table.files]
        if not imports:
            return
        sql = (
            f"SELECT * FROM rejected FINAL WHERE import_id IN ({texts(imports)}) AND topic = '{MANAGERS.name}'"
            " AND resolved = 0"
        )
        for row in store.rows(msgspec.json.Decoder(Rejected), sql):
            yield msgspec.json.decode(row.payload, type=Manager)


def _proposals_of(organisations: Sequence[str], store: Store) -> int:
    if not organisations:
        return 0
    sql = f"SELECT uniqExact(proposal_id) AS n FROM proposals FINAL WHERE organisation_id IN ({texts(organisations)})"
    return store.rows(msgspec.json.Decoder(dict[str, int]), sql)[0]["n"]


def _can_take_back(file: PreparedFile) -> bool:
    source = file.source
    used: Any = source.ours if isinstance(source, MappedSource) else file.recognised.columns
    return not _TAKING_BACK.isdisjoint(used)


_WHY = {
    Fate.ABSENT: "are not in it",
    Fate.DELETED: "are deleted by it",
}


def _why_to_confirm(table: SourceTable, planned: Withdrawn) -> str:
    what = "; ".join(f"{count:,} {_WHY[Fate(fate)]}" for fate, count in planned.by_fate.items() if Fate(fate) in _WHY)
    files = ", ".join(label(file.path) for file in table.files)
    return (
        f"{files}: of {planned.standing:,} {table.kind} of {table.source}, {what}, and would be withdrawn. That is more"
        " than a tenth: --yes withdraws them. Nothing was loaded"
    )
