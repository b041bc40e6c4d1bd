"""What every webhook is: a request and a secret to an answer. Pure; never raises on data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from connectors.http.contract import Call
from connectors.http.gates import same
from connectors.http.reading import CALLS
from connectors.rejects import Bad, Misread, reject
from connectors.source import Context
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


class Refused(NamedTuple):
    """It was somebody else, or nothing of it can be read."""

    status: int
    why: str


Answer = Callable[[Incoming, str, Context], Answered | Refused]
"""(request, secret, context) to what is answered."""


class Hook(NamedTuple):
    """One sender."""

    kind: str
    answer: Answer
    secret: str
    """What its environment variable holds, in words."""
    title: str
    needs_zone: bool = False
    """Its times are those of the account, without an offset."""
    check: Callable[[str], str] = lambda _: ""
    """What is wrong with a secret, "" when nothing is."""


WRONG_SECRET = Refused(403, "the secret or the signature is wrong")


class Unreadable(Exception):
    """A body that is no form, or no JSON object."""


def form(body: bytes) -> dict[str, str]:
    """The fields of a form; the last one where a name repeats. Raises Unreadable."""
    try:
        text = body.decode("utf-8", "replace")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise Unreadable(f"a form of more than {_MOST_FIELDS} fields") from None


def fields(incoming: Incoming) -> dict[str, str]:
    """The fields of a form, or the texts and numbers of a JSON object. Raises Unreadable."""
    if "json" not in incoming.headers.get("content-type", ""):
        return form(incoming.body)
    found = json_object(incoming.body)
    return {name: value if isinstance(value, str) else _plain(value) for name, value in found.items()}


def json_object(body: bytes | str) -> dict[str, Any]:
    """Raises Unreadable."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise Unreadable("no JSON object") from None


def _plain(value: object) -> str:
    return "" if value is None else msgspec.json.encode(value).decode()


def bearer(incoming: Incoming, secret: str, posted: str = "") -> bool:
    """For senders without a signature: the secret as `token` in the address, in the body, or as a Bearer token."""
    kind, _, token = incoming.headers.get("authorization", "").partition(" ")
    given = token.strip() if kind.lower() == "bearer" else incoming.query.get("token", "") or posted
    return same(given, secret)


def leg(words: Mapping[str, object], said: Mapping[str, object], context: Context, origin: str) -> Record | Rejected:
    """The leg of a call in the words of the contract. `said` is the event without its secrets: a reject's payload."""
    try:
        call = msgspec.convert({name: value for name, value in words.items() if value is not None}, Call)
        return CALLS.record(call, context, origin)
    except Misread as misread:
        return rejected(misread.bad, said, context, origin)
    except msgspec.ValidationError as error:
        words_, _, path = str(error).partition(" - at `$.")
        reason = Reason.MISSING_FIELD if "length >= 1" in words_ else Reason.UNKNOWN_LAYOUT
        return rejected(Bad(reason, path.rstrip("`"), words_), said, context, origin)


def rejected(bad: Bad, said: Mapping[str, object], context: Context, origin: str) -> Rejected:
    where, _, place = origin.rpartition(":")
    return reject(bad, msgspec.json.encode(said).decode(), place, where, context)


def whole(text: str, field: str) -> int:
    """A whole number of 0 or more; "" is 0. Raises Misread."""
    bare = text.strip()
    if not bare:
        return 0
    if not (bare.isascii() and bare.isdecimal() and len(bare) <= 12):
        raise Misread(Reason.BAD_NUMBER, field, f"{text[:40]!r} is no whole number of 0 or more")
    return int(bare)
