"""The directory as a worker remembers it: what chunks asked for, dropped whenever `directory_log` has grown.

Never the only place that knows anything; forgetting it costs a query.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from pipeline.directory import Directory, History, Managers
from pipeline.store import Store, texts
from schemas.records import Manager, StageChange
from schemas.stages import Stages

_MOST_PHONES = 300_000
"""About 100 MB with their histories; beyond it everything is forgotten at once."""


class _Phone(msgspec.Struct):
    phone: str
    owners: list[tuple[str, int, int]]
    """Organisation, since, until."""


class _Count(msgspec.Struct):
    n: int


_EVER = (0, 0)


def _widest(owners: Iterable[tuple[str, int, int]]) -> dict[str, tuple[int, int]]:
    """Of an organisation that has a number twice (one was merged into it), from the first beginning to the last end."""
    held: dict[str, tuple[int, int]] = {}
    for name, since, until in owners:
        before = held.get(name, (since, until))
        held[name] = min(before[0], since), max(before[1], until) if before[1] and until else 0
    return held


class DirectoryCache:
    """One per agent; not shared between threads."""

    def __init__(self, store: Store, stages: Stages) -> None:
        self._store = store
        self._stages = stages
        self._order = {code: rank for rank, code in enumerate(stages.codes)}
        self._log = -1
        self._directory = Directory(stages)
        self._managers = msgspec.json.Decoder(Manager)
        self._phones = msgspec.json.Decoder(_Phone)
        self._changes = msgspec.json.Decoder(StageChange)
        self._counts = msgspec.json.Decoder(_Count)

    def log(self) -> int:
        """How many changes of the directory were stored so far."""
        return self._store.rows(self._counts, "SELECT toUInt32(count()) AS n FROM directory_log")[0].n

    def at(self, log: int) -> Directory:
        """The directory as of a `log()` taken before: at least that new, empty but for the managers if it grew."""
        if log != self._log or len(self._directory.organisations) > _MOST_PHONES:
            directory = Directory(self._stages)
            directory.managers = Managers(self._store.rows(self._managers, "SELECT * FROM managers FINAL"))
            self._directory, self._log = directory, log
        return self._directory

    def know_phones(self, phones: Iterable[str]) -> None:
        """Have the organisations of these numbers, and their histories, in the directory."""
        known = self._directory.organisations
        missing = {phone for phone in phones if phone and phone not in known}
        if not missing:
            return
        # The organisation has the last word: `organisation_phones` is written first, and a death in between leaves a
        # phone there that the organisation's next version does not know to take away.
        of_phone = f"organisation_phones FINAL WHERE phone IN ({texts(missing)})"
        sql = (
            "SELECT phone, arraySort(groupUniqArray((owner, since, until))) AS owners"
            f" FROM (SELECT phone, organisation_id FROM {of_phone}) AS known INNER JOIN ("
            "SELECT organisation_id, phone, since, until,"
            " if(merged_into = '', organisation_id, merged_into) AS owner FROM organisations FINAL"
            " ARRAY JOIN phones AS phone, arrayResize(phones_since, length(phones)) AS since,"
            " arrayResize(phones_until, length(phones)) AS until"
            f" WHERE organisation_id IN (SELECT organisation_id FROM {of_phone})) AS owned"
            " USING (phone, organisation_id) GROUP BY phone"
        )
        found: dict[str, tuple[str, ...]] = {}
        for row in self._store.rows(self._phones, sql):
            held = _widest(row.owners)
            found[row.phone] = tuple(held)
            self._directory.periods |= {(row.phone, name): span for name, span in held.items() if span != _EVER}
        self.know_histories(organisation_id for ids in found.values() for organisation_id in ids)
        for phone in missing:
            known[phone] = found.get(phone, ())

    def know_histories(self, organisation_ids: Iterable[str]) -> None:
        """Have the stage histories of these organisations in the directory."""
        histories = self._directory.histories
        missing = {organisation_id for organisation_id in organisation_ids if organisation_id not in histories}
        if not missing:
            return
        changes: dict[str, list[StageChange]] = {organisation_id: [] for organisation_id in missing}
        sql = f"SELECT * FROM stage_changes FINAL WHERE organisation_id IN ({texts(missing)})"
        for change in self._store.rows(self._changes, sql):
            changes[change.organisation_id].append(change)
        for organisation_id, of_it in changes.items():
            histories[organisation_id] = History(of_it, self._order)
