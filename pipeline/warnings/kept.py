"""Incidents, marks and deliveries in the store: what commands and pages read, and the watch goes on from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from pipeline.clock import Clock, wall_clock
from pipeline.readouts.numbers import Numbers
from pipeline.store import Store
from pipeline.warnings.notices import NEWS_AGES
from pipeline.warnings.outbox import OutboxMessage
from schemas.alerts import RULES
from schemas.parameters import utc
from schemas.warnings import Incident, IncidentMark, WarningDelivery, WarningWatch

_TOLD_FOR = timedelta(days=400)
"""How far back it is known what was delivered: longer than anybody keeps an incident open."""
_OBJECTS = ("labels", "numbers")


class WarningReader:
    """Reads them, as whoever may read. Raises Transient or Terminal."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers

    def incidents(self, now: datetime) -> list[Incident]:
        """Those that go on, and those that ended within the last days, the earliest first.

        What belongs to a rule that this version does not have is left out.
        """
        rows = self._numbers.rows("incidents", dict[str, Any], {"from": utc(now - NEWS_AGES)})
        rules = {rule.id for rule in RULES}
        opened = [{**row, **{name: msgspec.json.decode(row[name]) for name in _OBJECTS}} for row in rows]
        return [msgspec.convert(row, Incident) for row in opened if row["rule"] in rules]

    def marks(self, incidents: Sequence[Incident]) -> list[IncidentMark]:
        """Everything that was said of these incidents, the earliest first."""
        ids = [one.incident_id for one in incidents]
        return self._numbers.rows("incident_marks", IncidentMark, {"incidents": ids}) if ids else []

    def deliveries(self, now: datetime) -> list[WarningDelivery]:
        """What was handed over, to whom, and how it went; the earliest first."""
        return self._numbers.rows("warning_deliveries", WarningDelivery, {"from": utc(now - _TOLD_FOR)})

    def watch(self) -> WarningWatch | None:
        """When the rules were asked last; None when nobody ever watched."""
        rows = self._numbers.rows("warning_watch", WarningWatch, {})
        return rows[0] if rows else None


class WarningWriter:
    """Keeps them. Raises Transient or Terminal."""

    def __init__(self, store: Store, clock: Clock = wall_clock) -> None:
        self._store = store
        self._clock = clock

    def keep_incidents(self, incidents: Iterable[Incident]) -> None:
        rows = []
        for one in incidents:
            objects = {name: msgspec.json.encode(getattr(one, name)).decode() for name in _OBJECTS}
            rows.append(msgspec.structs.asdict(one) | objects)
        self._keep("incidents", rows)

    def keep_mark(self, mark: IncidentMark) -> None:
        self._keep("incident_marks", [msgspec.structs.asdict(mark)])

    def keep_deliveries(self, messages: Sequence[OutboxMessage]) -> None:
        self._keep("warning_deliveries", [msgspec.structs.asdict(one.delivery) for one in messages])

    def keep_watch(self, watch: WarningWatch) -> None:
        self._keep("warning_watch", [{"one": 1, **msgspec.structs.asdict(watch)}])

    def _keep(self, table: str, rows: Sequence[dict[str, Any]]) -> None:
        version = self._clock()
        self._store.keep(table, [msgspec.json.encode({**row, "version": version}) for row in rows])
