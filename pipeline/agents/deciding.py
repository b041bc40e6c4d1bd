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

from pipeline.agents.step import Outgoing
from pipeline.directory_cache import DirectoryCache
from pipeline.place import Placed
from pipeline.store import Store, texts
from schemas.codec import encode
from schemas.records import Activity
from schemas.topics import ACTIVITIES
from schemas.trouble import Transient

_MOST_ROUNDS = 10
_WRAP = 2**64


class Sum(msgspec.Struct, frozen=True):
    """How many rows a table holds of some keys, and the sum of their versions modulo 2**64."""

    n: int
    versions: int

    @staticmethod
    def of(versions: Iterable[int]) -> Sum:
        known = list(versions)
        return Sum(len(known), sum(known) % _WRAP)


class Decision(NamedTuple):
    """One round: what to write, what to publish, and what must be found when reading back."""

    facts: list[bytes]
    """New lines of the table of facts (legs, proposal revisions)."""
    placed: list[Placed]
    expected_facts: Sum
    expected_places: Sum


class Decider:
    """Runs rounds of deciding until one stands. Not shared between threads."""

    def __init__(self, store: Store, directory: DirectoryCache) -> None:
        self.store = store
        self.directory = directory
        self._pool = ThreadPoolExecutor(3, thread_name_prefix="store")
        self._places = msgspec.json.Decoder(Activity)
        self._sums = msgspec.json.Decoder(Sum)

    def settle(
        self,
        table: str,
        activity_ids: Sequence[str],
        facts_where: str,
        decide: Callable[[dict[str, list[Activity]], int], Decision],
    ) -> list[Outgoing]:
        """Decide until reading back finds what was decided on; give what is to be published.

        `facts_where` selects the rows of `table` that the activities are made of; `decide` gets the known places
        by activity and the directory log to be used.
        """
        ids = texts(activity_ids)
        for _ in range(_MOST_ROUNDS):
            log = self.directory.log()
            decision = decide(self._known_places(ids), log)
            outgoing, places = written_out(decision.placed)
            writing = self._pool.submit(self.store.keep, table, decision.facts)
            self.store.keep("placements", places)
            writing.result()
            if self._stands(table, ids, facts_where, decision, log):
                return outgoing
        raise Transient(f"{table}: others keep changing the same keys", retry_after_s=1.0)

    def _known_places(self, ids: str) -> dict[str, list[Activity]]:
        known: dict[str, list[Activity]] = {}
        sql = (
            f"SELECT * REPLACE(toUnixTimestamp(bucket) AS bucket) FROM placements FINAL PREWHERE activity_id IN ({ids})"
        )
        for place in self.store.rows(self._places, sql):
            known.setdefault(place.activity_id, []).append(place)
        return known

    def _stands(self, table: str, ids: str, facts_where: str, decision: Decision, log: int) -> bool:
        facts = self._pool.submit(self._sum, table, facts_where)
        logged = self._pool.submit(self.directory.log)
        places = self._sum("placements", f"activity_id IN ({ids})")
        return (
            facts.result() == decision.expected_facts and places == decision.expected_places and logged.result() == log
        )

    def _sum(self, table: str, where: str) -> Sum:
        sql = f"SELECT count() AS n, sum(version) AS versions FROM {table} FINAL PREWHERE {where}"
        return self.store.rows(self._sums, sql)[0]


def written_out(placed: Iterable[Placed]) -> tuple[list[Outgoing], list[bytes]]:
    """(what is to be published, rows of `placements`): the same bytes, since what changes is always published."""
    outgoing: list[Outgoing] = []
    rows: list[bytes] = []
    for changed, published in placed:
        for activity in published:
            line = encode(activity)
            outgoing.append(Outgoing(ACTIVITIES, activity.manager_id, line))
            if changed is published or any(activity is one for one in changed):
                rows.append(line)
    return outgoing, rows


def places_after(known: dict[str, list[Activity]], placed: Iterable[Placed]) -> Sum:
    """The sum over all places once the changes are written, each replacing its own cell."""
    versions = {
        (place.activity_id, place.bucket, place.manager_id): place.version
        for places in known.values()
        for place in places
    }
    for changes in placed:
        for place in changes.changed:
            versions[place.activity_id, place.bucket, place.manager_id] = place.version
    return Sum.of(versions.values())
