"""Twilio: status callbacks of calls; those of calls that go on hold nothing.

A form; header `X-Twilio-Signature` is base64 of the HMAC-SHA1 of the address as Twilio was told it and the fields in
order of their names: behind a proxy, `--public-url` must say it. The callback has no start, so that is `Timestamp` less
`CallDuration`: the Call resource has the same id and corrects it. Confidence: fields A (the resource) and (m) of the
callback; its signature as the vendor's libraries make it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta
from urllib.parse import parse_qsl

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
    rejected,
)
from connectors.reading.lengths import seconds
from connectors.reading.rejects import Misread
from connectors.reading.source import Context
from connectors.reading.times import absolute
from connectors.twilio.calls import TwilioCalls

_KIND = "twilio"
_TABLE = TwilioCalls()
_OVER = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


def signature(secret: str, url: str, body: bytes) -> str:
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    text = url + "".join(name + value for name, value in sorted(set(pairs)))
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()).decode()


def answer(incoming: Incoming, secret: str, context: Context) -> Answered | WebhookRefused:
    try:
        posted = form(incoming.body)
    except Unreadable as why:
        return WebhookRefused(400, str(why))
    if not same(incoming.headers.get("x-twilio-signature", ""), signature(secret, incoming.url, incoming.body)):
        return WRONG_SECRET
    if posted.get("CallStatus") not in _OVER:
        return Answered()
    item_ref = posted.get("CallSid") or "-"
    try:
        resource = _resource(posted)
    except Misread as misread:
        return Answered((rejected(misread.bad, posted, context, _KIND, item_ref),))
    return Answered((call_item(_TABLE, resource, context, _KIND, item_ref),))


def _resource(posted: dict[str, str]) -> dict[str, str]:
    """The callback under the names of the Call resource. Raises Misread."""
    stamp, lasted = posted.get("Timestamp", ""), posted.get("CallDuration", "")
    ended_at = absolute(stamp)
    start = "" if ended_at is None else (ended_at - timedelta(seconds=seconds(lasted, "CallDuration"))).isoformat()
    return {
        "sid": posted.get("CallSid", ""),
        "parent_call_sid": posted.get("ParentCallSid", ""),
        "from": posted.get("From", ""),
        "to": posted.get("To", ""),
        "direction": posted.get("Direction", ""),
        "status": posted.get("CallStatus", ""),
        "start_time": start,
        "end_time": stamp,
        "duration": lasted,
        "answered_by": posted.get("AnsweredBy", ""),
    }


WEBHOOK = Webhook(
    _KIND,
    answer,
    "the account's auth token",
    "Twilio: status callbacks",
    reads="completed, busy, failed, no-answer, canceled",
    counterpart="its call log, signed as its documentation says",
    unconfirmed="fields of the callback are from general knowledge",
)
