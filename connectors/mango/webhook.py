"""Mango Office VPBX: `events/summary`, sent once when a call has ended; other events tell of calls that go on.

A form of vpbx_api_key, sign and json; sign is sha256(key + json + salt) in hex over the json as it was sent. Mango
puts /events/... behind the address that it was given. Confidence B (eight clients); calls inside: unconfirmed.
"""

from __future__ import annotations

import hashlib
from datetime import UTC
from typing import Any

from connectors.http.gates import same, too_short
from connectors.http.webhook import (
    WRONG_SECRET,
    Answered,
    Incoming,
    Unreadable,
    Webhook,
    WebhookRefused,
    form,
    json_object,
    rejected,
)
from connectors.mango.statistics import PULLED, MangoStats
from connectors.reading.rejects import Bad, Misread
from connectors.reading.source import Context
from schemas.records import Reason, Record, Rejected

_KIND = "mango"


def answer(incoming: Incoming, secret: str, context: Context) -> Answered | WebhookRefused:
    key, _, salt = secret.partition(":")
    try:
        posted = form(incoming.body)
        text = posted.get("json", "")
        sign = hashlib.sha256(f"{key}{text}{salt}".encode()).hexdigest()
        if not (same(posted.get("vpbx_api_key", ""), key) and same(posted.get("sign", "").lower(), sign)):
            return WRONG_SECRET
        if not incoming.tail.rstrip("/").endswith("/summary"):
            return Answered()
        return Answered((_item(json_object(text), context),))
    except Unreadable as why:
        return WebhookRefused(400, str(why))


def _item(event: dict[str, Any], context: Context) -> Record | Rejected:
    """The leg that the row of statistics tells of the same call, by the reader of statistics."""
    entry = _text(event.get("entry_id"))
    if not entry:
        return rejected(Bad(Reason.MISSING_FIELD, "entry_id", "no entry_id"), event, context, _KIND, "-")
    caller, called = _end(event.get("from")), _end(event.get("to"))
    row = {
        "start": _text(event.get("create_time")),
        "finish": _text(event.get("end_time")),
        "answer": _text(event.get("talk_time")) or "0",
        "from_extension": _text(caller.get("extension")),
        "from_number": _text(caller.get("number")),
        "to_extension": _text(called.get("extension")),
        "to_number": _text(called.get("number")),
        "disconnect_reason": _text(event.get("disconnect_reason")),
        "line_number": _text(event.get("line_number")),
        "entry_id": entry,
    }
    make = MangoStats().maker(PULLED, context, UTC, _KIND)
    try:
        return make([row.get(column, "") for column in PULLED.columns], entry)
    except Misread as misread:
        return rejected(misread.bad, event, context, _KIND, entry)


def _end(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _check(secret: str) -> str:
    if not all(secret.partition(":")):
        return "it must hold KEY:SALT, both from the cabinet's page of the API"
    return too_short(secret.partition(":")[2])


WEBHOOK = Webhook(
    "mango",
    answer,
    "KEY:SALT of the API",
    "Mango Office: events/summary",
    check=_check,
    reads="events/summary",
    counterpart="its statistics, signed as its documentation says",
    unconfirmed="calls inside (direction 0)",
)
