"""The stage history of Bitrix24's deals to moves of organisations, and to general proposals. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from connectors.api.adapter import PulledRow, PullOptions, SourceMapping, manager_of
from connectors.api.deals import DealMove, Standing, stage_changes, standings
from connectors.api.survey import StageKind
from connectors.bitrix24.crm import KIND, Fields, moment, number, organisation_id, rejected
from connectors.reading.rejects import Bad, Misread
from connectors.reading.source import Context
from schemas.records import Proposal, ProposalKind, Reason, Record, Rejected, StageChange

_KINDS = {"S": StageKind.WON, "F": StageKind.LOST}


class KnownDeals(msgspec.Struct, frozen=True):
    """KnownDeals by id, the company of contacts that deals name without one, and every move of the deals."""

    by_id: Mapping[int, Fields]
    companies_of: Mapping[int, int]
    history: Sequence[Fields]

    def owner(self, row: Fields) -> str:
        """The organisation of a row of history. Raises Misread."""
        deal = self.by_id.get(number(row, "OWNER_ID"))
        if deal is None:
            detail = f"deal {row.get('OWNER_ID')} cannot be read: it is deleted, or the webhook's user may not see it"
            raise Misread(Reason.UNKNOWN_ORGANISATION, "OWNER_ID", detail)
        if not (owner := organisation_id(deal, self.companies_of)):
            detail = f"deal {row.get('OWNER_ID')} names neither a company nor a contact"
            raise Misread(Reason.UNKNOWN_ORGANISATION, "OWNER_ID", detail)
        return owner

    def manager(self, row: Fields, managers: Mapping[str, str]) -> str:
        """The deal's responsible: the history names nobody."""
        deal = self.by_id.get(number(row, "OWNER_ID"), {})
        return manager_of(str(deal.get("ASSIGNED_BY_ID") or ""), managers)


def stage_key(row: Fields) -> str:
    """How settings name a stage: pipeline and id, since ids of the first pipeline repeat in others' titles."""
    return f"{number(row, 'CATEGORY_ID')}/{row.get('STAGE_ID') or ''}"


def moved(found: Sequence[Fields], deals: KnownDeals, context: Context, options: PullOptions) -> tuple[PulledRow, ...]:
    """Rows of history. What an organisation's moves make together stands at the last of its rows."""
    changes = _changes(found, deals, context, options)
    return tuple(_row(row, changes.get(number(row), ()), deals, context, options) for row in found)


def _row(
    row: Fields, changes: Sequence[Record], deals: KnownDeals, context: Context, options: PullOptions
) -> PulledRow:
    key = number(row)
    try:
        at = moment(row, "CREATED_TIME")
    except Misread as misread:
        return PulledRow(key, None, (rejected(misread.bad, row, "stage", context),))
    try:
        owner = deals.owner(row)
    except Misread as misread:
        return PulledRow(key, at, (rejected(misread.bad, row, "stage", context),))
    unknown = Bad(
        Reason.UNKNOWN_STAGE, "STAGE_ID", f"{stage_key(row)}: name it under [sources.{context.source}.stages]"
    )
    items: list[Record | Rejected] = []
    if not _stage(row, context.stage_words):
        items.append(rejected(unknown, row, "stage", context))
    elif options.before is not None and not _stage(row, options.before.stages):
        known = {"resolved": 1, "resolved_by": context.import_id}
        items.append(msgspec.structs.replace(rejected(unknown, row, "stage", context), **known))
    items += changes
    if {stage_key(row), str(row.get("STAGE_ID"))} & set(options.general_stages):
        items.append(
            Proposal(
                proposal_id=f"D_{number(row, 'OWNER_ID')}:general",
                organisation_id=owner,
                manager_id=deals.manager(row, options.managers),
                kind=ProposalKind.GENERAL,
                sent_at=at,
                import_id=context.import_id,
                origin=f"{KIND}:stage:{key}",
                version=context.version,
            )
        )
    return PulledRow(key, at, tuple(items))


def _changes(
    found: Sequence[Fields], deals: KnownDeals, context: Context, options: PullOptions
) -> dict[int, list[StageChange]]:
    """The last row of each organisation -> where it stood, and where it does not by now."""
    last: dict[str, int] = {}
    for row in found:
        try:
            last[deals.owner(row)] = number(row)
        except Misread:
            continue
    mapping = SourceMapping(dict(context.stage_words), dict(options.managers), deals=options.deals)
    now = _standings(deals, mapping, context)
    before = {} if options.before is None else _standings(deals, options.before, context)
    changes: dict[int, list[StageChange]] = {}
    for owner, key in last.items():
        stood, stands = before.get(owner, {}), now.get(owner, {})
        changes[key] = stage_changes(owner, stood, stands, context, f"{KIND}:stage")
    return changes


def _standings(deals: KnownDeals, mapping: SourceMapping, context: Context) -> dict[str, dict[Standing, str]]:
    """Organisation -> where it stood under a mapping."""
    moves: dict[str, list[DealMove]] = {}
    for row in deals.history:
        stage = context.stages.find(_stage(row, mapping.stages))
        try:
            owner, at = deals.owner(row), moment(row, "CREATED_TIME")
        except Misread:
            continue
        if stage is not None:
            kind = _KINDS.get(str(row.get("STAGE_SEMANTIC_ID") or ""), StageKind.OPEN)
            manager_id = deals.manager(row, mapping.managers)
            move = DealMove(at, number(row), number(row, "OWNER_ID"), stage, kind, manager_id)
            moves.setdefault(owner, []).append(move)
    order = {code: position for position, code in enumerate(context.stages.codes)}
    return {owner: standings(some, mapping.deals, order) for owner, some in moves.items()}


def _stage(row: Fields, stages: Mapping[str, str]) -> str:
    """What a stage is by this mapping: by pipeline and stage, else by the stage alone; "" where it is not named."""
    return stages.get(stage_key(row)) or stages.get(str(row.get("STAGE_ID") or "")) or ""
