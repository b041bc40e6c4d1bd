"""What a vendor's answers look like, without what they say: keys, types, how often a field is there. Pure.

For a report that a user can send: no value of a field is in it, but words of the closed lists that are named here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import msgspec

from connectors.api.adapter import ApiRequest

_LISTS = frozenset(
    {
        *("type", "status", "direction", "disposition", "note_type", "entity_type", "call_status", "protocol"),
        *("is_app", "is_lost", "is_recorded", "finish_reason", "call_type", "call_failed_code", "call_category"),
        *("sourcetype", "destinationtype", "hs_call_direction", "hs_call_status", "hs_quote_status"),
        *("type_id", "stage_semantic_id", "semantics", "limit_type", "timezone", "pbxtimezone", "work_completed"),
    }
)
"""Fields whose values are the vendor's words, never a person's."""
_WORD = re.compile(r"[A-Za-z0-9_+/: -]{1,30}")
_MOST_VALUES, _MOST_ROWS, _DEEPEST = 12, 200, 6


class FieldShape(msgspec.Struct):
    """One field of the answers to one kind of request."""

    times: int = 0
    """In how many objects it was there."""
    empty: int = 0
    """In how many of these it was null or empty."""
    types: list[str] = []
    values: list[str] = []
    """Values, of a field whose values are the vendor's words."""


class AnswerShape(msgspec.Struct):
    """The answers to one kind of request."""

    request: str
    """Its method and path, numbers as N; the name of the method where all have one address."""
    answers: int = 0
    fields: dict[str, FieldShape] = {}
    """By dotted keys; `[]` stands for the elements of a list."""
    lines: dict[int, int] = {}
    """Of an answer that is a text: cells of a line -> how many lines have so many."""


class Shapes:
    """Takes each answer, gives what they look like."""

    def __init__(self) -> None:
        self._found: dict[str, AnswerShape] = {}

    def add(self, request: ApiRequest, answer: object) -> None:
        name = _name(request)
        shape = self._found.setdefault(name, AnswerShape(name))
        shape.answers += 1
        if isinstance(answer, str):
            counts = Counter(line.count(";") + 1 for line in answer.splitlines() if line)
            shape.lines = dict(Counter(shape.lines) + counts)
            return
        for key, value in _leaves("", answer, _DEEPEST):
            _put(shape.fields.setdefault(key, FieldShape()), key, value)

    def all(self) -> list[AnswerShape]:
        return [self._found[name] for name in sorted(self._found)]


def _name(request: ApiRequest) -> str:
    body = request.body
    method = body.get("method") if isinstance(body, dict) and not request.path else ""
    return str(method or f"{request.method} {re.sub(r'(?<=/)[0-9]+(?=/|$)', 'N', request.path)}")


def _leaves(name: str, value: object, deep: int) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and deep:
        for key, inner in value.items():
            # Keys that are ids of something are not fields.
            part = "N" if str(key).isdecimal() else str(key)
            yield from _leaves(f"{name}.{part}" if name else part, inner, deep - 1)
    elif isinstance(value, list) and deep:
        yield name or "[]", value
        for inner in value[:_MOST_ROWS]:
            if isinstance(inner, dict):
                yield from _leaves(f"{name}[]", inner, deep - 1)
    else:
        yield name or "answer", value


def _put(shape: FieldShape, key: str, value: object) -> None:
    shape.times += 1
    shape.empty += value in (None, "", [], {})
    kind = {bool: "boolean", int: "number", float: "number", str: "text", list: "list"}.get(type(value), "null")
    if kind not in shape.types:
        shape.types = sorted([*shape.types, kind])
    word = str(value)
    is_listed = key.rpartition(".")[2].casefold() in _LISTS and kind in ("text", "number", "boolean")
    if is_listed and word not in shape.values and len(shape.values) < _MOST_VALUES and _WORD.fullmatch(word):
        shape.values = sorted([*shape.values, word])
