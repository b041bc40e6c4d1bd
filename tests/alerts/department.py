"""A generated department as decided and counted facts: straight from the simulation into the store, without a wire."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from department.calls import SimulatedCall, Way
from department.deals import SimulatedProposal
from department.options import DepartmentOptions
from department.portfolio import STAGES
from department.simulation import Simulation
from tests.pipeline.property.tables import Database

_WAYS = {Way.OUT: "outbound", Way.IN: "inbound"}
_ORGANISATION = ("organisation_id", "name", "manager_id")
_BEFORE = datetime(2020, 1, 1, tzinfo=UTC)

# Counted as docs/metrics says, by SQL: what matters here is what the alerts read.
_CELLS = """
INSERT INTO manager_activity
    (bucket, manager_id, team, calls, attempts, answered, conversations, unknown_calls, individual_proposals,
     currencies, amounts, version)
SELECT bucket, manager_id, any(team), countIf(kind = 'call'), countIf(direction = 'outbound'),
    countIf(disposition = 'answered'), countIf(disposition = 'answered' AND talk_s >= 30),
    countIf(kind = 'call' AND organisation_id = ''), countIf(kind = 'individual'),
    (sumMapIf([currency], [amount], kind = 'individual') AS sums).1, sums.2, 1
FROM activities FINAL GROUP BY bucket, manager_id
"""


class StoredSimulation(NamedTuple):
    """A finished simulation that is in the store."""

    simulation: Simulation
    zone: ZoneInfo


def fill(database: Database, options: DepartmentOptions) -> StoredSimulation:
    """Have this department in the store, and nothing else."""
    simulation = Simulation(options)
    database.empty()
    calls = [call for recorded in simulation.run() for call in recorded.calls if call.way is not Way.INSIDE]
    facts = [_call(number, call) for number, call in enumerate(calls)]
    facts += [
        _proposal(proposal, simulation.country.currency) for proposal in simulation.proposals if proposal.individual
    ]
    store = database.store
    store.keep("activities", _lines(facts))
    database.client.command(_CELLS)
    zone = simulation.country.zone
    store.keep("managers", _lines(_periods(simulation, zone)))
    organisations = ((one.id, one.name, one.owner.id) for one in simulation.organisations)
    store.keep("organisations", _lines(dict(zip(_ORGANISATION, one, strict=True)) for one in organisations))
    store.keep("stage_changes", _lines(_moves(simulation)))
    store.keep("calendar_days", _lines({"day": day.date, "kind": day.kind} for day in simulation.days))
    store.keep("absences", _lines(a._asdict() for manager in simulation.managers for a in manager.absences))
    return StoredSimulation(simulation, zone)


def _lines(rows: Iterable[dict[str, Any]]) -> list[bytes]:
    return [json.dumps({**row, "version": 1}, default=_json_value).encode() for row in rows]


def _json_value(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _call(number: int, call: SimulatedCall) -> dict[str, Any]:
    manager, talk_s = call.longest()
    extension = call.taker_extension if manager is not None and manager is call.taker else call.extension
    if call.way is Way.OUT and not call.picked:
        manager = call.manager
    elif not call.picked:
        extension = ""
    organisation = call.organisation
    stage = -1 if organisation is None else organisation.stage_at(call.start)
    return {
        "activity_id": f"call:pbx:{number}",
        "kind": "call",
        "bucket": call.start // 300 * 300,
        "manager_id": "" if manager is None else manager.id,
        "at": _moment(call.start),
        "organisation_id": "" if organisation is None else organisation.id,
        "stage": "" if stage < 0 else STAGES[stage],
        "contact": call.contact,
        "extension": extension,
        "source": "pbx",
        "direction": _WAYS[call.way],
        "disposition": "answered" if call.picked else "no_answer",
        "talk_s": talk_s,
    }


def _proposal(proposal: SimulatedProposal, currency: str) -> dict[str, Any]:
    first, last = proposal.revisions[0], proposal.revisions[-1]
    return {
        "activity_id": f"proposal:{proposal.id}",
        "kind": "individual",
        "bucket": first.sent_at // 300 * 300,
        "manager_id": proposal.manager.id,
        "at": _moment(first.sent_at),
        "organisation_id": proposal.organisation.id,
        "amount": last.cents / 100,
        "currency": currency,
        "withdrawn": int(last.withdrawn),
    }


def _periods(simulation: Simulation, zone: ZoneInfo) -> Iterator[dict[str, Any]]:
    for manager in simulation.managers:
        for period in manager.periods:
            yield {
                "manager_id": manager.id,
                "name": manager.name,
                "team": period.team,
                "extensions": period.extensions,
                "valid_from": _BEFORE if period.since is None else datetime.combine(period.since, time(), zone),
                "valid_to": None if period.until is None else datetime.combine(period.until, time(), zone),
            }


def _moves(simulation: Simulation) -> Iterator[dict[str, Any]]:
    for organisation in simulation.organisations:
        for at, stage, by in organisation.stages:
            yield {
                "organisation_id": organisation.id,
                "stage": STAGES[stage],
                "changed_at": _moment(at),
                "manager_id": by,
            }
