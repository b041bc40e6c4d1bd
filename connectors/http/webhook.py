"""What every webhook is: a request and a secret to an answer. Pure; never raises on data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from connectors.http.gates import same
from connectors.reading.json_table import flat
from connectors.reading.leg import leg_from_fields
from connectors.reading.rejects import Bad, Misread, reject
from connectors.reading.service_table import ServiceTable
from connectors.reading.source import Context
from connectors.reading.times import Times
from schemas.records import Reason, Record, Rejected

_MOST_FIELDS = 5_000


class Incoming(NamedTuple):
    """A request."""

    method: str
    url: str
    """The whole of it, as the sender was told it."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    tail: str = ""
    """What the sender put behind the address that it was given."""


class Answered(NamedTuple):
    """It was the sender. 200, once Kafka has the items; none when the event tells of no finished call."""

    items: tuple[Record | Rejected, ...] = ()
    body: str = ""
    content_type: str = "text/plain"
    changed: tuple[str, ...] = ()
    """Streams of the vendor's API in which something changed that the event only names."""


class WebhookRefused(NamedTuple):
    """It was somebody else, or nothing of it can be read."""

    status: int
    why: str


Answer = Callable[[Incoming, str, Context], Answered | WebhookRefused]
"""(request, secret, context) to what is answered."""


class Webhook(NamedTuple):
    """One sender."""

    kind: str
    answer: Answer
    secret: str
    """What its environment variable holds, in words."""
    title: str
    reads: str
    """The rest is for docs/connectors.md: which of the sender's events."""
    counterpart: str
    """What it was proved with."""
    unconfirmed: str = ""
    needs_zone: bool = False
    """Its times are those of the account, without an offset."""
    check: Callable[[str], str] = lambda _: ""
    """What is wrong with a secret, "" when nothing is."""


WRONG_SECRET = WebhookRefused(403, "the secret or the signature is wrong")


class Unreadable(Exception):
    """A body that is not a form, or no JSON object."""


def form(body: bytes) -> dict[str, str]:
    """The fields of a form; the last one where a name repeats. Raises Unreadable."""
    try:
        text = body.decode("utf-8", "replace")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise Unreadable(f"a form of more than {_MOST_FIELDS} fields") from None


def fields(incoming: Incoming) -> dict[str, str]:
    """The fields of a form, or those of a JSON object as its file would be read (`from.number`). Raises Unreadable."""
    if "json" not in incoming.headers.get("content-type", ""):
        return form(incoming.body)
    return flat(json_object(incoming.body))


def json_object(body: bytes | str) -> dict[str, Any]:
    """Raises Unreadable."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise Unreadable("no JSON object") from None


def bearer(incoming: Incoming, secret: str, posted: str = "") -> bool:
    """For senders without a signature: the secret as `token` in the address, in the body, or as a Bearer token."""
    kind, _, token = incoming.headers.get("authorization", "").partition(" ")
    given = token.strip() if kind.lower() == "bearer" else incoming.query.get("token", "") or posted
    return same(given, secret)


def call_item(
    table: ServiceTable, event: Mapping[str, str], context: Context, kind: str, item_ref: str
) -> Record | Rejected:
    """The leg of an event whose fields are named as the service's API names them: as its file would be read.

    `event` is the event without its secrets.
    """
    known = {name.replace("_", "").casefold(): text for name, text in event.items()}
    cells = [next((known[word] for word in names if word in known), "") for names in table.fields.values()]
    try:
        fields = table.parse_row(cells, Times(context.zone, "ymd"), context)
        return leg_from_fields(fields, context, f"{kind}:{item_ref}")
    except Misread as misread:
        return rejected(misread.bad, event, context, kind, item_ref)


def rejected(bad: Bad, event: Mapping[str, object], context: Context, kind: str, item_ref: str) -> Rejected:
    return reject(bad, msgspec.json.encode(event).decode(), item_ref, kind, context)


def whole(text: str, field: str) -> int:
    """A whole number of 0 or more; "" is 0. Raises Misread."""
    bare = text.strip()
    if not bare:
        return 0
    if not (bare.isascii() and bare.isdecimal() and len(bare) <= 12):
        raise Misread(Reason.BAD_NUMBER, field, f"{text[:40]!r} is not a whole number of 0 or more")
    return int(bare)
