"""A line that comes over a socket is the very leg of the same line in a file."""

from __future__ import annotations

from datetime import tzinfo
from zoneinfo import ZoneInfo

import msgspec
import pytest

from connectors.reading.source import Hints
from connectors.registry import LINES
from connectors.tcp.lines import Lines, ReceivedLine
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
    (item,) = made.items([ReceivedLine("Call 1", True, True)], "192.0.2.10")
    assert isinstance(item, Rejected)
    assert (item.reason, item.origin) == (Reason.LINE_TOO_LONG, "tcp 192.0.2.10:-")


_ODD = "Call 1,a,b,c,d,e,f,g,h,i,j,k"
"""A line of 3CX whose dates stand where no usual order has them."""


@pytest.mark.parametrize(
    "line", [ReceivedLine(_ODD, whole=False), ReceivedLine(_ODD), ReceivedLine("Call 17", whole=False)]
)
def test_first_line_of_a_peer_that_dies_in_it_is_a_reject_and_whole_lines_are_read_after_it(line: ReceivedLine) -> None:
    made = LINES["3cx"](Hints(region="RU"), None, context)
    (item,) = made.items([line], "192.0.2.10")
    assert isinstance(item, Rejected)
    assert (item.reason, item.payload, item.origin) == (Reason.UNKNOWN_LAYOUT, line.text, "tcp 192.0.2.10:-")
    assert item.detail
    assert bool(made.advice) == line.whole, "half a line says nothing of the settings"
    rows = (GOLDEN / "v20_27_fields.csv").read_bytes()
    lines = Lines()
    assert any(isinstance(one, CallLeg) for one in made.items([*lines.feed(rows), *lines.end()], "192.0.2.10"))
    assert made.advice == ""


@pytest.mark.parametrize(("name", "profile"), [("3cx/v20_27_fields.csv", "3cx"), ("avaya/old_17_columns.csv", "avaya"),
                                              ("panasonic/bad_lines.csv", "panasonic")])  # fmt: skip
def test_no_beginning_of_a_line_raises_or_decides_how_later_lines_are_read(name: str, profile: str) -> None:
    data = golden(name).read_bytes()
    lines = Lines()
    whole = [*lines.feed(data), *lines.end()]
    first = whole[0].text
    wanted = [blank(item) for item in LINES[profile](Hints(region="RU"), MOSCOW, context).items(whole, "p")]
    for cut in range(1, len(first)):
        made = LINES[profile](Hints(region="RU"), MOSCOW, context)
        made.items([ReceivedLine(first[:cut], whole=False)], "p")
        assert [blank(item) for item in made.items(whole, "p")] == wanted
