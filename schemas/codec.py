"""The one wire codec: a record is a line of JSON, a frame is 1..500 such lines, all of one partition.

The JSON of a record is also its ClickHouse row (`FORMAT JSONEachRow` both ways), so bytes that were checked once
are stored as they are.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from schemas.column_bounds import ColumnBounds
from schemas.records import Record

R = TypeVar("R", bound=Record)

FRAME_LINES = 500
"""Most lines in a frame: Faust's cost is per Kafka record, so a frame of 500 is worth a factor of twenty."""

encode = msgspec.json.Encoder().encode
"""One record as bytes, without a newline."""


_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises: also for text that is not UTF-8, and for a thousand brackets in a field that nobody reads."""


class BadLine(msgspec.Struct, frozen=True):
    """A line that is not a record of the expected type and wire version: a value, for `Rejected`."""

    line: bytes
    why: str

    @property
    def unknown_version(self) -> bool:
        """The line is of another wire version (the error of a `Literal` names the path `$.v`)."""
        return self.why.endswith("`$.v`")


class Codec(Generic[R]):
    """Reads frames of one record type. Stateless; one per type is enough."""

    def __init__(self, record: type[R]) -> None:
        self.record = record
        self._decoder = msgspec.json.Decoder(record)
        self._bounds = ColumnBounds(record)

    def read(self, frame: bytes | None) -> tuple[list[R], list[bytes], list[BadLine]]:
        """The records of a frame, the bytes of each (same order, same length), and the lines that failed to decode.

        The bytes are those that were sent, unless no column holds them as they are (`schemas.column_bounds`). A Kafka
        tombstone (None) holds nothing.
        """
        if not frame:
            return [], [], []
        lines = frame.split(b"\n")
        try:
            records = self._decoder.decode_lines(frame)
        except _NOT_JSON:
            return self._one_by_one(lines)
        if len(records) != len(lines) or self._bounds.violations(records):
            return self._one_by_one(lines)
        return records, lines, []

    def _one_by_one(self, lines: list[bytes]) -> tuple[list[R], list[bytes], list[BadLine]]:
        records, good, bad = [], [], []
        for line in lines:
            if not line.strip():
                continue
            try:
                record = self._decoder.decode(line)
                if self._bounds.violations([record]):
                    record = self._bounds.coerced(record)
                    line = encode(record)
            except (*_NOT_JSON, ValueError) as error:
                bad.append(BadLine(line, str(error)))
            else:
                records.append(record)
                good.append(line)
        return records, good, bad
