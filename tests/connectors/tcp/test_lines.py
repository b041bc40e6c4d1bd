"""Whatever bytes come, in whatever pieces: the same lines, no exception, bounded memory."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from connectors.tcp.lines import MOST_LINE, Lines, ReceivedLine

pieces = st.one_of(
    st.binary(max_size=30),
    st.sampled_from([b"\r\n", b"\n", b"\r", b"\0\0", b"Call 1,2", b"x" * MOST_LINE, "å;ё".encode(), b"\xff"]),
)


def read(data: bytes, at: list[int]) -> list[ReceivedLine]:
    reader = Lines()
    cuts = sorted({cut % (len(data) + 1) for cut in at} | {0, len(data)})
    found = [line for begin, end in pairwise(cuts) for line in reader.feed(data[begin:end])]
    return found + reader.end()


@given(st.lists(pieces, max_size=12).map(b"".join), st.lists(st.integers(0, 10**6), max_size=30))
def test_any_cut_of_any_bytes_gives_the_same_lines(data: bytes, cuts: list[int]) -> None:
    assert read(data, cuts) == read(data, [])


texts = st.text(st.characters(exclude_characters="\r\n\0", codec="utf-8"), min_size=1, max_size=20)


@given(st.lists(texts.filter(str.strip), max_size=8), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_every_line_comes_out_as_it_was(sent: list[str], end: str, ends: bool) -> None:
    data = end.join(sent) + (end if ends else "")
    found = read(data.encode(), [3, 7, 11])
    assert [line.text for line in found] == sent
    assert [line.whole for line in found] == [ends or number < len(sent) - 1 for number in range(len(sent))]


def test_padding_and_blank_lines_are_nothing() -> None:
    assert read(b"\0\0\0a,b\0\r\n\r\n \r\n\0\0", []) == [ReceivedLine("a,b")]


def test_line_without_end_takes_no_more_than_its_bound() -> None:
    reader = Lines()
    for _ in range(200):
        assert reader.feed(b"x" * 65_536) == []
    assert len(reader._begun) == MOST_LINE
    (long, after) = reader.feed(b"\nCall 1\n")
    assert (long.too_long, len(long.text)) == (True, MOST_LINE)
    assert after == ReceivedLine("Call 1")
