"""Prices of leads of Kommo and amoCRM to proposals, a revision for each change that the lead's events tell of. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from connectors.api.adapter import PullOptions, manager_of
from connectors.kommo.crm import KIND, Fields, number, time_of
from connectors.reading.source import Context
from schemas.records import Proposal, ProposalKind, ProposalStatus

CHANGED = "sale_field_changed"


class _Price(NamedTuple):
    at: datetime
    amount: Decimal
    by: int


def revisions(
    lead: Fields, events: Sequence[Fields], owner: str, currency: str, context: Context, options: PullOptions
) -> list[Proposal]:
    """A price is a proposal from when the lead first had one; one that is taken out is withdrawn."""
    responsible = number(lead, "responsible_user_id")
    return [
        Proposal(
            proposal_id=f"D_{number(lead)}",
            revision=revision,
            organisation_id=owner,
            manager_id=manager_of(str(price.by or responsible or ""), options.managers),
            kind=ProposalKind.INDIVIDUAL,
            sent_at=price.at,
            amount=price.amount,
            currency=currency,
            status=ProposalStatus.SENT if price.amount else ProposalStatus.WITHDRAWN,
            import_id=context.import_id,
            origin=f"{KIND}:lead:{number(lead)}",
            version=context.version,
        )
        for revision, price in enumerate(_prices(lead, events), 1)
    ]


def _prices(lead: Fields, events: Sequence[Fields]) -> list[_Price]:
    """In order of time, from the first one above zero. The lead's own price is the last, whatever events say."""
    created, updated = time_of(lead, "created_at"), time_of(lead, "updated_at")
    if created is None or updated is None:
        return []
    changes = [event for event in events if event.get("type") == CHANGED]
    changes.sort(key=lambda one: (number(one, "created_at"), str(one.get("id"))))
    now = Decimal(max(0, number(lead, "price")))
    began = _sale(changes[0], "value_before") if changes else now
    found = [_Price(created, began or Decimal(0), number(lead, "created_by"))]
    for event in changes:
        at, amount = time_of(event, "created_at"), _sale(event, "value_after")
        if at is not None and amount is not None:
            found.append(_Price(at, amount, number(event, "created_by")))
    if found[-1].amount != now:
        found.append(_Price(updated, now, 0))
    kept: list[_Price] = []
    for price in found:
        if price.amount != (kept[-1].amount if kept else 0):
            kept.append(price)
    return kept


def _sale(event: Fields, name: str) -> Decimal | None:
    values = event.get(name)
    for value in values if isinstance(values, list) else ():
        sale = value.get("sale_field_value") if isinstance(value, Mapping) else None
        if isinstance(sale, Mapping):
            try:
                return max(Decimal(0), Decimal(str(sale.get("sale") or 0)))
            except InvalidOperation:
                return None
    return None
