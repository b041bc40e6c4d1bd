"""Bitrix24: OnVoximplantCallEnd, of any telephony that is connected to the portal.

A form of bracket keys; the secret is `auth[application_token]`. Events of the CRM (ONCRMDEALUPDATE) hold an id alone,
and what it stands for must be asked for: where the portal is pulled as well, its puller reads what changed at once.
Confidence A (REST documentation). Unconfirmed: the event has no `ID` of the statistics, so its leg is named by CALL_ID
and meets its row by call.
"""

from __future__ import annotations

import re

from connectors.bitrix24.statistics import NOTED, Bitrix24Statistics
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
_CHANGED = re.compile(r"ONCRM(DEAL|COMPANY|CONTACT|QUOTE)(ADD|UPDATE|DELETE)")
_STREAMS = {
    "DEAL": ("stages", "deals"),
    "COMPANY": ("companies",),
    "CONTACT": ("contacts",),
    "QUOTE": ("quotes",),
}
"""What an object is read by."""


def answer(incoming: Incoming, secret: str, context: Context) -> Answered | WebhookRefused:
    try:
        posted = form(incoming.body)
    except Unreadable as why:
        return WebhookRefused(400, str(why))
    if not same(posted.get("auth[application_token]", ""), secret):
        return WRONG_SECRET
    event = posted.get("event", "").upper()
    if found := _CHANGED.fullmatch(event):
        return Answered(changed=_STREAMS[found[1]])
    if event != "ONVOXIMPLANTCALLEND":
        return Answered()
    fields = {field[1]: text for name, text in posted.items() if (field := _DATA.fullmatch(name))}
    if context.copies == "skip" and fields.get("CALL_ID", "").startswith(NOTED):
        return Answered()
    return Answered((call_item(_TABLE, fields, context, _KIND, fields.get("CALL_ID") or "-"),))


WEBHOOK = Webhook(
    _KIND,
    answer,
    "the application_token of the webhook",
    "Bitrix24: OnVoximplantCallEnd, OnCrm...",
    reads="OnVoximplantCallEnd; OnCrmDeal..., OnCrmCompany..., OnCrmContact..., OnCrmQuote... have the puller read",
    counterpart="an event of the documentation",
    unconfirmed="whether CALL_DURATION holds ringing",
)
