"""Whatever bytes come, in whatever pieces: the same messages, no exception, bounded memory."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from connectors.asterisk.ami.messages import MOST_LINE, MOST_MESSAGE, AmiMessages
from tests.connectors.asterisk.ami.peer import BANNER, event
from tests.connectors.rows import NINE

texts = st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), max_size=20)
headers = st.lists(st.tuples(st.sampled_from(["Event", "Source", "X", "linkedID"]), texts), min_size=1, max_size=6)
messages = headers.map(lambda pairs: "".join(f"{n}: {v}\r\n" for n, v in pairs).encode() + b"\r\n")
pieces = st.one_of(
    messages,
    st.binary(max_size=40),
    st.sampled_from([BANNER, b"\r\n", b"\n\n", b":\r\n", b"\r", b"Event: Cdr", b"\xff\xfe\x00\r\n", b"a" * MOST_LINE]),
)


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({position % (len(data) + 1) for position in cuts} | {0, len(data)})
    return [data[begin:end] for begin, end in pairwise(at)]


@given(st.lists(pieces, max_size=12).map(b"".join), st.lists(st.integers(0, 10**6), max_size=30))
def test_any_cut_of_any_bytes_gives_the_same_messages(data: bytes, cuts: list[int]) -> None:
    whole = AmiMessages().feed(data)
    reader = AmiMessages()
    assert [message for part in cut(data, cuts) for message in reader.feed(part)] == whole


@given(st.lists(headers, max_size=6))
def test_every_message_comes_out_with_its_headers(pairs: list[list[tuple[str, str]]]) -> None:
    data = b"".join("".join(f"{n}: {v}\r\n" for n, v in one).encode() + b"\r\n" for one in pairs)
    found = AmiMessages().feed(BANNER + data)
    assert len(found) == len(pairs)
    for message, one in zip(found, pairs, strict=True):
        assert message.whole
        first = {name.lower(): value.strip() for name, value in reversed(one)}
        assert dict(message.headers) == first


def test_half_an_event_is_none_until_its_blank_line() -> None:
    reader = AmiMessages()
    data = event(1, NINE)
    assert reader.feed(data[:-1]) == []
    (message,) = reader.feed(data[-1:])
    assert message.get("source") == "84950000001"


def test_line_without_end_and_event_without_end_take_no_more_than_their_bounds() -> None:
    reader = AmiMessages()
    for _ in range(200):
        assert reader.feed(b"x" * 65_536) == []
    assert len(reader._line) == MOST_LINE
    for _ in range(20_000):
        assert reader.feed(b"\r\nName: " + b"v" * 100) == []
    assert sum(map(len, reader._lines)) <= MOST_MESSAGE
    (message,) = reader.feed(b"\r\n\r\n")
    assert not message.whole
    assert len(message.text) <= MOST_MESSAGE + len(message.text.splitlines())
    (after,) = reader.feed(event(1, NINE))
    assert after.whole


def test_bytes_that_are_no_utf8_are_shown_as_they_are() -> None:
    (message,) = AmiMessages().feed(b"CallerID: \xd0\x9e\xff\r\n\r\n")
    assert message.get("callerid") == "О\\xff"
