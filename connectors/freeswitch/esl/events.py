"""A message of the event socket to the event in it, whatever its form. Pure: nothing raises."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

import msgspec

from connectors.freeswitch.esl.messages import MOST_BODY, EslMessage
from connectors.reading.rejects import Bad
from schemas.records import Reason

_EVENTS = "text/event-"
_NOT_UTF8 = re.compile("[\udc80-\udcff]")
_decode = msgspec.json.Decoder(dict[str, Any]).decode


class Event(NamedTuple):
    """What happened in the switch, as name and value: `Unique-ID`, `variable_billsec`."""

    headers: Mapping[str, str]
    """Of a name that comes twice, one: FreeSWITCH writes Hangup-Cause twice, the same both times."""
    text: str
    """As it came; bytes that are not UTF-8 as \\xNN."""
    bad: Bad | None = None
    """Why it cannot be read."""

    def get(self, name: str) -> str:
        return self.headers.get(name, "")


def event_of(message: EslMessage) -> Event | None:
    """The event of a message; None for one that is not an event, such as an answer."""
    if not message.kind.startswith(_EVENTS):
        return None
    text = message.body.decode("utf-8", "backslashreplace")
    if not message.whole:
        return Event({}, text, Bad(Reason.LINE_TOO_LONG, detail=f"an event of over {MOST_BODY:,} bytes was cut"))
    form = message.kind.removeprefix(_EVENTS)
    if form == "plain":
        return Event(_of_plain(text), text)
    if form == "json":
        return _of_json(message.body, text)
    return Event({}, text, Bad(Reason.UNKNOWN_LAYOUT, detail=f"an event as {form[:40]!r}, neither json nor plain"))


def _of_plain(text: str) -> dict[str, str]:
    """Lines `Name: percent-encoded value` up to a blank line; a body after it is not read."""
    headers: dict[str, str] = {}
    for line in text.split("\n"):
        if not line.strip():
            break
        name, colon, value = line.partition(":")
        if colon:
            value = value.strip()
            headers.setdefault(name.strip(), unquote(value, errors="backslashreplace") if "%" in value else value)
    return headers


def _of_json(body: bytes, text: str) -> Event:
    # cJSON writes bytes as they are. Escaped, each stays inside of its string, so one odd name costs no call.
    escaped = _NOT_UTF8.sub(_escaped, body.decode("utf-8", "surrogateescape"))
    try:
        found = _decode(escaped)
    except (msgspec.DecodeError, RecursionError) as error:
        return Event({}, text, Bad(Reason.UNREADABLE_TEXT, detail=f"no JSON object: {error}"))
    return Event({name: _text(value) for name, value in found.items()}, text)


def _escaped(odd: re.Match[str]) -> str:
    return rf"\\x{ord(odd[0]) - 0xDC00:02x}"


def _text(value: Any) -> str:
    """A value as the plain form has it: an array as ARRAY::a|:b."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "ARRAY::" + "|:".join(map(_text, value))
    return "" if value is None else str(value)
