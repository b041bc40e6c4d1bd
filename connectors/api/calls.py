"""A call of an API's answer: the same leg, with the same ids, as in the vendor's file and of its webhook. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.api.adapter import PulledRow
from connectors.http.webhook import call_item, rejected
from connectors.reading.json_table import flat
from connectors.reading.leg import LegFields, leg_from_fields
from connectors.reading.rejects import Misread
from connectors.reading.service_table import ServiceTable
from connectors.reading.source import Context
from schemas.records import CallLeg, Record, Rejected


def pulled_call(table: ServiceTable, row: Mapping[str, Any], context: Context, kind: str, item_ref: str) -> PulledRow:
    """`table` reads the vendor's file, whose columns have the names of the row's fields."""
    return named_row(call_item(table, flat(dict(row)), context, kind, item_ref))


def pulled_leg(
    parse: Callable[[Mapping[str, str]], LegFields], row: Mapping[str, Any], context: Context, kind: str, item_ref: str
) -> PulledRow:
    """The same for a vendor of whom no file is read: `parse` reads the row's cells, and raises Misread."""
    cells = flat(dict(row))
    try:
        return named_row(leg_from_fields(parse(cells), context, f"{kind}:{item_ref}"))
    except Misread as misread:
        return named_row(rejected(misread.bad, cells, context, kind, item_ref))


def named_row(item: Record | Rejected) -> PulledRow:
    """A leg by its record id and its start; a reject by its own, in every window."""
    if isinstance(item, CallLeg):
        return PulledRow(0, item.started_at, (item,), item.record_id)
    return PulledRow(0, None, (item,), item.rejected_id if isinstance(item, Rejected) else "")
