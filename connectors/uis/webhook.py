"""UIS, CoMagic, Novofon, CallGear: HTTP notifications about lost and finished calls.

What a notification says is a template that the account's owner writes: write it with the names of the Data API
(`start_time`, `direction`, `is_lost`, `talk_duration`, `contact_phone_number`, ...; docs/http.md has one), as a form or
as JSON. Nothing is signed: the secret is `token` in the address or the body, or a Bearer token. Times are the
account's. Unconfirmed: which variables each brand offers.
"""

from __future__ import annotations

from connectors.http.webhook import (
    WRONG_SECRET,
    Answered,
    Incoming,
    Unreadable,
    Webhook,
    WebhookRefused,
    bearer,
    call_item,
    fields,
)
from connectors.reading.source import Context
from connectors.uis.calls import UisCalls

_KIND = "uis"
_TABLE = UisCalls()


def answer(incoming: Incoming, secret: str, context: Context) -> Answered | WebhookRefused:
    try:
        posted = fields(incoming)
    except Unreadable as why:
        return WebhookRefused(400, str(why))
    if not bearer(incoming, secret, posted.pop("token", "")):
        return WRONG_SECRET
    return Answered((call_item(_TABLE, posted, context, _KIND, posted.get("id") or "-"),))


WEBHOOK = Webhook(
    _KIND,
    answer,
    "a secret word, sent as token",
    "UIS, CoMagic, Novofon, CallGear",
    needs_zone=True,
    reads="what its template says",
    counterpart="the same row of its report",
    unconfirmed="which variables each brand offers",
)
