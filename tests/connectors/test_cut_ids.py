"""Ids that a spreadsheet has cut are refused with the reason; whole ones of any exchange are not."""

from __future__ import annotations

import pytest

from connectors.reading.cut_ids import cut
from schemas.errors import Terminal
from tests.connectors.conftest import Write, read

HEADER = "calldate,src,dst,channel,dstchannel,lastapp,duration,billsec,disposition,uniqueid,linkedid,sequence"


def file_of(*rows: tuple[str, str]) -> str:
    lines = [
        f"{start},101,8916000000{n},PJSIP/101-{n:08x},PJSIP/out-{n:08x},Dial,100,90,ANSWERED,{id_},{id_},{n}"
        for n, (start, id_) in enumerate(rows)
    ]
    return "\n".join([HEADER, *lines, ""])


def test_times_without_seconds_and_ids_of_fifteen_digits(write: Write) -> None:
    path = write(
        file_of(
            ("2026-03-25 10:00", "1774422000.1"),
            ("2026-03-25 10:10", "1774422600.12346"),
            ("2026-03-25 10:10", "1774422600.12346"),
        )
    )
    with pytest.raises(Terminal, match="a spreadsheet has cut the ids in column 'uniqueid'"):
        read(path)


def test_the_original_is_read(write: Write) -> None:
    path = write(
        file_of(
            ("2026-03-25 10:00:00", "1774422000.10"),
            ("2026-03-25 10:10:00", "1774422600.123456"),
            ("2026-03-25 10:10:00", "1774422600.123458"),
        )
    )
    assert len({getattr(leg, "record_id") for leg in read(path)}) == 3  # noqa: B009  # a leg has one


def test_ids_of_many_calls_none_of_which_ends_with_zero() -> None:
    numbers = [number for number in range(2000) if number % 10]
    assert "none ends with 0" in cut([f"{1774422000 + number}.{number}" for number in numbers])


@pytest.mark.parametrize(
    "ids",
    [
        [f"{1774422000 + number}.{number}" for number in range(2000)],
        [f"{1774422000 + number}.{2 * number + 1}" for number in range(2000)],  # two channels a call: always odd
        ["1774422000.1", "1774422600.3"],
        [f"office-{1774422000 + number}.{number}1" for number in range(500)],
        ["123456789012345678", "123456789012345679"],
        ["20260302101500A1"],
        [],
    ],
)
def test_whole_ids(ids: list[str]) -> None:
    assert cut(ids) == ""


@pytest.mark.parametrize("ids", [["1,77442E+09", "1,77443E+09"], ["1.77442E+15"] * 2])
def test_scientific_ids(ids: list[str]) -> None:
    assert "has lost its last digits" in cut(ids)


def test_long_ids_that_end_with_zeros() -> None:
    assert "behind the 15th digit" in cut(["123456789012345000", "123456789012346000", "223456789012345000"])
