"""The alert instances that fired over a period, each once. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from zoneinfo import ZoneInfo

import msgspec

from pipeline.alerts.evaluate import AlertInstance


class FiredAlert(msgspec.Struct, frozen=True, kw_only=True):
    """One instance that fired, on `days` of the period; its numbers are those of the last of them."""

    rule: str
    labels: Mapping[str, str]
    numbers: Mapping[str, float]
    days: tuple[date, ...]


def fired_alerts(instances: Iterable[AlertInstance], zone: ZoneInfo) -> list[FiredAlert]:
    """Every instance that fired, in the order of the rules, those that fired longest first."""
    found: dict[tuple[str, tuple[str, ...]], list[AlertInstance]] = {}
    for instance in instances:
        if instance.is_firing:
            found.setdefault((instance.rule.id, tuple(instance.labels.values())), []).append(instance)
    order = {rule: index for index, rule in enumerate(dict.fromkeys(rule for rule, _ in found))}
    found_warnings = [_warning(sorted(fired, key=lambda one: one.at), zone) for fired in found.values()]
    return sorted(found_warnings, key=lambda one: (order[one.rule], -len(one.days), tuple(one.labels.values())))


def _warning(fired: list[AlertInstance], zone: ZoneInfo) -> FiredAlert:
    last = fired[-1]
    days = tuple(dict.fromkeys(one.at.astimezone(zone).date() for one in fired))
    return FiredAlert(rule=last.rule.id, labels=last.labels, numbers=last.numbers, days=days)
