"""Whatever bytes come, in whatever pieces: the same messages, no exception, bounded memory, and a lost step is said."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.freeswitch.esl.messages import MOST_BODY, MOST_HEAD, MOST_SKIPPED, EslMessage, EslMessages
from tests.connectors.freeswitch.esl.peer import NOTICE, REQUEST, event, message, plain
from tests.connectors.rows import NINE

bodies = st.binary(max_size=60)
messages = st.builds(message, st.sampled_from(["text/event-plain", "text/event-json", "command/reply"]), bodies)
pieces = st.one_of(
    messages,
    st.binary(max_size=40),
    st.sampled_from([REQUEST, NOTICE, b"\r\n", b"\n\n", b":\n", b"\r", b"Content-Length: ", b"Content-Length: -1\n\n"]),
    st.sampled_from([b"Content-Length: 99999999\n\n", b"\xff\xfe\x00\n", b"a" * MOST_HEAD, b"content-length:4\n\nabc"]),
)


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({position % (len(data) + 1) for position in cuts} | {0, len(data)})
    return [data[begin:end] for begin, end in pairwise(at)]


@given(st.lists(pieces, max_size=12).map(b"".join), st.lists(st.integers(0, 10**6), max_size=30))
def test_any_cut_of_any_bytes_gives_the_same_messages(data: bytes, cuts: list[int]) -> None:
    once, reader = EslMessages(), EslMessages()
    whole = once.feed(data)
    assert [found for part in cut(data, cuts) for found in reader.feed(part)] == whole
    assert reader.broken == once.broken


@given(st.lists(bodies, max_size=6))
def test_every_message_comes_out_with_its_body(sent: list[bytes]) -> None:
    reader = EslMessages()
    found = reader.feed(REQUEST + b"".join(message("api/response", body) for body in sent))
    assert [one.body for one in found] == [b"", *sent]
    assert [one.kind for one in found] == ["auth/request", *["api/response"] * len(sent)]
    assert not reader.broken


def test_half_a_body_is_none_until_its_last_byte() -> None:
    reader = EslMessages()
    data = plain(event(1, NINE))
    assert reader.feed(data[:-1]) == []
    (found,) = reader.feed(data[-1:])
    assert found.whole


@pytest.mark.parametrize("filler", [b"x", b"Name: value\r\n"])
def test_headers_without_end_break_the_step_and_take_no_more_than_their_bound(filler: bytes) -> None:
    reader = EslMessages()
    for _ in range(1_048_576 // 4096 + 1):
        assert reader.feed(filler * (4096 // len(filler))) == []
        assert len(reader._line) + sum(map(len, reader._lines)) <= MOST_HEAD
    assert reader.broken == "headers of over 65,536 bytes"
    assert reader.feed(b"\n\n" + REQUEST) == []


def test_body_over_the_bound_is_cut_and_the_next_message_is_whole() -> None:
    reader = EslMessages()
    (found,) = reader.feed(message("text/event-plain", b"x" * (MOST_BODY + 7)))
    assert (found.whole, len(found.body)) == (False, MOST_BODY)
    assert reader.feed(REQUEST) == [EslMessage({"content-type": "auth/request"}, b"")]
    (exact,) = reader.feed(message("text/event-plain", b"x" * MOST_BODY))
    assert exact.whole


@pytest.mark.parametrize("length", ["", "-1", "x", "1e3", "٣", str(MOST_SKIPPED + 1), "9" * 5000])
def test_length_that_cannot_be_breaks_the_step(length: str) -> None:
    reader = EslMessages()
    assert reader.feed(f"Content-Length: {length}\n\n".encode() + REQUEST) == []
    assert reader.broken.startswith("a message of ")
    assert len(reader.broken) < 60


def test_bytes_that_are_no_utf8_are_shown_as_they_are() -> None:
    (found,) = EslMessages().feed(b"Reply-Text: -ERR \xd0\x9e\xff\r\n\r\n")
    assert found.get("reply-text") == "-ERR О\\xff"
