"""JSON as exchanges and their services save it, one value after the other in bounded memory.

A file holds one object, objects one after the other, one a line, an array of them, an array inside of an answer
(`{"records": [...]}`), or bodies of forms (`cdr=%7B...`), one a line. Knows nothing about calls.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Iterator
from typing import NamedTuple, TextIO
from urllib.parse import parse_qsl, unquote

import msgspec

from connectors.reading.file_format import JsonFormat, JsonShape, RowRef
from connectors.reading.packed import Opened
from connectors.reading.rejects import Bad, too_long
from schemas.records import Reason

MOST_VALUE = 1 << 20
"""Characters of one value; a longer one is a reject."""
_PIECE = 1 << 16
_STRING = r'"(?:[^"\\]++|\\.)*+"'
_TO_BRACKET = re.compile(rf'(?:[^"\[\]{{}}]++|{_STRING})*+([\[\]{{}}])', re.DOTALL)
_SCALAR = re.compile(rf'(?:{_STRING}|[^\s",\[\]{{}}]++)', re.DOTALL)
_KEY = re.compile(rf"[\s,]*({_STRING})\s*:\s*(?=\S)", re.DOTALL)
_LIST = re.compile(r"\[\s*\{")
_GAP = re.compile(r"[\s,]*")
_FORM = re.compile(r"[\w\[\].-]+=[^&=\s]*(?:&[\w\[\].-]+=[^&=\s]*)*=*")
_BARE = re.compile(r"%7[Bb]|eyJ[A-Za-z0-9+/]+={0,2}$")
"""What a form's field holds, saved without the field."""


class Value(NamedTuple):
    """A value's text, where it stood, and its row as it came; with `bad` it was rejected."""

    text: str
    row_ref: RowRef
    row: str
    whole: bool = True
    """False for what the file's end may have cut."""
    bad: Bad | None = None


def json_form(
    text: str, encoding: str, under: tuple[tuple[str, ...], ...] = (), field: str = "", *, only_list: bool = False
) -> JsonFormat | None:
    """How a file of JSON is written, from its first megabyte; None for a file of anything else.

    `under` are the places where an answer of this service has its array (the first that is there is taken); `field` is
    the one that holds the JSON in its forms. With `only_list` the only list of objects, under whatever keys, is the
    array.
    """
    text = text.lstrip("\ufeff \t\r\n")
    if text[:1] == "[":
        return JsonFormat(JsonShape.ARRAY, encoding)
    if text[:1] == "{":
        for keys in under:
            if _Window(io.StringIO(text)).enter(keys):
                return JsonFormat(JsonShape.ARRAY, encoding, keys)
        if only_list and len(lists := _lists(text)) == 1:
            return JsonFormat(JsonShape.ARRAY, encoding, lists[0])
        return JsonFormat(JsonShape.LINES if _has_lines(text) else JsonShape.OBJECTS, encoding)
    first = text.partition("\n")[0].strip()
    if field and (_BARE.match(first) or first.startswith(f"{field}={{") or _has_field(first, field)):
        return JsonFormat(JsonShape.FORMS, encoding, (), field)
    return None


_DEEPEST_LIST = 3
"""Keys on the way to a list."""


def _lists(text: str) -> list[tuple[str, ...]]:
    """The keys of each list of objects in an object, but for lists inside of these."""
    found: list[tuple[str, ...]] = []
    window = _Window(io.StringIO(text))
    if window.open():
        _look_for_lists(window, (), found)
    return found


def _look_for_lists(window: _Window, above: tuple[str, ...], found: list[tuple[str, ...]]) -> None:
    """Of an object that was entered; goes behind it."""
    while (key := window.key()) is not None:
        keys = (*above, key)
        if window.begins_list():
            found.append(keys)
        if len(keys) < _DEEPEST_LIST and window.open():
            _look_for_lists(window, keys, found)
        elif not window.pass_value():
            return
    window.close()


def _has_field(line: str, field: str) -> bool:
    return re.search(rf"(?:^|&){field}=", line) is not None and _FORM.fullmatch(line) is not None


def _has_lines(text: str) -> bool:
    """Of several lines half are objects: one may be broken, and the text may end within one."""
    lines = [line for line in text.splitlines()[:20] if line.strip()]
    return len(lines) > 1 and sum(map(_is_object, lines)) * 2 >= len(lines)


def _is_object(line: str) -> bool:
    try:
        return isinstance(msgspec.json.decode(line), dict)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return False


class JsonRows:
    """The values of a file, as they come. `bytes_read` grows while iterating.

    A line is placed by its number, any other value by `#n`, from 1. Lines that are broken cost themselves; what is
    broken in an array takes the rest of the file with it, as one value.
    """

    def __init__(self, opened: Opened, form: JsonFormat) -> None:
        self._file, self.bytes_total, self._taken_bytes = opened
        self._text = io.TextIOWrapper(self._file, encoding=form.encoding, errors="backslashreplace", newline=None)
        self._form = form

    @property
    def bytes_read(self) -> int:
        return self._taken_bytes() if not self._file.closed else self.bytes_total

    def __iter__(self) -> Iterator[Value]:
        with self._text:
            if self._form.shape is JsonShape.LINES:
                yield from _lines(self._text)
            elif self._form.shape is JsonShape.FORMS:
                for line in _lines(self._text):
                    yield line if line.bad else _inside(line, self._form.field)
            else:
                yield from self._elements()

    def _elements(self) -> Iterator[Value]:
        window = _Window(self._text)
        is_array = self._form.shape is JsonShape.ARRAY
        number = 0
        while not is_array or window.enter(self._form.under):
            while (value := window.value(in_array=is_array)) is not None:
                number += 1
                yield value._replace(row_ref=f"#{number}")
                if value.bad:
                    return
            if not (is_array and window.leave(len(self._form.under))):
                break
        if (rest := window.rest()) is not None:
            yield rest._replace(row_ref=f"#{number + 1}")


def _lines(text: TextIO) -> Iterator[Value]:
    """Lines that are not blank."""
    number = 0
    while line := text.readline(MOST_VALUE):
        number += 1
        if len(line) >= MOST_VALUE and line[-1] != "\n":
            yield Value("", number, line, bad=too_long())
            while (more := text.readline(MOST_VALUE)) and more[-1] != "\n":
                pass
        elif not line.isspace():
            yield Value(line, number, line, whole=line[-1] == "\n")


def _inside(line: Value, field: str) -> Value:
    """The JSON of a form's field: percent-encoded, in base64, or as it is; with or without the field's name."""
    text = line.text.strip()
    if _BARE.match(text):
        text = unquote(text, errors="backslashreplace")
    elif text.startswith(f"{field}={{"):
        text = text[len(field) + 1 :]
    else:
        try:
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=100, errors="backslashreplace")
        except ValueError:
            return line._replace(bad=Bad(Reason.UNKNOWN_LAYOUT, detail="no body of a form: over 100 fields"))
        text = dict(reversed(pairs)).get(field, "")
    if not text:
        return line._replace(bad=Bad(Reason.MISSING_FIELD, field, f"no field {field}= in the form"))
    if not text.lstrip().startswith("{"):
        try:
            # parse_qsl made spaces of the alphabet's +.
            text = base64.b64decode(text.replace(" ", "+"), validate=True).decode("utf-8", "backslashreplace")
        except (binascii.Error, ValueError):
            return line._replace(bad=Bad(Reason.UNREADABLE_TEXT, field, "neither JSON nor base64 of it"))
    return line._replace(text=text)


class _Window:
    """A piece of a text that moves along it: finds where values begin and end."""

    def __init__(self, text: TextIO) -> None:
        self._text = text
        self._data = ""
        self._at = 0
        self._is_over = False

    def enter(self, under: tuple[str, ...]) -> bool:
        """Go to behind the `[` of the array that stands under these keys; False when there is none."""
        for key in under:
            if not (self._next("{") and self._find(key)):
                return False
        return self._next("[")

    def leave(self, levels: int) -> bool:
        """Go out of that many objects, behind the array; False when one has no end."""
        for _ in range(levels):
            while self._skip(_GAP) != "}":
                if not self._grows_until(_KEY):
                    return False
                self._pass_key()
                length = self._length()
                if length is None:
                    return False
                self._at += length
            self._at += 1
        return True

    def open(self) -> bool:
        """Go into the object that begins here; False when something else does."""
        return self._next("{")

    def close(self) -> None:
        """Go behind the end of an object whose keys are passed."""
        self._next("}")

    def key(self) -> str | None:
        """Pass the next key of an object that was entered, to its value; None behind the last one."""
        return self._pass_key() if self._skip(_GAP) == '"' and self._grows_until(_KEY) else None

    def begins_list(self) -> bool:
        """Whether a list of objects begins here. Nothing is passed."""
        return _LIST.match(self._data, self._at) is not None

    def pass_value(self) -> bool:
        """Go behind the value that begins here; False when it has no end."""
        length = self._length()
        self._at += length or 0
        return length is not None

    def rest(self) -> Value | None:
        """What is left of the text, which is not a value; None when nothing is."""
        return self._cut("behind the array stands something else") if self._skip(_GAP) else None

    def value(self, *, in_array: bool) -> Value | None:
        """The next value; None at the end of the array, or of the text. A bad one is all that follows."""
        start = self._skip(_GAP)
        if start == "":
            return self._cut("the file ends within an array: it was cut") if in_array else None
        if start == "]" and in_array:
            self._at += 1
            return None
        length = self._length()
        if length is None:
            if self._left() > MOST_VALUE:
                return self._cut("a value of over 1 MiB, or one that never ends: nothing behind it is read", too_long())
            return self._cut("it has no end: the file was cut, or is broken here")
        text = self._data[self._at : self._at + length]
        self._at += length
        return Value(text, 0, text)

    def _cut(self, why: str, bad: Bad | None = None) -> Value:
        row = self._data[self._at : self._at + MOST_VALUE]
        reason = bad.reason if bad else Reason.TRUNCATED
        return Value("", 0, row, bad=Bad(reason, detail=why))

    def _find(self, key: str) -> bool:
        """Go to the value of this key of an object that was entered."""
        while self._grows_until(_KEY):
            if self._pass_key() == key:
                return True
            length = self._length()
            if length is None:
                return False
            self._at += length
        return False

    def _pass_key(self) -> str:
        """Go behind a key that is here, to its value."""
        found = _KEY.match(self._data, self._at)
        assert found is not None
        self._at = found.end()
        return found.group(1)[1:-1]

    def _next(self, char: str) -> bool:
        """Whether the next character, but for space, is this one; then it is passed."""
        is_there = self._skip(_GAP) == char
        self._at += is_there
        return is_there

    def _skip(self, pattern: re.Pattern[str]) -> str:
        """Pass what the pattern matches; the character that comes then, "" at the end."""
        while True:
            found = pattern.match(self._data, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._data):
                return self._data[self._at]
            if not self._more():
                return ""

    def _length(self) -> int | None:
        """The length of the value that begins here; None when it has no end within MOST_VALUE."""
        first = self._data[self._at]
        if first in "]}":
            return 1
        if first not in "{[":
            found = _SCALAR.match(self._data, self._at) if self._grows_until(_SCALAR, beyond=1) else None
            return found.end() - self._at if found else None
        depth, offset = 0, 0
        while True:
            bracket = _TO_BRACKET.match(self._data, self._at + offset)
            if bracket is None:
                if self._left() > MOST_VALUE or not self._more():
                    return None
                continue
            depth += 1 if bracket.group(1) in "{[" else -1
            offset = bracket.end() - self._at
            if depth == 0:
                return offset if offset <= MOST_VALUE else None

    def _grows_until(self, pattern: re.Pattern[str], beyond: int = 0) -> bool:
        """Read on until the pattern matches here with `beyond` characters behind it, or to the end of the text."""
        while True:
            found = pattern.match(self._data, self._at)
            if found and found.end() + beyond <= len(self._data):
                return True
            if self._left() > MOST_VALUE or not self._more():
                return found is not None

    def _left(self) -> int:
        return len(self._data) - self._at

    def _more(self) -> bool:
        """Read another piece; False at the end of the text."""
        piece = "" if self._is_over else self._text.read(_PIECE)
        self._is_over = not piece
        if piece:
            self._data = self._data[self._at :] + piece
            self._at = 0
        return bool(piece)
