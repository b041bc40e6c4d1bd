"""Digits dialled for a line to the outside: taken off where a source says so, proposed where a file shows it."""

from __future__ import annotations

import pytest

from connectors.reading.phones import e164, possible_prefix
from connectors.reading.sample import Sample
from connectors.recognise import choose
from pipeline.loading.outside_numbers import NumberCounts, describe
from schemas.records import CallLeg
from tests.connectors.conftest import Items, Write, read

HEADER = "calldate,src,dst,channel,dstchannel,lastapp,duration,billsec,disposition,uniqueid"


def file_of(*dialled: str) -> str:
    rows = [
        f"2026-02-04 10:{number:02}:00,101,{dst},PJSIP/101-{number:08x},PJSIP/out-{number:08x},Dial,100,90,ANSWERED,"
        for number, dst in enumerate(dialled)
    ]
    return "\n".join([HEADER, *rows, ""])


SPELLINGS = ("989160000002", "9+79160000002", "0079160000002", "81079160000002", "89160000002#")


def counted(items: Items, prefixes: tuple[str, ...] = ()) -> NumberCounts:
    counts = NumberCounts("RU", prefixes)
    for leg in items:
        assert isinstance(leg, CallLeg)
        counts.add(leg)
    return counts


def test_numbers_behind_a_prefix_that_the_source_names(write: Write) -> None:
    legs = read(write(file_of(*SPELLINGS)), prefixes=("9",))
    assert [(leg.contact, leg.contact_raw) for leg in legs if isinstance(leg, CallLeg)] == [
        ("+79160000002", text) for text in SPELLINGS
    ]
    assert counted(legs, ("9",)).numbers().prefixes == {}


def test_prefix_that_a_file_shows_is_reported_and_not_applied(write: Write) -> None:
    legs = read(write(file_of(*SPELLINGS)))
    assert isinstance(legs[0], CallLeg)
    assert legs[0].contact == "+989160000002"
    numbers = counted(legs).numbers()
    assert (numbers.legs, numbers.prefixes, numbers.not_understood) == (5, {"9": 2}, 1)
    (line,) = [line for line in describe(numbers, "RU", "office") if "without '9'" in line]
    assert "2 outbound numbers" in line
    assert "[sources.office]" in line
    assert "+79160000002" in line


def test_prefix_that_the_exchange_takes_off_is_taken_off_of_every_number_and_reported(write: Write) -> None:
    """Also of a number that was never reached, and of one whose line says nothing."""
    header = f"{HEADER},lastdata"
    rows = [
        "2026-02-04 10:00:00,101,984950000137,PJSIP/101-01,PJSIP/out-02,Dial,9,5,ANSWERED,,PJSIP/84950000137@out",
        "2026-02-04 10:01:00,101,989160000002,PJSIP/101-03,,Dial,9,0,NO ANSWER,,",
        "2026-02-04 10:02:00,101,89160000003,PJSIP/101-05,PJSIP/out-06,Dial,9,5,ANSWERED,,PJSIP/9160000003@out",
    ]
    path = write("\n".join([header, *rows, ""]))
    legs = read(path)
    assert [leg.contact for leg in legs if isinstance(leg, CallLeg)] == ["+74950000137", "+79160000002", "+79160000003"]
    _, seen = choose(Sample(path), "calls", "auto", "RU")
    (guess,) = seen.guesses
    assert "without '9' in front: the exchange takes it off (984950000137 went out as 84950000137; 1 rows)" in guess
    assert counted(legs).numbers().prefixes == {}


@pytest.mark.parametrize("went_out_as", ["989160000002", "00989160000002", "84950000001", ""])
def test_number_that_went_out_as_it_was_dialled_or_as_another_shows_no_prefix(write: Write, went_out_as: str) -> None:
    row = "2026-02-04 10:00:00,101,989160000002,PJSIP/101-01,PJSIP/out-02,Dial,9,5,ANSWERED,"
    legs = read(write(f"{HEADER},lastdata\n{row},PJSIP/{went_out_as}@out\n"))
    assert [leg.contact for leg in legs if isinstance(leg, CallLeg)] == ["+989160000002"]


@pytest.mark.parametrize(
    ("text", "region", "prefixes", "number"),
    [
        ("9160000001", "RU", ("9",), "+79160000001"),  # a number as it stands
        ("9810380671234567", "RU", ("9",), "+380671234567"),
        ("98989160000001", "RU", ("9", "989"), "+79160000001"),
        ("9 8 (916) 000-00-01", "RU", ("9",), "+79160000001"),
        ("914155550101", "US", ("9",), "+14155550101"),
        ("94155550101", "US", ("9",), "+14155550101"),
        ("4155550101", "US", ("4",), "+14155550101"),
        ("9004915112345678", "DE", ("9",), "+4915112345678"),
        ("015112345678", "DE", ("0",), "+4915112345678"),
        ("0015112345678", "DE", ("0",), "+4915112345678"),
    ],
)
def test_prefix_is_taken_off_only_where_a_number_is_behind_it(
    text: str, region: str, prefixes: tuple[str, ...], number: str
) -> None:
    assert e164(text, region, prefixes) == number


@pytest.mark.parametrize(
    ("text", "prefix"),
    [("989160000001", "9"), ("9+79160000001", "9"), ("89160000001", ""), ("9160000001", ""), ("+989160000001", ""),
     ("380671234567", ""), ("0079160000001", ""), ("101", ""), ("anonymous", "")],
)  # fmt: skip
def test_what_may_be_a_prefix(text: str, prefix: str) -> None:
    assert possible_prefix(text, "RU") == prefix


def test_sums_of_numbers_add_up(write: Write) -> None:
    """Hidden, not understood, and numbers that no plan has are told apart, each with examples."""
    texts = ["89160000001", "anonymous", "0000000000", "ivanova@host", "79160000001x", "+71110000001", "+71110000001"]
    rows = [
        f"2026-02-04 10:{n:02}:00,{src},101,PJSIP/out-{n:08x},PJSIP/101-{n:08x},Dial,100,90,ANSWERED,"
        for n, src in enumerate(texts)
    ]
    numbers = counted(read(write("\n".join([HEADER, *rows, ""])))).numbers()
    assert (numbers.legs, numbers.hidden, numbers.not_understood, numbers.unknown) == (7, 2, 2, 2)
    assert numbers.not_understood_examples == ["ivanova@host", "79160000001x"]
    text = "\n".join(describe(numbers, "RU", "office"))
    assert "2 of 7 numbers outside are hidden" in text
    assert "2 of 7 numbers outside (28.6%) are not understood" in text
    assert "2 of 7 numbers outside (28.6%) exist neither in RU nor" in text
