"""The topics: what is in them, what keys them, how many partitions, how long they are kept.

A namespace (one company of a provider) is a prefix of topic names and a ClickHouse database.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from schemas.plans import Absence, CalendarDay, Plan
from schemas.records import (
    Activity,
    CallLeg,
    Feed,
    Manager,
    ManagerActivity,
    Organisation,
    Proposal,
    Record,
    Rejected,
    StageChange,
)

_DAY_MS = 86_400_000


class Topic(msgspec.Struct, frozen=True):
    """A topic. `key` gives the text whose murmur2 hash chooses the partition: what must meet, meets."""

    name: str
    record: type[Record]
    key: Callable[[Any], str]
    partitions: int
    retention_ms: int
    table: str
    """Where its records end up."""


# Keyed by call, not by caller: a transfer changes the caller half-way, and its legs must meet.
CALL_LEGS = Topic("call-legs", CallLeg, lambda r: f"{r.source}/{r.call_id}", 8, 7 * _DAY_MS, "call_legs")
# One partition: whether two managers claim one extension can only be said by one reader of them all.
MANAGERS = Topic("managers", Manager, lambda r: r.manager_id, 1, 7 * _DAY_MS, "managers")
ORGANISATIONS = Topic("organisations", Organisation, lambda r: r.organisation_id, 4, 7 * _DAY_MS, "organisations")
STAGE_CHANGES = Topic("stage-changes", StageChange, lambda r: r.organisation_id, 4, 7 * _DAY_MS, "stage_changes")
PROPOSALS = Topic("proposals", Proposal, lambda r: r.proposal_id, 4, 7 * _DAY_MS, "proposals")
PLANS = Topic("plans", Plan, lambda r: r.manager_id, 1, 7 * _DAY_MS, "plans")
CALENDAR_DAYS = Topic("calendar-days", CalendarDay, lambda r: r.day.isoformat(), 1, 7 * _DAY_MS, "calendar_days")
ABSENCES = Topic("absences", Absence, lambda r: r.manager_id, 1, 7 * _DAY_MS, "absences")
ACTIVITIES = Topic("activities", Activity, lambda r: r.manager_id, 8, 7 * _DAY_MS, "activities")
MANAGER_ACTIVITY = Topic("manager-activity", ManagerActivity, lambda r: r.manager_id, 8, _DAY_MS, "manager_activity")
REJECTED = Topic("rejected", Rejected, lambda r: r.rejected_id, 1, 30 * _DAY_MS, "rejected")
FEEDS = Topic("feeds", Feed, lambda r: f"{r.source}/{r.door}", 1, _DAY_MS, "feeds")

ALL = (
    *(CALL_LEGS, MANAGERS, ORGANISATIONS, STAGE_CHANGES, PROPOSALS, PLANS, CALENDAR_DAYS, ABSENCES),
    *(ACTIVITIES, MANAGER_ACTIVITY, REJECTED, FEEDS),
)
BY_NAME = {topic.name: topic for topic in ALL}
