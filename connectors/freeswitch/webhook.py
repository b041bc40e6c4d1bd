"""FreeSWITCH mod_json_cdr: a post for each leg, sent again until it is answered with 200.

The body is `cdr=` percent-encoded, `cdr=` in base64, or JSON, as `encode` of json_cdr.conf.xml says; `cred` there is
what Basic authorisation sends. Confidence A (mod_json_cdr.c).
"""

from __future__ import annotations

import base64
import binascii
from urllib.parse import unquote_to_bytes

import msgspec

from connectors.freeswitch.json_cdr import Cdr, CdrReader
from connectors.http.gates import basic, same, too_short
from connectors.http.webhook import Answered, Incoming, Webhook, WebhookRefused
from connectors.reading.rejects import Bad, Misread, reject
from connectors.reading.source import Context
from schemas.records import Reason, Record, Rejected

_KIND = "freeswitch"
_FIELD = b"cdr="
_decode = msgspec.json.Decoder(Cdr).decode


def answer(incoming: Incoming, secret: str, context: Context) -> Answered | WebhookRefused:
    if not same(":".join(basic(incoming.headers.get("authorization", ""))), secret):
        return WebhookRefused(401, "user or password is wrong")
    if incoming.method != "POST":
        return Answered()
    try:
        text = _json(incoming)
    except ValueError:
        return WebhookRefused(400, "the body is neither cdr=... nor JSON")
    return Answered((_item(text, context),))


def _json(incoming: Incoming) -> bytes:
    """Raises ValueError."""
    body = incoming.body.strip()
    if "json" in incoming.headers.get("content-type", "") and not body.startswith(_FIELD):
        return body
    if not body.startswith(_FIELD):
        raise ValueError
    value = body[len(_FIELD) :]
    if "base64" in incoming.headers.get("content-type", ""):
        try:
            return base64.b64decode(unquote_to_bytes(value), validate=True)
        except binascii.Error:
            raise ValueError from None
    return unquote_to_bytes(value.replace(b"+", b" "))


def _item(text: bytes, context: Context) -> Record | Rejected:
    try:
        cdr = _decode(text)
        return CdrReader(context, _KIND).leg(cdr, str(cdr.variables.uuid) or "-")
    except Misread as misread:
        bad = misread.bad
    except msgspec.ValidationError as error:
        message_text, _, field = str(error).partition(" - at `$.")
        missing = "missing required field" in message_text
        bad = Bad(Reason.MISSING_FIELD if missing else Reason.UNKNOWN_LAYOUT, field.rstrip("`"), message_text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        bad = Bad(Reason.UNREADABLE_TEXT, detail=f"no JSON: {error}")
    return reject(bad, text.decode("utf-8", "backslashreplace"), "-", _KIND, context)


def _check(secret: str) -> str:
    if not all(secret.partition(":")):
        return "it must hold USER:PASSWORD, as `cred` of json_cdr.conf.xml has them"
    return too_short(secret.partition(":")[2])


WEBHOOK = Webhook(
    _KIND,
    answer,
    "USER:PASSWORD (cred of json_cdr.conf.xml)",
    "FreeSWITCH: mod_json_cdr",
    check=_check,
    reads="mod_json_cdr's posts",
    counterpart="the same object from a file",
    unconfirmed="real bodies of today",
)
