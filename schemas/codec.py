"""The one wire codec: a record is a line of JSON, a frame is 1..500 such lines, all of one partition.

The JSON of a record is also its ClickHouse row (`FORMAT JSONEachRow` both ways), so bytes that were checked once
are stored as they are.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from schemas.records import Record

R = TypeVar("R", bound=Record)

FRAME_LINES = 500
"""Most lines in a frame: Faust's cost is per Kafka record, so a frame of 500 is worth a factor of twenty."""

encode = msgspec.json.Encoder().encode
"""One record as bytes, without a newline."""


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

    def read(self, frame: bytes) -> tuple[list[R], list[bytes], list[BadLine]]:
        """The records of a frame, the bytes of each (same order, same length), and the lines that are none."""
        lines = [line for line in frame.split(b"\n") if line]
        try:
            return self._decoder.decode_lines(frame), lines, []
        except msgspec.DecodeError:  # ValidationError is one too
            return self._one_by_one(lines)

    def _one_by_one(self, lines: list[bytes]) -> tuple[list[R], list[bytes], list[BadLine]]:
        records, good, bad = [], [], []
        for line in lines:
            try:
                records.append(self._decoder.decode(line))
                good.append(line)
            except msgspec.DecodeError as error:
                bad.append(BadLine(line, str(error)))
        return records, good, bad

    def read_rows(self, rows: bytes) -> list[R]:
        """The records of a ClickHouse answer in JSONEachRow; raises when a row is no such record."""
        return self._decoder.decode_lines(rows)
