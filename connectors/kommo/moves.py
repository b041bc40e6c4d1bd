"""Leads of Kommo and amoCRM with their events to moves of organisations. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from connectors.api.adapter import PulledRow, PullOptions, SourceMapping, manager_of
from connectors.api.deals import DealMove, Standing, stage_changes, standings
from connectors.api.survey import StageKind
from connectors.kommo.crm import KIND, Fields, moment, number, organisation_of, rejected, time_of
from connectors.kommo.prices import revisions
from connectors.reading.rejects import Bad, Misread
from connectors.reading.source import Context
from schemas.records import Reason, Record, Rejected

KINDS = {142: StageKind.WON, 143: StageKind.LOST}
"""In every pipeline."""


class Leads(msgspec.Struct, frozen=True):
    """Leads by id, the company of contacts that leads name without one, and the events of each lead."""

    by_id: Mapping[int, Fields]
    companies_of: Mapping[int, int]
    events: Mapping[int, Sequence[Fields]]


class _LeadMove(msgspec.Struct, frozen=True):
    """A lead came into a stage."""

    id: str
    at: int
    pipeline_id: int
    status_id: int
    by: int


def leads_rows(
    found: Sequence[Fields], leads: Leads, currency: str, context: Context, options: PullOptions
) -> tuple[PulledRow, ...]:
    """What an organisation's leads make together stands at the last of its leads that were found."""
    last = {organisation_of(lead, leads.companies_of): number(lead) for lead in found}
    now = _standings(leads, SourceMapping(dict(context.stage_words), dict(options.managers), options.deals), context)
    before = {} if options.before is None else _standings(leads, options.before, context)
    rows = []
    for lead in found:
        key, owner = number(lead), organisation_of(lead, leads.companies_of)
        items: list[Record | Rejected] = [*_unknown(lead, leads, context, options)]
        if last[owner] == key:
            items += stage_changes(owner, before.get(owner, {}), now.get(owner, {}), context, f"{KIND}:lead:{key}")
        if "deals" in options.proposals:
            items += revisions(lead, leads.events.get(key, ()), owner, currency, context, options)
        rows.append(PulledRow(key, time_of(lead, "updated_at"), tuple(items)))
    return tuple(rows)


def _standings(leads: Leads, mapping: SourceMapping, context: Context) -> dict[str, dict[Standing, str]]:
    """Organisation -> where it stood under a mapping."""
    moves: dict[str, list[DealMove]] = {}
    for key, lead in leads.by_id.items():
        owner = organisation_of(lead, leads.companies_of)
        for position, move in enumerate(_moves(lead, leads.events.get(key, ()))):
            stage = context.stages.find(_of(move, mapping.stages))
            at = time_of({"at": move.at}, "at")
            if stage is None or at is None:
                continue
            author = str(move.by or number(lead, "responsible_user_id") or "")
            kind = KINDS.get(move.status_id, StageKind.OPEN)
            manager_id = manager_of(author, mapping.managers)
            moves.setdefault(owner, []).append(DealMove(at, position, key, stage, kind, manager_id))
    order = {code: position for position, code in enumerate(context.stages.codes)}
    return {owner: standings(some, mapping.deals, order) for owner, some in moves.items()}


def _unknown(lead: Fields, leads: Leads, context: Context, options: PullOptions) -> list[Rejected]:
    """Moves of a lead that no stage of ours is named for, and those that were so before."""
    found: list[Rejected] = []
    for move in _moves(lead, leads.events.get(number(lead), ())):
        row = msgspec.to_builtins(move)
        try:
            moment(row, "at")
        except Misread as misread:
            found.append(rejected(misread.bad, row, "stage", context))
            continue
        key = f"{move.pipeline_id}/{move.status_id}"
        detail = f"{key}: name it under [sources.{context.source}.stages]"
        unknown = rejected(Bad(Reason.UNKNOWN_STAGE, "status_id", detail), row, "stage", context)
        if not _of(move, context.stage_words):
            found.append(unknown)
        elif options.before is not None and not _of(move, options.before.stages):
            found.append(msgspec.structs.replace(unknown, resolved=1, resolved_by=context.import_id))
    return found


def _moves(lead: Fields, events: Sequence[Fields]) -> list[_LeadMove]:
    """In order of time. Where it began is what its first move says that it left, else where it is."""
    found: list[_LeadMove] = []
    first: tuple[int, int] | None = None
    for event in sorted(events, key=lambda one: (number(one, "created_at"), str(one.get("id")))):
        after, before = _status(event, "value_after"), _status(event, "value_before")
        if after is None:
            continue
        first = first or before
        found.append(_LeadMove(str(event.get("id")), number(event, "created_at"), *after, number(event, "created_by")))
    began = first or (number(lead, "pipeline_id"), number(lead, "status_id"))
    created = _LeadMove(f"lead-{number(lead)}", number(lead, "created_at"), *began, number(lead, "created_by"))
    return [created, *found]


def _status(event: Fields, name: str) -> tuple[int, int] | None:
    """(pipeline, status) of an event."""
    values = event.get(name)
    for value in values if isinstance(values, list) else ():
        status = value.get("lead_status") if isinstance(value, Mapping) else None
        if isinstance(status, Mapping):
            return number(status, "pipeline_id"), number(status, "id")
    return None


def _of(move: _LeadMove, stages: Mapping[str, str]) -> str:
    """By pipeline and status, since 142 and 143 are won and lost in each; else by the status alone."""
    return stages.get(f"{move.pipeline_id}/{move.status_id}") or stages.get(str(move.status_id)) or ""
