"""What every source of JSON shares: its first values, the loop that reads it, and why a value was rejected.

A source subclasses `JsonSource` and says what only it knows: which values are its own (`layout`), what it reads of one
(`values`, a msgspec type: what is not in it costs nothing), and how that becomes a record (`maker`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from connectors.reading.file_format import FileFormat, RowRef
from connectors.reading.json_rows import JsonRows, Value
from connectors.reading.packed import label, open_bytes
from connectors.reading.rejects import Bad, Misread, reject
from connectors.reading.sample import HEAD_VALUES, Sample
from connectors.reading.source import About, Believed, Context, Hints, Recognised
from schemas.errors import Terminal
from schemas.records import Reason, Record, Rejected

T = TypeVar("T")


class JsonLayout(NamedTuple):
    """What the values are; `why` is for people."""

    name: str
    why: tuple[str, ...]
    needs_zone: bool = True


class JsonReading(Generic[T]):
    """Iterate for the records and rejects of a file; each value gives exactly one."""

    def __init__(
        self,
        values: JsonRows,
        context: Context,
        file: str,
        decode: Callable[[str], T],
        make: Callable[[T, RowRef], Record],
    ) -> None:
        self.rows = 0
        self._values = values
        self._context = context
        self._file = file
        self._decode = decode
        self._make = make

    @property
    def bytes_total(self) -> int:
        return self._values.bytes_total

    @property
    def bytes_read(self) -> int:
        return self._values.bytes_read

    def __iter__(self) -> Iterator[Record | Rejected]:
        decode, make = self._decode, self._make
        for value in self._values:
            self.rows += 1
            if value.bad is not None:
                yield self._reject(value.bad, value)
                continue
            try:
                record = make(decode(value.text), value.row_ref)
            except Misread as misread:
                yield self._reject(misread.bad, value)
            except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError) as error:
                yield self._reject(_why_none(error, value), value)
            else:
                yield record

    def _reject(self, bad: Bad, value: Value) -> Rejected:
        return reject(bad, value.row, value.row_ref, self._file, self._context)


def _why_none(error: Exception, value: Value) -> Bad:
    if isinstance(error, msgspec.ValidationError):
        message_text, _, field = str(error).partition(" - at `$")
        reason = Reason.MISSING_FIELD if "missing required field" in message_text else Reason.UNKNOWN_LAYOUT
        return Bad(reason, field.rstrip("`").lstrip("."), message_text)
    if "\0" in value.row:
        return Bad(Reason.NUL_BYTE, detail="the row holds NUL bytes")
    if not value.whole:
        return Bad(Reason.TRUNCATED, detail="it has no end: a file cut short, or still being written")
    return Bad(Reason.UNREADABLE_TEXT, detail=f"no JSON: {error}")


class JsonSource(ABC, Generic[T]):
    """A source of JSON. Its subclass is the one place that knows the format."""

    profile: str
    kind = "calls"
    about: About
    is_family = False
    under: tuple[tuple[str, ...], ...] = ()
    """The keys on the way to the array in an answer of the service; the first that is there is taken."""
    field: str = ""
    """The field that holds the JSON in a body that was saved as a form."""

    @abstractmethod
    def values(self) -> type[T]:
        """What msgspec is to read of a value."""

    @abstractmethod
    def layout(self, values: Sequence[dict[str, Any]], hints: Hints) -> JsonLayout | None:
        """What the first values (HEAD_VALUES at most, those that are objects) are; None when they are not ours."""

    @abstractmethod
    def maker(self, recognised: Recognised, context: Context, zone: tzinfo, file: str) -> Callable[[T, RowRef], Record]:
        """What makes a record of a value of this file; raises Misread."""

    def zone(self, sample: Sample, recognised: Recognised, zone: tzinfo | None) -> tuple[tzinfo, str]:
        """The zone as it was given: for a source that has nothing to prove it with."""
        if zone is None:
            raise Terminal(f"{sample.path}: nothing in {recognised.layout} proves its zone: give --tz by name")
        return zone, f"times without an offset are read in {zone}"

    def beliefs(self, recognised: Recognised, context: Context) -> tuple[Believed, ...]:
        """Nothing: for a source whose rows say who is at their ends."""
        return ()

    def recognise(self, sample: Sample, hints: Hints) -> Recognised | None:
        """What the file is, from its first values; None when it is not ours."""
        form = sample.json_form(self.under, self.field)
        if form is None:
            return None
        layout = self.layout(list(_objects(sample.values(form)[:HEAD_VALUES])), hints)
        if layout is None:
            return None
        return Recognised(
            profile=self.profile,
            kind=self.kind,
            layout=layout.name,
            form=FileFormat(form.encoding, "", "", json=form),
            columns=(),
            needs_zone=layout.needs_zone,
            reasons=(form.describe(), *layout.why),
        )

    def read(self, path: Path, recognised: Recognised, context: Context) -> JsonReading[T]:
        zone = context.zone or self.zone(Sample(path), recognised, None)[0]
        form = recognised.form.json
        assert form is not None
        decode = msgspec.json.Decoder(self.values()).decode
        file = label(path)
        return JsonReading(
            JsonRows(open_bytes(path), form), context, file, decode, self.maker(recognised, context, zone, file)
        )


def _objects(values: Iterable[Value]) -> Iterator[dict[str, Any]]:
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    for value in values:
        if value.bad is None:
            try:
                yield decode(value.text)
            except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
                continue
