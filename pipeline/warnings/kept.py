"""Incidents, marks and deliveries in the store: what commands and pages read, and the watch goes on from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from pipeline.clock import Clock, wall_clock
from pipeline.store import Store, texts
from pipeline.warnings.notices import NEWS_AGES
from pipeline.warnings.outbox import OutboxMessage
from schemas.alerts import RULES
from schemas.parameters import utc
from schemas.warnings import Incident, IncidentMark, IncidentState, WarningDelivery, WarningWatch

_TOLD_FOR = timedelta(days=400)
"""How far back it is known what was delivered: longer than anybody keeps an incident open."""
_OBJECTS = ("labels", "numbers")


class WarningStore:
    """Reads and writes them. Raises Transient or Terminal."""

    def __init__(self, store: Store, clock: Clock = wall_clock) -> None:
        self._store = store
        self._clock = clock

    def incidents(self, now: datetime, *, all_since: datetime | None = None) -> list[Incident]:
        """Those that go on, and those that ended within the last days; with `all_since` all that ended since then.

        What belongs to a rule that this version does not have is left out.
        """
        ended = utc(all_since or now - NEWS_AGES)
        rows = self._store.rows(
            msgspec.json.Decoder(dict[str, Any]),
            "SELECT * EXCEPT version FROM incidents FINAL"
            f" WHERE state != '{IncidentState.RESOLVED}' OR resolved_at >= toDateTime('{ended}', 'UTC')"
            " ORDER BY since, incident_id",
        )
        rules = {rule.id for rule in RULES}
        opened = [{**row, **{name: msgspec.json.decode(row[name]) for name in _OBJECTS}} for row in rows]
        return [msgspec.convert(row, Incident) for row in opened if row["rule"] in rules]

    def keep_incidents(self, incidents: Iterable[Incident]) -> None:
        rows = []
        for one in incidents:
            objects = {name: msgspec.json.encode(getattr(one, name)).decode() for name in _OBJECTS}
            rows.append(msgspec.structs.asdict(one) | objects)
        self._keep("incidents", rows)

    def marks(self, incidents: Sequence[Incident]) -> list[IncidentMark]:
        """Everything that was said of these incidents, the earliest first."""
        if not incidents:
            return []
        ids = texts(one.incident_id for one in incidents)
        sql = f"SELECT * EXCEPT version FROM incident_marks FINAL WHERE incident_id IN ({ids}) ORDER BY at"
        return self._store.rows(msgspec.json.Decoder(IncidentMark), sql)

    def keep_mark(self, mark: IncidentMark) -> None:
        self._keep("incident_marks", [msgspec.structs.asdict(mark)])

    def deliveries(self, now: datetime) -> list[WarningDelivery]:
        """What was handed over, to whom, and how it went; the earliest first."""
        since = utc(now - _TOLD_FOR)
        sql = (
            "SELECT * EXCEPT version FROM warning_deliveries FINAL"
            f" WHERE created_at >= toDateTime('{since}', 'UTC') ORDER BY created_at, message_id"
        )
        return self._store.rows(msgspec.json.Decoder(WarningDelivery), sql)

    def keep_deliveries(self, messages: Sequence[OutboxMessage]) -> None:
        self._keep("warning_deliveries", [msgspec.structs.asdict(one.delivery) for one in messages])

    def watch(self) -> WarningWatch | None:
        """When the rules were asked last; None when nobody ever watched."""
        rows = self._store.rows(
            msgspec.json.Decoder(WarningWatch), "SELECT * EXCEPT (one, version) FROM warning_watch FINAL"
        )
        return rows[0] if rows else None

    def keep_watch(self, watch: WarningWatch) -> None:
        self._keep("warning_watch", [{"one": 1, **msgspec.structs.asdict(watch)}])

    def _keep(self, table: str, rows: Sequence[dict[str, Any]]) -> None:
        version = self._clock()
        self._store.keep(table, [msgspec.json.encode({**row, "version": version}) for row in rows])
