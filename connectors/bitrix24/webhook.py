"""Bitrix24: OnVoximplantCallEnd, of any telephony that is connected to the portal.

A form of bracket keys; the secret is `auth[application_token]`. Events of deals (ONCRMDEALUPDATE) hold an id alone, and
what it stands for must be asked for: they are answered, and tell nothing here. Confidence A (REST documentation).
Unconfirmed: the event has no `ID` of the statistics, so its leg is named by CALL_ID and meets its row by call.
"""

from __future__ import annotations

import re

from connectors.bitrix24.statistics import Bitrix24Statistics
from connectors.http.gates import same
from connectors.http.webhook import (
    WRONG_SECRET,
    Answered,
    Incoming,
    Unreadable,
    Webhook,
    WebhookRefused,
    call_item,
    form,
)
from connectors.reading.source import Context

_KIND = "bitrix24"
_TABLE = Bitrix24Statistics()
_DATA = re.compile(r"data\[(\w+)\]")


def answer(incoming: Incoming, secret: str, context: Context) -> Answered | WebhookRefused:
    try:
        posted = form(incoming.body)
    except Unreadable as why:
        return WebhookRefused(400, str(why))
    if not same(posted.get("auth[application_token]", ""), secret):
        return WRONG_SECRET
    if posted.get("event", "").upper() != "ONVOXIMPLANTCALLEND":
        return Answered()
    fields = {found[1]: text for name, text in posted.items() if (found := _DATA.fullmatch(name))}
    return Answered((call_item(_TABLE, fields, context, _KIND, fields.get("CALL_ID") or "-"),))


WEBHOOK = Webhook(
    _KIND,
    answer,
    "the application_token of the webhook",
    "Bitrix24: OnVoximplantCallEnd",
    reads="OnVoximplantCallEnd",
    counterpart="an event of the documentation",
    unconfirmed="whether CALL_DURATION holds ringing",
)
