"""What `stitch_calls` and `record_proposals` share: read what is known, decide, write, read back, then publish.

Of two workers that decide about one key at a time (a rebalance), at least one reads back after both have written, sees
that the world is not as it decided on, and decides again (docs/decisions.md, 5). The same holds between a
decision and a change of the directory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import msgspec

from pipeline.agents.claims import have_changed, keep_claims
from pipeline.agents.step import Outgoing
from pipeline.assign_cell import CellChanges, assign_cell, retract
from pipeline.directory_cache import DirectoryCache
from pipeline.merge_latest import Claims
from pipeline.store import Store, texts
from schemas.codec import encode
from schemas.errors import Transient
from schemas.records import Activity
from schemas.topics import ACTIVITIES

_MOST_ROUNDS = 10
_WRAP = 2**64


class VersionSum(msgspec.Struct, frozen=True):
    """How many rows a table holds of some keys, and the sum of their versions modulo 2**64."""

    n: int
    versions: int

    @staticmethod
    def of(versions: Iterable[int]) -> VersionSum:
        known = list(versions)
        return VersionSum(len(known), sum(known) % _WRAP)


class Decision(NamedTuple):
    """What one round found about the facts (legs, revisions): the new lines, and what must be read back."""

    facts: list[bytes]
    expected: VersionSum
    claims: Claims
    """The claims of other imports on them."""
    holds: Callable[[], bool] = lambda: True
    """Whether what else the store said, and this was decided on, is still so: asked once it is written."""


class Placements:
    """The placements of one round: one activity after the other is put where it belongs, and written out at once.

    At once, because all that an activity is made of is in the processor's cache then: a quarter less time than
    deciding on a chunk stage by stage.
    """

    def __init__(self, known: Sequence[Activity]) -> None:
        self._known: dict[str, list[Activity]] = {}
        for one in known:
            self._known.setdefault(one.activity_id, []).append(one)
        self._count = len(known)
        self._versions = sum(one.version for one in known)
        self.outgoing: list[Outgoing] = []
        """What is to be published: what changes, and all that was ever published elsewhere."""
        self.rows: list[bytes] = []
        """New rows of `placements`: the same bytes, since what changes is always published."""

    def put(self, activity: Activity) -> None:
        """Assign it to its cell, and retract it from every other one."""
        if known := self._known.get(activity.activity_id):
            self._write_out(assign_cell(activity, known), known)
            return
        line = encode(activity)  # what `assign_cell` returns for an activity without a cell, without a call of it
        self.outgoing.append(Outgoing(ACTIVITIES, activity.manager_id, line))
        self.rows.append(line)
        self._count += 1
        self._versions += activity.version

    def retract(self, activity_id: str, *, cause: str, caused_at: int, version: int) -> None:
        """Retract it from every cell that it was ever in."""
        if known := self._known.get(activity_id):
            self._write_out(retract(known, cause=cause, caused_at=caused_at, version=version), known)

    @property
    def expected(self) -> VersionSum:
        """What must be read back, each change having replaced its own cell."""
        return VersionSum(self._count, self._versions % _WRAP)

    def _write_out(self, changes: CellChanges, known: Sequence[Activity]) -> None:
        changed, published = changes
        for activity in published:
            line = encode(activity)
            self.outgoing.append(Outgoing(ACTIVITIES, activity.manager_id, line))
            if any(activity is one for one in changed):
                self.rows.append(line)
        for activity in changed:
            replaced = _of_cell(activity, known)
            self._count += replaced is None
            self._versions += activity.version - (replaced.version if replaced else 0)


def _of_cell(activity: Activity, known: Sequence[Activity]) -> Activity | None:
    cell = activity.bucket, activity.manager_id
    return next((one for one in known if (one.bucket, one.manager_id) == cell), None)


_PLACEMENTS = (
    "SELECT * REPLACE(toUnixTimestamp(bucket) AS bucket) FROM placements FINAL PREWHERE activity_id IN ({ids})"
)


class Decider:
    """Runs rounds of deciding until one stands. Not shared between threads."""

    def __init__(self, store: Store, directory: DirectoryCache) -> None:
        self.store = store
        self.directory = directory
        self._pool = ThreadPoolExecutor(3, thread_name_prefix="store")
        self._placements = msgspec.json.Decoder(Activity)
        self._sums = msgspec.json.Decoder(VersionSum)

    def decide_until_stable(
        self,
        table: str,
        identity: str,
        activity_ids: Sequence[str],
        facts_where: str,
        decide: Callable[[Placements, int], Decision],
    ) -> list[Outgoing]:
        """Decide until reading back finds what was decided on; give what is to be published.

        `facts_where` selects the rows of `table`, whose identity are the columns `identity`, that the activities are
        made of; `decide` puts the activities, and
        gets the directory log to be used.
        """
        ids = texts(activity_ids)
        for _ in range(_MOST_ROUNDS):
            log = self.directory.log()
            placements = Placements(self.store.rows(self._placements, _PLACEMENTS.format(ids=ids)))
            decision = decide(placements, log)
            keep_claims(self.store, decision.claims)
            writing = self._pool.submit(self.store.keep, table, decision.facts)
            self.store.keep("placements", placements.rows)
            writing.result()
            if self._stands(_sums(table, identity, facts_where), ids, decision, placements.expected, log):
                return placements.outgoing
        raise Transient(f"{table}: others keep changing the same keys", retry_after_s=1.0)

    def _stands(self, facts: str, ids: str, decision: Decision, expected: VersionSum, log: int) -> bool:
        found = self._pool.submit(self._sum, facts)
        logged = self._pool.submit(self.directory.log)
        found_placements = self._sum(_PLACEMENTS_SUM.format(ids=ids))
        as_decided = found.result() == decision.expected and found_placements == expected and logged.result() == log
        return as_decided and not have_changed(self.store, decision.claims) and decision.holds()

    def _sum(self, sql: str) -> VersionSum:
        return self.store.rows(self._sums, sql)[0]


_PLACEMENTS_SUM = "SELECT count() AS n, sum(version) AS versions FROM placements FINAL PREWHERE activity_id IN ({ids})"


def _sums(table: str, identity: str, where: str) -> str:
    """Of the newest rows, those that take an identity back among them."""
    newest = f"SELECT max(version) AS newest FROM {table} PREWHERE {where} GROUP BY {identity}"
    return f"SELECT count() AS n, sum(newest) AS versions FROM ({newest})"
