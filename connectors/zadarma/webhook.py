"""Zadarma: NOTIFY_END and NOTIFY_OUT_END, sent when a call has ended; other events tell of calls that go on.

A form; header `Signature` is base64 of the hex HMAC-SHA1 of three of its fields. The address is proved by a GET with
`zd_echo`, which is echoed. Times are the cabinet's. Confidence A (specification, the vendor's library). Unconfirmed:
which fields NOTIFY_ANSWER and NOTIFY_INTERNAL sign; they are refused, and hold no finished call.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

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
from connectors.zadarma.statistics import ZadarmaStats

_KIND = "zadarma"
_TABLE = ZadarmaStats()
_ECHO = re.compile(r"[\w.-]{1,200}")
_IN = ("caller_id", "called_did", "call_start")
_OUT = ("internal", "destination", "call_start")
_SIGNED = {
    "NOTIFY_START": _IN,
    "NOTIFY_END": _IN,
    "NOTIFY_OUT_START": _OUT,
    "NOTIFY_OUT_END": _OUT,
    "NOTIFY_RECORD": ("pbx_call_id", "call_id_with_rec"),
}


def signature(secret: str, text: str) -> str:
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha1).hexdigest()
    return base64.b64encode(digest.encode()).decode()


def answer(incoming: Incoming, secret: str, context: Context) -> Answered | WebhookRefused:
    if incoming.method == "GET":
        echo = incoming.query.get("zd_echo", "")
        return Answered(body=echo) if _ECHO.fullmatch(echo) else WRONG_SECRET
    try:
        posted = form(incoming.body)
    except Unreadable as why:
        return WebhookRefused(400, str(why))
    event = posted.get("event", "")
    text = "".join(posted.get(name, "") for name in _SIGNED.get(event, ()))
    if not text or not same(incoming.headers.get("signature", ""), signature(secret, text)):
        return WRONG_SECRET
    if event not in ("NOTIFY_END", "NOTIFY_OUT_END"):
        return Answered()
    if event == "NOTIFY_OUT_END":
        posted = {"caller_id": posted.get("internal", ""), **posted}
    return Answered((call_item(_TABLE, posted, context, _KIND, posted.get("pbx_call_id") or "-"),))


WEBHOOK = Webhook(
    _KIND,
    answer,
    "the API's secret",
    "Zadarma: NOTIFY_END, NOTIFY_OUT_END",
    needs_zone=True,
    reads="NOTIFY_END, NOTIFY_OUT_END",
    counterpart="its statistics, signed as its documentation says",
    unconfirmed="NOTIFY_ANSWER and NOTIFY_INTERNAL are refused: what they sign is not known",
)
