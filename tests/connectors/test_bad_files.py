"""Files that are no export, and rows that are no row: each with its reason and its place."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.reading.sample import Sample
from connectors.recognise import choose
from schemas.errors import Terminal
from schemas.records import CallLeg, Reason, Rejected
from tests.connectors.conftest import Items, Write, read
from tests.connectors.rows import many, row

HAND_PICKED = "calldate,src,dst,duration,billsec,disposition\n"


def rejects(items: Items) -> list[tuple[Reason, str, str]]:
    return [(item.reason, item.field, item.origin) for item in items if isinstance(item, Rejected)]


def legs(items: Items) -> list[str]:
    return [item.origin for item in items if isinstance(item, CallLeg)]


# --- files that cannot be loaded at all


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Terminal, match=r"nothing\.csv: No such file"):
        read(tmp_path / "nothing.csv")


def test_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(Terminal, match=r"a folder: name its files, or let `callfunnel listen folder` watch it"):
        read(tmp_path)


def test_pipe_is_refused_instead_of_waiting_forever(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Terminal, match="not a file"):
        read(tmp_path / "pipe")


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"\xff\xfe", b" \r\n\t\r\n"], ids=repr)
@pytest.mark.parametrize("kind", ["calls", "managers"])
def test_empty_file_is_said_to_be_empty(write: Write, kind: str, content: bytes) -> None:
    with pytest.raises(Terminal, match="the file is empty"):
        read(write(content), kind)


@pytest.mark.parametrize(
    ("kind", "header"),
    [
        ("calls", HAND_PICKED),
        ("calls", HAND_PICKED.rstrip()),
        ("managers", "id,name,team,extensions\n"),
        ("proposals", "proposal_id,organisation_id,manager_id,kind,sent_at\n"),
    ],
)
def test_header_without_rows_loads_nothing_and_says_so(write: Write, kind: str, header: str) -> None:
    with pytest.raises(Terminal, match="a header and no rows"):
        read(write(header), kind)


@pytest.mark.parametrize(
    "content",
    [
        b"\x7fELF\x02\x01\x01" + bytes(range(32)) * 40,
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40,
        b"PK\x03\x04\x14\x00\x06\x00\x08\x00" + bytes(500),
        bytes(4096),
    ],
    ids=["program", "picture", "xlsx", "zeros"],
)
def test_binary_file_is_refused(write: Write, content: bytes) -> None:
    with pytest.raises(Terminal, match="binary file"):
        read(write(content))


@pytest.mark.parametrize(
    "content",
    [
        "hello\n",
        "name,phone\nAnna,84950000001\n",
        # queue_log as a table, JSON of the manager interface, its wire form, FreeSWITCH, a width of nobody
        "uid,date_time,callid,queue_name,type,event\n1,1793599200,NONE,NONE,NONE,QUEUESTART\n",
        '{"event": "Cdr", "source": "84950000001", "starttime": "2026-11-02 09:00:00"}\n',
        "Asterisk Call Manager/9.0.0\r\nEvent: Cdr\r\nSource: 84950000001\r\nStartTime: 2026-11-02 09:00:00\r\n\r\n",
        '"A","84950000001","101","default","2026-11-02 09:00:00","","2026-11-02 09:00:09","9","0","NO_ANSWER"\n',
        row().rstrip() + ",1,2\n",
    ],
    ids=["words", "table", "queue_log", "ami-json", "ami-wire", "freeswitch", "width-23"],
)
def test_unknown_layout_tells_of_map_before_what_is_known(write: Write, content: str) -> None:
    with pytest.raises(Terminal, match=r"not recognised as an export of calls: `callfunnel map FILE`.*asterisk-csv"):
        read(write(content))


def test_table_of_managers_among_calls_tells_the_kind_to_give_and_no_more(write: Write) -> None:
    with pytest.raises(Terminal, match=r"a table of managers, not of calls: load it with --kind managers$"):
        read(write("id,name,team,extensions\nm-1,Anna,North,101\n"))


def test_missing_column_of_a_table_is_named_with_its_other_names(write: Write) -> None:
    with pytest.raises(Terminal, match=r"table of stages needs a header with stage \(also stage, status, этап"):
        read(write("organisation_id,changed_at\no-1,2026-11-02\n"), "stages")


# --- rows


def test_line_that_was_cut_in_the_middle_is_truncated(write: Write) -> None:
    whole = "".join(many(3))
    assert rejects(read(write(whole + row(4)[:90]))) == [(Reason.TRUNCATED, "", "Master.csv:4")]


def test_last_line_without_its_end_is_not_believed_when_the_last_cell_is_an_id(write: Write) -> None:
    """sequence 123 cut to 12 would be another record; the next load of the whole file brings the row."""
    items = read(write("".join(many(3)) + row(123).rstrip("\n")[:-1]))
    assert (len(legs(items)), rejects(items)) == (3, [(Reason.TRUNCATED, "", "Master.csv:4")])


def test_last_line_without_its_end_is_believed_when_its_last_word_is_whole(write: Write) -> None:
    rows = HAND_PICKED + "2026-11-02 09:00,101,84950000001,70,60,ANSWERED\n2026-11-02 09:05,101,84950000001,9,0,"
    assert rejects(read(write(rows + "NO ANSWER"))) == []
    assert rejects(read(write(rows + "NO ANS"))) == [(Reason.TRUNCATED, "", "Master.csv:3")]


def test_line_that_ends_inside_of_quotes_is_truncated(write: Write) -> None:
    cut = row(4)[: row(4).index("DOCUMENTATION") + 3]
    assert rejects(read(write("".join(many(3)) + cut + "\n")))[0][::2] == (Reason.TRUNCATED, "Master.csv:4")


def test_quote_that_is_never_closed_costs_its_own_line_only(write: Write) -> None:
    """The open quote takes the next rows into its cell, and the cells of all may even add up to the right width."""
    rows = many(6)
    for cut_at in range(20, len(rows[2]) - 2):
        broken = rows[2][:cut_at] + "\n"
        items = read(write("".join([*rows[:2], broken, *rows[3:]])))
        assert [origin for origin in legs(items) if origin != "Master.csv:3"] == [
            f"Master.csv:{n}" for n in (1, 2, 4, 5, 6)
        ], broken
        assert len(items) == 6


def test_newline_inside_of_a_cell_is_one_row(write: Write) -> None:
    odd = row(2).replace('"""84950000001""', '"""Romashka\nLtd""')
    items = read(write(row(1) + odd + row(3)))
    assert (legs(items), rejects(items)) == (["Master.csv:1", "Master.csv:2", "Master.csv:4"], [])


def test_nul_bytes_are_a_reject_and_the_rest_goes_on(write: Write) -> None:
    """After a power failure a file system leaves a block of zeros where a row was to be."""
    rows = many(9)
    rows[3] = rows[3][:50] + "\0" * 20 + "\n"
    rows[6] = "\0" * 20 + rows[6]
    items = read(write("".join(rows)))
    assert len(legs(items)) == 7
    assert rejects(items) == [(Reason.NUL_BYTE, "", "Master.csv:4"), (Reason.NUL_BYTE, "", "Master.csv:7")]


def test_too_long_line_is_one_reject_and_the_next_line_has_its_number(write: Write) -> None:
    items = read(write(row(1) + "x," * 600_000 + "\n" + row(3)))
    assert legs(items) == ["Master.csv:1", "Master.csv:3"]
    assert rejects(items) == [(Reason.LINE_TOO_LONG, "", "Master.csv:2")]
    assert [len(item.payload) for item in items if isinstance(item, Rejected)] == [65_536]


@pytest.mark.parametrize("quote", ["", '"'])
def test_cell_beyond_the_limit_of_the_csv_module_does_not_vanish(write: Write, quote: str) -> None:
    odd = row(2).replace('"Dial"', f'"{"x" * 200_000}{quote}')
    items = read(write(row(1) + odd + row(3)))
    assert len(items) == 3
    assert legs(items) == ["Master.csv:1", "Master.csv:3"]
    assert rejects(items) == [(Reason.LINE_TOO_LONG, "", "Master.csv:2")]


def test_row_in_another_encoding_keeps_its_bytes(write: Write) -> None:
    """The first megabyte is ASCII, so the file is utf-8; what cannot be decoded later is shown, and only there."""
    padding = "".join(many(5000)).encode()
    odd = row(5001, src="Щукин").encode("cp1251")
    items = read(write(padding + odd))
    last = items[-1]
    assert isinstance(last, CallLeg)
    assert (len(items), last.contact, last.contact_raw) == (5001, "", r"\xd9\xf3\xea\xe8\xed")


def test_reject_says_the_same_of_the_same_row_wherever_it_stands(write: Write) -> None:
    """So that loading a file again, or its other half, is not another reject."""
    bad = row(7, talk_s=-70)
    first = read(write(row(1) + bad))[1]
    other = read(write("".join(many(5)) + bad, "other.csv"))[5]
    assert isinstance(first, Rejected)
    assert isinstance(other, Rejected)
    assert first.rejected_id == other.rejected_id
    assert first.payload == bad.rstrip("\n")
    assert (first.origin, other.origin) == ("Master.csv:2", "other.csv:6")


def test_line_of_half_a_gigabyte_is_read_in_little_memory(tmp_path: Path) -> None:
    """A hole of half a gigabyte in a file, its bytes zeros: one line, one reject, at most 100 MB of memory."""
    path = tmp_path / "Master.csv"
    with path.open("wb") as file:
        file.write("".join(many(400)).encode())
        file.seek(500_000_000, os.SEEK_CUR)
        file.write(b"\n" + row(402).encode())
    run = subprocess.run([sys.executable, "-c", _READ, str(path)], capture_output=True, text=True, check=True)
    counted, before_kib, after_kib = run.stdout.splitlines()
    assert counted == f"{CallLeg.__name__} 401, {Reason.LINE_TOO_LONG} Master.csv:401"
    assert int(after_kib) - int(before_kib) < 100_000


_READ = """
import resource, sys
from pathlib import Path
from tests.connectors.conftest import read
from schemas.records import CallLeg, Rejected

peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
items = read(Path(sys.argv[1]))
legs = sum(isinstance(item, CallLeg) for item in items)
print(f"CallLeg {legs},", *(f"{item.reason} {item.origin}" for item in items if isinstance(item, Rejected)))
print(before)
print(peak())
"""


def test_choice_of_a_profile_that_does_not_fit_is_refused(write: Write) -> None:
    with pytest.raises(Terminal, match="not recognised"):
        choose(Sample(write("a,b\n1,2\n")), "calls", "asterisk-csv", "RU")
