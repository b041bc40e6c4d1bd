"""A line that comes over a socket is the very leg of the same line in a file."""

from __future__ import annotations

from datetime import tzinfo
from zoneinfo import ZoneInfo

import msgspec
import pytest

from connectors.reading.source import Hints
from connectors.registry import LINES
from connectors.tcp.lines import Line, Lines
from schemas.records import CallLeg, Reason, Record, Rejected
from tests.connectors.conftest import context, read
from tests.connectors.golden import golden

GOLDEN = golden("3cx")
MOSCOW = ZoneInfo("Europe/Moscow")


def over_a_socket(data: bytes, profile: str = "3cx", zone: tzinfo | None = None) -> list[Record | Rejected]:
    lines = Lines()
    made = LINES[profile](Hints(region="RU"), zone, context)
    return made.items([*lines.feed(data), *lines.end()], "192.0.2.10")


def blank(item: Record | Rejected) -> Record | Rejected:
    return msgspec.structs.replace(item, origin="")


@pytest.mark.parametrize("name", ["v20_27_fields.csv", "types_last_crlf.csv"])
def test_lines_are_what_the_file_is(name: str) -> None:
    path = GOLDEN / name
    from_file = [blank(item) for item in read(path, tz="UTC")]
    assert any(isinstance(item, CallLeg) for item in from_file)
    assert [blank(item) for item in over_a_socket(path.read_bytes())] == from_file


@pytest.mark.parametrize(
    "name", ["avaya/old_17_columns.csv", "avaya/mixed_34_and_30_no_end.csv", "panasonic/bad_lines.csv"]
)
def test_lines_of_a_zone_are_what_the_file_is(name: str) -> None:
    path = golden(name)
    from_file = [blank(item) for item in read(path)]
    assert len([item for item in from_file if isinstance(item, CallLeg)]) > 1
    assert [blank(item) for item in over_a_socket(path.read_bytes(), path.parent.name, MOSCOW)] == from_file


def test_line_of_something_else_is_a_reject_and_the_next_line_is_read() -> None:
    data = b"GET / HTTP/1.1\r\n\r\n" + (GOLDEN / "v20_27_fields.csv").read_bytes()
    first, *others = over_a_socket(data)
    assert isinstance(first, Rejected)
    assert (first.reason, first.payload) == (Reason.UNKNOWN_LAYOUT, "GET / HTTP/1.1")
    assert any(isinstance(item, CallLeg) for item in others)


def test_line_that_was_too_long_is_a_reject() -> None:
    made = LINES["3cx"](Hints(), None, context)
    (item,) = made.items([Line("Call 1", True, True)], "192.0.2.10")
    assert isinstance(item, Rejected)
    assert (item.reason, item.origin) == (Reason.LINE_TOO_LONG, "tcp 192.0.2.10:-")
