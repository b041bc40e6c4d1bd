"""A posted body to records and rejects: one object, an array, or an object a line. Pure; never raises on data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from connectors.http import contract
from connectors.reading.rejects import Bad, Misread, reject
from connectors.reading.source import Context
from schemas.column_bounds import ColumnBounds
from schemas.records import CallLeg, Manager, Organisation, Proposal, Reason, Record, Rejected, StageChange

P = TypeVar("P", bound=contract.Posted)

MOST_ITEM = 65_536
"""Bytes of one item."""
JSON = "application/json"
LINES = ("application/x-ndjson", "application/jsonl", "application/x-jsonlines")

Contexts = Callable[[str], Context]
"""The context of what is read now from an exchange; "" for the one the listener has been told of."""

_REASONS = {
    **dict.fromkeys(
        ("started_at", "ended_at", "answered_at", "changed_at", "sent_at", "valid_from", "valid_to"), Reason.BAD_TIME
    ),
    "billsec": Reason.BAD_DURATION,
    "amount": Reason.BAD_AMOUNT,
    "revision": Reason.BAD_NUMBER,
    "kind": Reason.BAD_KIND,
    "status": Reason.BAD_STATUS,
}


class Item(NamedTuple):
    """What became of an item; places count from 1."""

    position: int
    record: Record | Rejected


class Route(Generic[P]):
    """One kind of record that is accepted: its path, its words, and what makes a record of them. Stateless."""

    def __init__(
        self, path: str, contract: type[P], make: Callable[[P, Context, str], Record], record: type[Record], title: str
    ) -> None:
        self.path = path
        self.contract = contract
        self.title = title
        self._make = make
        self._decode = msgspec.json.Decoder(contract).decode
        self._bounds = ColumnBounds(record)

    def record(self, posted: P, context: Context, origin: str) -> Record:
        """As its row will be. Raises Misread."""
        record = self._make(posted, context, origin)
        try:
            return self._bounds.coerced(record)
        except ValueError as error:
            raise Misread(*_why_not(error)) from None

    def item(self, raw: bytes, position: int, contexts: Contexts) -> Record | Rejected:
        """The record of one item, or why it was rejected."""
        context = contexts("")
        if len(raw) > MOST_ITEM:
            bad = Bad(Reason.LINE_TOO_LONG, detail=f"an item may have {MOST_ITEM} bytes; its beginning is kept")
            return self._reject(bad, raw, position, context)
        try:
            posted = self._decode(raw)
            if source := getattr(posted, "source", ""):
                context = contexts(source)
            return self.record(posted, context, self._origin(position))
        except Misread as misread:
            return self._reject(misread.bad, raw, position, context)
        except msgspec.ValidationError as error:
            return self._reject(_why_not(error), raw, position, context)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return self._reject(Bad(Reason.UNREADABLE_TEXT, detail=f"no JSON: {error}"), raw, position, context)

    def read(self, body: bytes, is_lines: bool, contexts: Contexts) -> list[Item]:
        """Every item of a body, in order. A body that is not one of the three shapes is one reject."""
        pieces = _lines(body) if is_lines else _values(body)
        if isinstance(pieces, Bad):
            return [Item(1, self._reject(pieces, body, 1, contexts("")))]
        return [Item(position, self.item(raw, position, contexts)) for position, raw in pieces]

    def _reject(self, bad: Bad, raw: bytes, position: int, context: Context) -> Rejected:
        return reject(bad, raw[:MOST_ITEM].decode("utf-8", "backslashreplace"), position, f"http{self.path}", context)

    def _origin(self, position: int) -> str:
        return f"http{self.path}:{position}"


Pieces = list[tuple[int, bytes]] | Bad


def _lines(body: bytes) -> Pieces:
    return [(number, line) for number, line in enumerate(body.split(b"\n"), 1) if line.strip()]


def _values(body: bytes) -> Pieces:
    """The elements of an array, or the one value."""
    if not body.lstrip(b" \t\r\n").startswith(b"["):
        return [(1, body)]
    try:
        found = msgspec.json.decode(body, type=list[msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return Bad(Reason.UNREADABLE_TEXT, detail=f"no JSON: {error}")
    return [(number, bytes(raw)) for number, raw in enumerate(found, 1)]


def _why_not(error: Exception) -> Bad:
    """What msgspec says of a value that is JSON and no record."""
    message_text, _, path = str(error).partition(" - at `$")
    path = path.rstrip("`").lstrip(".")
    if "missing required field" in message_text:
        return Bad(Reason.MISSING_FIELD, message_text.split("`")[1], message_text)
    if "unknown field" in message_text:
        return Bad(Reason.UNKNOWN_LAYOUT, message_text.split("`")[1], message_text)
    field = path.partition("[")[0]
    return Bad(_REASONS.get(field, Reason.UNKNOWN_LAYOUT), field, message_text)


CALLS = Route("/calls", contract.PostedCall, contract.leg, CallLeg, "Calls, or legs of calls")
ROUTES: tuple[Route[Any], ...] = (
    CALLS,
    Route("/stages", contract.PostedStage, contract.stage_change, StageChange, "Changes of stage"),
    Route("/proposals", contract.PostedOffer, contract.proposal, Proposal, "Proposals"),
    Route("/organisations", contract.Company, contract.organisation, Organisation, "Organisations"),
    Route("/managers", contract.Seller, contract.manager, Manager, "Managers"),
)
