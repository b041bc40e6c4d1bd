"""MegaPBX (MegaFon VATS, Dom.ru and its other sisters): `cmd=history`, sent once when a call has ended.

A form, or JSON; the secret is its field `crm_token`. `cmd=contact` asks for a name and wants JSON: we know none.
Confidence B (webhook workers of several projects). Unconfirmed: whether `duration` of an event holds the ringing; it is
read as in the history of the API, which has the same id and corrects it.
"""

from __future__ import annotations

from connectors.http.gates import same
from connectors.http.webhook import (
    WRONG_SECRET,
    Answered,
    Incoming,
    Unreadable,
    Webhook,
    WebhookRefused,
    call_item,
    fields,
)
from connectors.megafon.history import MegafonHistory
from connectors.reading.source import Context

_KIND = "megapbx"
_TABLE = MegafonHistory()


def answer(incoming: Incoming, secret: str, context: Context) -> Answered | WebhookRefused:
    try:
        posted = fields(incoming)
    except Unreadable as why:
        return WebhookRefused(400, str(why))
    if not same(posted.pop("crm_token", ""), secret):
        return WRONG_SECRET
    command = posted.get("cmd", "")
    if command == "contact":
        return Answered(body="{}", content_type="application/json")
    if command != "history":
        return Answered()
    item_ref = posted.get("callid") or posted.get("uid") or "-"
    return Answered((call_item(_TABLE, posted, context, _KIND, item_ref),))


WEBHOOK = Webhook(
    _KIND,
    answer,
    "the key of the CRM integration (crm_token)",
    "MegaFon VATS and other MegaPBX: cmd=history",
    reads="cmd=history",
    counterpart="the same row of its history",
    unconfirmed="whether `duration` holds ringing; it is read as talk",
)
