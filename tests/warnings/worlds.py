"""Incidents, receivers and instances of a rule for tests, with what does not matter filled in."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.alerts.evaluate import AlertInstance
from pipeline.warnings.receivers import MessageRoute, QuietHours, Receiver
from schemas.alerts import Urgency, rule
from schemas.warnings import Incident, IncidentState

ZONE = ZoneInfo("Europe/Moscow")
NOON = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
"""A Friday, noon in Moscow."""
ROUTE = MessageRoute("head", "telegram", "-100500")
PEOPLE = {"anna": ("Анна Петрова", "Север"), "ivan": ("Иван Сидоров", "Юг")}

NUMBERS: dict[str, dict[str, float]] = {
    "calls_drop": {"calls": 12, "expected": 31.4, "low": 18},
    "department_drop": {"calls": 161, "expected": 402.0, "low": 300},
    "manager_silent": {"quiet_expected": 8.6, "calls_today": 0},
    "extension_moved": {"quiet_expected": 9.2, "calls_today": 0},
    "feed_dead": {"quiet_expected": 41.0, "calls_today": 317},
    "squeeze": {"new_now": 2, "expected_new": 12.4, "calls_per_existing_before": 2, "calls_per_existing_now": 3.25},
    "rejects_spike": {"rejected": 312, "accepted": 4_000, "share": 0.072, "usual_share": 0.001},
    "stale_data": {"age_s": 187_200},
    "drift": {"differing": 3, "cells": 1_204},
}


def labels_of(name: str, manager: str = "anna") -> dict[str, str]:
    full, team = PEOPLE[manager]
    known = {"manager_id": manager, "manager": full, "team": team, "source": "АТС", "door": "ami"}
    return {one: known[one] for one in rule(name).labels}


def instance(name: str, at: datetime, manager: str = "anna", *, fires: bool = True) -> AlertInstance:
    remarks = dict.fromkeys(rule(name).remarks, "today")
    return AlertInstance(rule(name), at, labels_of(name, manager), NUMBERS[name], fires, remarks)


def incident(name: str = "calls_drop", manager: str = "anna", **changed: Any) -> Incident:
    given = {
        "incident_id": f"{name}-{manager}",
        "rule": name,
        "urgency": rule(name).urgency,
        "thing": manager,
        "labels": labels_of(name, manager) | dict.fromkeys(rule(name).remarks, "today"),
        "numbers": NUMBERS[name],
        "state": IncidentState.FIRING,
        "since": NOON - timedelta(minutes=40),
        "last_at": NOON,
        "changed_at": NOON,
    }
    return Incident(**{**given, **changed})


def receiver(**changed: Any) -> Receiver:
    given: dict[str, Any] = {
        "name": "head",
        "routes": (ROUTE,),
        "language": "ru",
        "quiet": QuietHours(time(20), time(8)),
        "digest": time(9),
        "about": frozenset(Urgency),
    }
    return Receiver(**{**given, **changed})
