"""Deals of HubSpot with the history of their stages and amounts, to moves of organisations and to proposals. Pure.

A history is a list of values with their times and authors, the newest first; one of a user names the user's id, which
is not the owner's. Some properties keep their twenty newest values only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec

from connectors.api.adapter import PulledRow, PullOptions, SourceMapping, manager_of
from connectors.api.deals import DealMove, Standing, stage_changes, standings
from connectors.api.survey import StageKind
from connectors.hubspot.crm import KIND, Fields, amount, moment, number, properties, rejected, time_of
from connectors.reading.rejects import Bad, Misread
from connectors.reading.source import Context
from schemas.records import Proposal, ProposalKind, ProposalStatus, Reason, Record, Rejected

DEAL = ("dealstage", "pipeline", "amount", "deal_currency_code", "hubspot_owner_id", "hs_lastmodifieddate")
HISTORIES = ("dealstage", "amount")


class Pipelines(NamedTuple):
    """Of the account: what a stage is, and whose a user's id is."""

    pipelines: Mapping[str, str]
    """Stage -> its pipeline."""
    kinds: Mapping[str, StageKind]
    """Stage -> won, lost or open."""
    owners: Mapping[str, str]
    """User -> owner."""


class OwnedDeals(msgspec.Struct, frozen=True):
    """Deals by id with their histories, and the organisation of each."""

    by_id: Mapping[int, Fields]
    owners: Mapping[int, str]
    """Deal -> organisation; "" for one that names nobody."""


class _Value(NamedTuple):
    """What a property was from a moment on. `newness` tells which of two at once came later."""

    at: datetime
    newness: int
    value: str
    by: str
    """The user's id; "" for what no user did."""


def deal_rows(
    found: Sequence[Fields],
    deals: OwnedDeals,
    account: Pipelines,
    currency: str,
    context: Context,
    options: PullOptions,
) -> tuple[PulledRow, ...]:
    """What an organisation's deals make together stands at the last of its deals that were found."""
    last = {deals.owners.get(number(deal), ""): number(deal) for deal in found}
    mapping = SourceMapping(dict(context.stage_words), dict(options.managers), options.deals)
    now = _standings(deals, account, mapping, context)
    before = {} if options.before is None else _standings(deals, account, options.before, context)
    rows = []
    for row in found:
        key = number(row)
        deal, owner = deals.by_id.get(key), deals.owners.get(key, "")
        items: list[Record | Rejected] = []
        if deal is None:
            pass  # it was deleted since it was found
        elif not owner:
            bad = Bad(Reason.UNKNOWN_ORGANISATION, "associations", f"deal {key} names neither a company nor a contact")
            items.append(rejected(bad, {"id": key}, "deal", context))
        else:
            items += _unknown(deal, account, context, options)
            if last[owner] == key:
                stood, stands = before.get(owner, {}), now.get(owner, {})
                items += stage_changes(owner, stood, stands, context, f"{KIND}:deal:{key}")
            if "deals" in options.proposals:
                items += _revisions(deal, owner, account, currency, context, options)
        rows.append(PulledRow(key, time_of(row, "hs_lastmodifieddate"), tuple(items)))
    return tuple(rows)


def _standings(
    deals: OwnedDeals, account: Pipelines, mapping: SourceMapping, context: Context
) -> dict[str, dict[Standing, str]]:
    """Organisation -> where it stood under a mapping."""
    moves: dict[str, list[DealMove]] = {}
    for key, deal in deals.by_id.items():
        owner = deals.owners.get(key, "")
        for value in _history(deal, "dealstage") if owner else ():
            stage = context.stages.find(_ours(value.value, account, mapping.stages))
            if stage is None:
                continue
            kind = account.kinds.get(value.value, StageKind.OPEN)
            manager_id = manager_of(_author(value, deal, account), mapping.managers)
            moves.setdefault(owner, []).append(DealMove(value.at, value.newness, key, stage, kind, manager_id))
    order = {code: position for position, code in enumerate(context.stages.codes)}
    return {owner: standings(some, mapping.deals, order) for owner, some in moves.items()}


def _unknown(deal: Fields, account: Pipelines, context: Context, options: PullOptions) -> list[Rejected]:
    """Moves of a deal that no stage of ours is named for, and those that were so before."""
    found: list[Rejected] = []
    for value in _history(deal, "dealstage"):
        key = stage_key(value.value, account)
        detail = f"{key}: name it under [sources.{context.source}.stages]"
        row = {"id": f"{number(deal)}-{int(value.at.timestamp() * 1000)}", "stage": value.value}
        unknown = rejected(Bad(Reason.UNKNOWN_STAGE, "dealstage", detail), row, "stage", context)
        if not _ours(value.value, account, context.stage_words):
            found.append(unknown)
        elif options.before is not None and not _ours(value.value, account, options.before.stages):
            found.append(msgspec.structs.replace(unknown, resolved=1, resolved_by=context.import_id))
    return found


def _revisions(
    deal: Fields, owner: str, account: Pipelines, currency: str, context: Context, options: PullOptions
) -> list[Proposal]:
    """An amount is a proposal from when the deal first had one; one that is taken out is withdrawn."""
    kept: list[tuple[_Value, Decimal]] = []
    for value in _history(deal, "amount"):
        try:
            total = amount(value.value, "amount")
        except Misread:
            continue
        if total != (kept[-1][1] if kept else 0):
            kept.append((value, total))
    own = properties(deal).get("deal_currency_code") or currency
    return [
        Proposal(
            proposal_id=f"D_{number(deal)}",
            revision=revision,
            organisation_id=owner,
            manager_id=manager_of(_author(value, deal, account), options.managers),
            kind=ProposalKind.INDIVIDUAL,
            sent_at=value.at,
            amount=total,
            currency=own,
            status=ProposalStatus.SENT if total else ProposalStatus.WITHDRAWN,
            import_id=context.import_id,
            origin=f"{KIND}:deal:{number(deal)}",
            version=context.version,
        )
        for revision, (value, total) in enumerate(kept, 1)
    ]


def _history(deal: Fields, name: str) -> list[_Value]:
    """The values of a property, the oldest first. Of two at once the one that is listed first is the newer."""
    histories = deal.get("propertiesWithHistory")
    listed = histories.get(name) if isinstance(histories, Mapping) else None
    found: list[_Value] = []
    for index, one in enumerate(listed if isinstance(listed, list) else ()):
        if not isinstance(one, Mapping):
            continue
        try:
            at = moment(str(one.get("timestamp") or ""), "timestamp")
        except Misread:
            continue
        found.append(_Value(at, -index, str(one.get("value") or ""), str(one.get("updatedByUserId") or "")))
    found.sort()
    return [value for value in found if value.value or name != "dealstage"]


def _author(value: _Value, deal: Fields, account: Pipelines) -> str:
    """The owner whom the user is; what no user did is the deal's owner's."""
    return account.owners.get(value.by) or properties(deal).get("hubspot_owner_id", "")


def stage_key(stage: str, account: Pipelines) -> str:
    """How settings name a stage: pipeline and id."""
    return f"{account.pipelines.get(stage, '')}/{stage}"


def _ours(stage: str, account: Pipelines, stages: Mapping[str, str]) -> str:
    """What a stage is by this mapping: by pipeline and stage, else by the stage alone; "" where it is not named."""
    return stages.get(stage_key(stage, account)) or stages.get(stage) or ""
