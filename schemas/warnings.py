"""What is kept of warnings: incidents, what people said of them, and what was delivered to whom.

Written by the one process that watches (`callfunnel alerts watch`), marks by commands and pages.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from schemas.alerts import Urgency


class IncidentState(StrEnum):
    PENDING = "pending"
    """It fires, but not yet for as long as its rule waits."""
    FIRING = "firing"
    RESOLVED = "resolved"


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that goes on: from the first evaluation at which it fired until it is over. Its table: `incidents`."""

    incident_id: str
    rule: str
    urgency: Urgency
    thing: str
    """What the rule fires of: a manager's id, a source; "" for the department."""
    labels: dict[str, str]
    """Of the rule, and its remarks."""
    numbers: dict[str, float]
    """As of `last_at`."""
    state: IncidentState
    since: datetime
    """The moment of the data at which it fired first."""
    last_at: datetime
    """The moment of the data at which it fired last."""
    resolved_at: datetime | None = None
    """The moment of the data at which it was over."""
    changed_at: datetime
    """When this was found, by the clock."""


class MarkKind(StrEnum):
    ACK = "ack"
    """Somebody looks after it: nothing more is said of it but its end."""
    SNOOZE = "snooze"
    """Nothing is said of it until then."""
    WAKE = "wake"
    """As if nobody had said anything."""


class IncidentMark(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody said of an incident. Its table: `incident_marks`; the latest one holds."""

    incident_id: str
    kind: MarkKind
    at: datetime
    until: datetime | None = None
    note: str = ""
    by: str = ""


class DeliveryState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    """Given up."""


class WarningDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one address. Its table: `warning_deliveries`."""

    message_id: str
    receiver: str
    channel: str
    address: str
    preview: str
    """The first line."""
    notices: list[str]
    """What it says: see `pipeline.warnings.notices`."""
    state: DeliveryState
    attempts: int = 0
    error: str = ""
    created_at: datetime
    next_at: datetime | None = None
    sent_at: datetime | None = None


class WarningWatch(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody watches. Its table: `warning_watch`, one row."""

    watched_at: datetime
    as_of: datetime
    """The moment that the rules about people were asked for: the latest call's, where calls come in files."""
    of_files: int = 0
    error: str = ""

    @property
    def as_of_files(self) -> datetime | None:
        """`as_of` where calls come in files; None: it is asked for now."""
        return self.as_of if self.of_files else None
