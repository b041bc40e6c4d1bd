"""The shapes of vendors' answers: what has another one is said, with the name of what is missing. Pure."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from connectors.reading.rejects import Misread
from schemas.records import Reason

T = TypeVar("T", bound=msgspec.Struct)


def objects(found: Any, field: str, otherwise: str) -> list[dict[str, Any]]:
    """A list of objects. Raises Misread, which says `otherwise`: the API has changed."""
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise Misread(Reason.UNKNOWN_LAYOUT, field, otherwise)
    return found


def decoded_like(usual: T, body: bytes) -> T:
    """A body as what `usual` is; `usual` itself for a body that is something else, and so says nothing."""
    try:
        return msgspec.json.decode(body, type=type(usual))
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        return usual
