"""Kommo (amoCRM): leads that moved to another stage, were added or closed.

A form with bracket keys, several leads of one request by index. Kommo signs nothing: the secret is part of the address
(`?token=`). The event names no company and no phone, so a lead is the organisation, as in an export of leads that is
loaded with its ID. Stages are numbers: `stages` of the source names ours. Where the account is pulled as well, the
puller reads what changed at once, with its company and author. Confidence B (a client's recorded request).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime

from connectors.http.webhook import (
    WRONG_SECRET,
    Answered,
    Incoming,
    Unreadable,
    Webhook,
    WebhookRefused,
    bearer,
    form,
    rejected,
    whole,
)
from connectors.reading.rejects import Misread
from connectors.reading.source import Context
from connectors.reading.times import LATEST_S
from schemas.records import Reason, Record, Rejected, StageChange

_CHANGED = re.compile(r"(leads|contacts|companies)\[(\w+)\]\[\d{1,6}\]\[\w+\].*")
_GONE = "delete"
_LEAD = re.compile(r"leads\[(status|add)\]\[(\d{1,6})\]\[(\w+)\]")
_KIND = "kommo"


def answer(incoming: Incoming, secret: str, context: Context) -> Answered | WebhookRefused:
    if not bearer(incoming, secret):
        return WRONG_SECRET
    try:
        posted = form(incoming.body)
    except Unreadable as why:
        return WebhookRefused(400, str(why))
    if context.is_pulled:
        return Answered(changed=_changed(posted))
    leads: dict[tuple[str, int], dict[str, str]] = defaultdict(dict)
    for name, value in posted.items():
        if found := _LEAD.fullmatch(name):
            leads[found[1], int(found[2])][found[3]] = value
    return Answered(tuple(_item(lead, context) for _, lead in sorted(leads.items())))


def _changed(posted: Mapping[str, str]) -> tuple[str, ...]:
    """The streams by which what is named is read; a note of a call belongs to the object that has it."""
    streams: set[str] = set()
    for name in posted:
        if found := _CHANGED.fullmatch(name):
            entity, event = found[1], found[2]
            streams.add("deleted" if event == _GONE else f"calls-{entity}" if event == "note" else entity)
    return tuple(sorted(streams))


def _item(lead: dict[str, str], context: Context) -> Record | Rejected:
    item_ref = lead.get("id", "-")
    try:
        return _change(lead, context, f"{_KIND}:{item_ref}")
    except Misread as misread:
        return rejected(misread.bad, lead, context, _KIND, item_ref)


def _change(lead: dict[str, str], context: Context, origin: str) -> StageChange:
    """Raises Misread."""
    for field in ("id", "status_id"):
        if not lead.get(field):
            raise Misread(Reason.MISSING_FIELD, field, f"no {field}")
    at = whole(lead.get("last_modified") or lead.get("updated_at") or lead.get("date_create", ""), "last_modified")
    if not 0 < at < LATEST_S:
        raise Misread(Reason.BAD_TIME, "last_modified", "no time of the change in seconds since the epoch")
    pipeline, status = lead.get("pipeline_id", ""), lead["status_id"]
    stage = context.stage_of(f"{pipeline}/{status}") or context.stage_of(status)
    if stage is None:
        advice = f"{pipeline}/{status} is not mapped: name it under [sources.{context.source}.stages]"
        raise Misread(Reason.UNKNOWN_STAGE, "status_id", advice)
    return StageChange(
        organisation_id=lead["id"],
        stage=stage,
        changed_at=datetime.fromtimestamp(at, UTC),
        manager_id=lead.get("responsible_user_id", ""),
        import_id=context.import_id,
        origin=origin,
        version=context.version,
    )


WEBHOOK = Webhook(
    "kommo",
    answer,
    "a secret word, given to Kommo as ?token= of the address",
    "Kommo, amoCRM: leads by stage",
    reads="leads[status], leads[add]; with a puller beside it every event of leads, contacts and companies",
    counterpart="posts of the documentation",
    unconfirmed="how often it tries again",
)
