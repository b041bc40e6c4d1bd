"""How tables are written: delimiters, cells without a name, nothing in every spelling, lists under any key."""

from __future__ import annotations

import json

import pytest

from connectors.reading.sample import Sample
from connectors.recognise import choose
from schemas.errors import Terminal
from schemas.records import CallLeg
from tests.connectors.conftest import Items, Write, read

HEADER = "calldate,src,dst,channel,dstchannel,lastapp,duration,billsec,disposition,uniqueid,linkedid,recordingfile"
ROW = (
    "2026-03-02 10:15:00,201,89161234567,PJSIP/201-00000001,PJSIP/trunk-00000002,Dial,65,60,ANSWERED,"
    "1772435700.1,1772435700.1,rec.wav"
)


def legs(items: Items) -> list[CallLeg]:
    assert all(isinstance(item, CallLeg) for item in items), items
    return [item for item in items if isinstance(item, CallLeg)]


def test_pipes_between_cells(write: Write) -> None:
    (leg,) = legs(read(write(f"{HEADER}\n{ROW}\n".replace(",", "|"))))
    assert (leg.contact, leg.billsec) == ("+79161234567", 60)


@pytest.mark.parametrize(
    ("header", "row"),
    [(HEADER + ",,", ROW), (HEADER + ",,", ROW + ","), (HEADER + ",,", ROW + ",,"), (HEADER, ROW + ",")],
)
def test_cells_without_a_name_at_the_end(write: Write, header: str, row: str) -> None:
    (leg,) = legs(read(write(f"{header}\n{row}\n")))
    assert (leg.contact, leg.recording) == ("+79161234567", "rec.wav")


def test_row_that_is_wider_by_what_holds_something_is_a_reject(write: Write) -> None:
    reasons = [getattr(item, "reason", None) for item in read(write(f"{HEADER}\n{ROW}\n{ROW},x\n"))]
    assert reasons == [None, "wrong_width"]


@pytest.mark.parametrize("nothing", [r"\N", "NULL", "null", "(null)", "(NULL)", "None", "<null>", ""])
@pytest.mark.parametrize("column", ["linkedid", "recordingfile", "dstchannel"])
def test_nothing_in_any_column(write: Write, nothing: str, column: str) -> None:
    cells = ROW.split(",")
    index = HEADER.split(",").index(column)
    plain, spelled = cells.copy(), cells.copy()
    plain[index], spelled[index] = "", nothing
    (expected,) = legs(read(write(f"{HEADER}\n{','.join(plain)}\n", "plain.csv")))
    (leg,) = legs(read(write(f"{HEADER}\n{','.join(spelled)}\n", "spelled.csv")))
    assert leg.origin.replace("spelled", "plain") == expected.origin
    assert (leg.call_id, leg.contact, leg.recording, leg.disposition) == (
        expected.call_id,
        expected.contact,
        expected.recording,
        expected.disposition,
    )


@pytest.mark.parametrize("header", ["Date,Who,Whom,Number,State,Length", "a,b,c,d,e,f"])
def test_header_of_another_table_is_not_a_damaged_row(write: Write, header: str) -> None:
    path = write(f"{header}\n2026-03-02 10:15:00,201,89161234567,65,60,ANSWERED\n")
    with pytest.raises(Terminal, match="callfunnel map"):
        read(path)


def test_six_columns_without_a_header(write: Write) -> None:
    (leg,) = legs(read(write("2026-03-02 10:15:00,201,89161234567,65,60,ANSWERED\n" * 1)))
    assert (leg.contact, leg.billsec) == ("+79161234567", 60)


@pytest.mark.parametrize("offset", ["+03", "+0300", "+03:00", " +03:00"])
def test_time_that_says_its_offset_needs_no_zone(write: Write, offset: str) -> None:
    path = write(f"{HEADER}\n{ROW}\n".replace("10:15:00", f"10:15:00{offset}"))
    _, seen = choose(Sample(path), "calls", "auto", "RU")
    (leg,) = legs(read(path, tz="Asia/Tokyo"))
    assert (seen.needs_zone, f"{leg.started_at:%H:%M}") == (False, "07:15")


@pytest.mark.parametrize(
    "wrap",
    [
        lambda rows: {"whatever": rows, "total": 1},
        lambda rows: {"meta": {"page": 1}, "answer": {"the calls": rows}, "next": None},
        lambda rows: {"a": {"b": {"c": rows}}, "tags": ["x"]},
    ],
)
def test_the_only_list_of_objects_is_the_table(write: Write, wrap: object) -> None:
    row = dict(zip(HEADER.split(","), ROW.split(","), strict=True))
    assert callable(wrap)
    path = write(json.dumps(wrap([{"id": "1", "startTime": "2026-03-02T10:15:00Z", "direction": "Outbound",
        "result": "Call connected", "duration": 60, "from.extensionNumber": row["src"],
        "to.phoneNumber": "+79161234567"}])), "calls.json")  # fmt: skip
    (leg,) = legs(read(path))
    assert (leg.contact, leg.extension) == ("+79161234567", "201")


@pytest.mark.parametrize(
    "dump",
    [
        "-- MySQL dump 10.13\n/*!40101 SET a=1 */;\nCREATE TABLE `cdr` (a int);\nINSERT INTO `cdr` VALUES (1);\n",
        "--\n-- PostgreSQL database dump\n--\n\nSET row_security = off;\nCOPY public.cdr (a) FROM stdin;\n1\n\\.\n",
    ],
)
def test_dump_of_a_database_says_what_to_do(write: Write, dump: str) -> None:
    with pytest.raises(Terminal, match="import it and use `callfunnel listen sql`, or export the table"):
        read(write(dump, "cdr.sql"))
