"""From what fires now to incidents: each begins, goes on while it wavers, and ends once. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from pipeline.alerts.evaluate import AlertInstance
from schemas.alerts import Rule, Urgency
from schemas.warnings import Incident, IncidentState

_HOLD_S = {Urgency.HEAD: 3_600, Urgency.OPERATIONS: 600}
"""How long nothing must fire until it is over. A day's pace wavers about its limit."""
_PERSON = "manager_id"


def advance(
    known: Iterable[Incident],
    instances: Sequence[AlertInstance],
    moments: Mapping[str, datetime],
    rules: Sequence[Rule],
    now: datetime,
) -> list[Incident]:
    """Incidents that changed at `now`, new ones among them.

    `known` are those that are not over. `moments` has the moment of the data at which each rule was asked; what belongs
    to a rule that was not asked stays as it is. A thing that has no row any more (who left the roster) does not fire.
    """
    by_id = {rule.id: rule for rule in rules}
    ongoing = {(one.rule, one.thing): one for one in known if one.state is not IncidentState.RESOLVED}
    firing = {(one.rule.id, thing(one.labels)): one for one in instances if one.is_firing and one.rule.id in moments}
    changed = []
    for key, instance in firing.items():
        before = ongoing.get(key)
        after = begun(instance, now) if before is None else _gone_on(before, instance)
        if after != before:
            changed.append(msgspec.structs.replace(after, changed_at=now))
    for key, incident in ongoing.items():
        at = moments.get(incident.rule)
        if at is not None and key not in firing and (ended := _ended(incident, at, by_id.get(incident.rule))):
            changed.append(msgspec.structs.replace(ended, changed_at=now))
    return changed


def thing(labels: Mapping[str, str]) -> str:
    """What an alert is of. A manager stays the same one under another name and in another team."""
    return labels[_PERSON] if _PERSON in labels else "/".join(labels.values())


def hold_s(rule: Rule) -> int:
    """Seconds that a rule must not fire until its incident is over."""
    return max(rule.keep_s, _HOLD_S[rule.urgency])


def begun(instance: AlertInstance, now: datetime) -> Incident:
    """The incident that begins with it."""
    of = thing(instance.labels)
    rule = instance.rule
    identity = f"{rule.id}\0{of}\0{instance.at.isoformat()}".encode()
    return Incident(
        incident_id=hashlib.sha256(identity).hexdigest()[:10],
        rule=rule.id,
        urgency=rule.urgency,
        thing=of,
        labels=instance.labels | instance.remarks,
        numbers=instance.numbers,
        state=IncidentState.PENDING if rule.pending_s else IncidentState.FIRING,
        since=instance.at,
        last_at=instance.at,
        changed_at=now,
    )


def _gone_on(incident: Incident, instance: AlertInstance) -> Incident:
    is_over_waiting = instance.at - incident.since >= timedelta(seconds=instance.rule.pending_s)
    return msgspec.structs.replace(
        incident,
        labels=instance.labels | instance.remarks,
        numbers=instance.numbers,
        state=IncidentState.FIRING if is_over_waiting else incident.state,
        last_at=max(instance.at, incident.last_at),
    )


def _ended(incident: Incident, at: datetime, rule: Rule | None) -> Incident | None:
    """The incident, once it has not fired for long enough; what nobody was told of ends at once."""
    is_pending = incident.state is IncidentState.PENDING
    if rule is not None and not is_pending and at - incident.last_at < timedelta(seconds=hold_s(rule)):
        return None
    return msgspec.structs.replace(incident, state=IncidentState.RESOLVED, resolved_at=max(at, incident.last_at))
