"""The file of rejects: rows under their header, for its owner alone, loadable again; and the load that is given up."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from connectors.reading.defused import defused
from connectors.reading.rejected_rows import RejectedRows, mended_import
from connectors.reading.sample import Sample
from connectors.recognise import choose
from connectors.sender import FrameSender
from pipeline.cli.load import summary
from pipeline.loading.outcome import Outcome
from pipeline.loading.prepare import PreparedFile
from pipeline.loading.split_rejects import FuseBlown, is_mostly_rejected, split_rejects
from schemas.errors import Terminal
from schemas.records import CallLeg, Record, Rejected
from schemas.topics import Topic
from tests.connectors.conftest import Write, context, read
from tests.connectors.rows import many, row

FIRST, SECOND = "20261102T090000-0a1b2c", "20261103T090000-0a1b2c"
FREEPBX = "calldate,src,dst,channel,dstchannel,lastapp,duration,billsec,disposition,uniqueid\n"


def freepbx(n: int, duration: str = "70") -> str:
    return (
        f"2026-11-02 09:{n:02d}:00,101,84950000001,SIP/101-{n:08x},SIP/provider-{n:08x},Dial,"
        f"{duration},60,ANSWERED,{1_793_599_200 + 60 * n}.{n}\n"
    )


class Wire:
    """A sender that remembers."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Record]] = []

    def send(self, topic: Topic, record: Record) -> None:
        self.sent.append((topic.name, record))


def prepared(path: Path, kind: str = "calls") -> PreparedFile:
    loading_context = context()
    source, recognised = choose(Sample(path), kind, "auto", loading_context.region)
    return PreparedFile(path=path, source=source, recognised=recognised, context=loading_context, zone_why="")


class Sifted:
    """What became of a file on its way to the wire."""

    def __init__(self, path: Path, folder: Path, kind: str = "calls", import_id: str = FIRST) -> None:
        self.wire = Wire()
        self.file = prepared(path, kind)
        self.reading = self.file.source.read(path, self.file.recognised, self.file.context)
        self.rejects = RejectedRows(folder, path, self.file.recognised, import_id)

    def run(self) -> list[Record]:
        with self.rejects:
            return list(self.going())

    def going(self) -> Iterator[Record]:
        return split_rejects(self.reading, self.file, self.rejects, cast(FrameSender, self.wire))


def test_rejects_stand_under_the_header_and_load_again_once_mended(write: Write, tmp_path: Path) -> None:
    rows = [freepbx(n) for n in range(1, 40)]
    rows[4], rows[9] = freepbx(5, duration="-70"), freepbx(10, duration="long")
    path = write(FREEPBX + "".join(rows), "cdr.csv")
    sifted = Sifted(path, tmp_path / "rejects")
    records = sifted.run()
    assert sifted.rejects.path.read_text() == FREEPBX + freepbx(5, duration="'-70") + freepbx(10, duration="long")
    mended = sifted.rejects.path.read_text().replace("'-70", "70").replace("long", "70")
    again = Sifted(write(mended, "mended.csv"), tmp_path / "rejects").run()
    whole = Sifted(write(FREEPBX + "".join(freepbx(n) for n in range(1, 40)), "whole.csv"), tmp_path / "rejects").run()
    assert ids(records) | ids(again) == ids(whole)
    assert (len(records), len(again), len(whole)) == (37, 2, 39)


def ids(records: list[Record]) -> set[str]:
    return {record.record_id for record in records if isinstance(record, CallLeg)}


def test_rejects_are_for_their_owner_alone_even_in_a_file_that_was_there(write: Write, tmp_path: Path) -> None:
    """Rows hold phone numbers."""
    folder = tmp_path / "rejects"
    sifted = Sifted(write("".join([*many(9), row(10, talk_s=-9)])), folder)
    folder.mkdir(mode=0o755)
    sifted.rejects.path.write_text("of an earlier load")
    sifted.rejects.path.chmod(0o644)
    sifted.run()
    assert stat.S_IMODE(sifted.rejects.path.stat().st_mode) == 0o600
    assert sifted.rejects.path.read_text() == defused(row(10, talk_s=-9))


def test_folder_of_rejects_that_is_made_is_closed_to_others(write: Write, tmp_path: Path) -> None:
    sifted = Sifted(write("".join([*many(9), row(10, talk_s=-9)])), tmp_path / "new" / "rejects")
    sifted.run()
    assert stat.S_IMODE(sifted.rejects.path.parent.stat().st_mode) == 0o700


def test_no_file_of_rejects_when_there_are_none(write: Write, tmp_path: Path) -> None:
    sifted = Sifted(write("".join(many(9))), tmp_path / "rejects")
    assert len(sifted.run()) == 9
    assert not (tmp_path / "rejects").exists()


def test_file_of_rejects_tells_of_its_import_and_no_other_load_writes_over_it(write: Write, tmp_path: Path) -> None:
    rows = "".join([*many(9), row(10, talk_s=-9)])
    first = Sifted(write(rows), tmp_path)
    first.run()
    assert (first.rejects.path.name, mended_import(first.rejects.path)) == (f"Master.{FIRST}.csv", FIRST)
    again = Sifted(first.rejects.path, tmp_path, import_id=SECOND)
    again.run()
    assert (again.rejects.path.name, first.rejects.path.read_text()) == (
        f"Master.{SECOND}.csv",
        defused(row(10, talk_s=-9)),
    )


@pytest.mark.parametrize(
    ("name", "of"),
    [
        ("Master.csv", ""),
        (f"rejected-Master.{FIRST}.csv", FIRST),
        (f"queue_log.{FIRST}", FIRST),
        (f"Master.{FIRST} (1).csv", FIRST),
        (f"Master.{FIRST}0.csv", ""),
    ],
)
def test_file_that_was_moved_or_downloaded_is_still_known_as_rejects(name: str, of: str) -> None:
    assert mended_import(Path("drop") / name) == of


def test_name_as_long_as_a_disk_takes_has_room_for_the_import(write: Write, tmp_path: Path) -> None:
    sifted = Sifted(write("".join([*many(9), row(10, talk_s=-9)]), "ж" * 125 + ".csv"), tmp_path / "rejects")
    sifted.run()
    assert sifted.rejects.path.exists()


def test_rejects_of_utf_16_and_carriage_returns_are_written_as_text_of_today(write: Write, tmp_path: Path) -> None:
    text = "Организация;Этап;Дата\ro-1;Новый;01.09.2026\ro-2;Щука;02.09.2026\r"
    sifted = Sifted(write(text.encode("utf-16"), "stages.csv"), tmp_path / "rejects", "stages")
    assert len(sifted.run()) == 1
    assert sifted.rejects.path.read_bytes().decode() == "Организация;Этап;Дата\no-2;Щука;02.09.2026\n"


def test_folder_that_cannot_be_written_says_which_option_moves_it(write: Write, tmp_path: Path) -> None:
    (tmp_path / "rejects").write_text("a file where the folder should be")
    with pytest.raises(Terminal, match=r"rejected rows cannot be kept: .*see --rejects"):
        Sifted(write("".join([*many(9), row(10, talk_s=-9)])), tmp_path / "rejects").run()


# --- given up


def test_half_of_the_rows_is_not_yet_most_and_few_rows_prove_nothing() -> None:
    assert is_mostly_rejected(20, 11)
    assert not is_mostly_rejected(20, 10)
    assert not is_mostly_rejected(19, 19)


def test_file_of_mostly_rejected_rows_sends_no_record_and_speaks_of_its_format(write: Write, tmp_path: Path) -> None:
    rows = [row(n) if n % 3 == 0 else row(n, talk_s=-9) for n in range(1, 31)]
    sifted = Sifted(write("".join(rows)), tmp_path / "rejects")
    with pytest.raises(FuseBlown, match="20 of 30 rows were rejected") as stopped:
        sifted.run()
    assert [name for name, record in sifted.wire.sent if not isinstance(record, Rejected)] == []
    message = str(stopped.value)
    assert "bad_duration 20" in message
    assert "first at Master.csv:1: bad_duration" in message
    assert "taken for cdr_csv, 21 columns" in message
    assert "callfunnel load --explain" in message


def test_file_without_one_good_row_is_given_up_after_a_thousand_rows(write: Write, tmp_path: Path) -> None:
    rows = [row(1)] + [row(n, talk_s=-9) for n in range(2, 5001)]
    sifted = Sifted(write("".join(rows)), tmp_path / "rejects")
    with pytest.raises(FuseBlown, match="999 of 1000 rows"):
        sifted.run()
    assert len(sifted.wire.sent) == 999


def test_format_that_changes_later_stops_the_load_when_most_is_rejected(write: Write, tmp_path: Path) -> None:
    rows = [row(n) for n in range(1, 2001)] + [row(n, talk_s=-9) for n in range(2001, 9001)]
    sifted = Sifted(write("".join(rows)), tmp_path / "rejects")
    with pytest.raises(FuseBlown, match="3000 of 5000 rows"):
        sifted.run()


def test_records_leave_once_a_thousand_rows_were_good(write: Write, tmp_path: Path) -> None:
    """Not before, so that a wrong format sends nothing; not much later, so that memory stays small."""
    sifted = Sifted(write("".join(many(3000))), tmp_path / "rejects")
    going = sifted.going()
    next(going)
    assert sifted.reading.rows == 1000
    assert len(list(going)) == 2999


# --- told


def test_summary_tells_of_repeats_and_of_equal_rows_that_no_uniqueid_tells_apart() -> None:
    outcome = Outcome(file="calls.csv", import_id="i", kind="calls", profile="asterisk-csv", time_zone="UTC")
    assert not any("equal another one" in line for line in summary(outcome))
    outcome.equal_rows, outcome.repeats = 2, 3
    assert "  rows 0  legs 0  calls 0  repeats 3  rejected 0" in summary(outcome)
    assert "  2 rows equal another one and have no uniqueid: each such call is counted once" in summary(outcome)


def test_equal_rows_without_a_uniqueid_are_one_record(write: Write) -> None:
    line = "2026-11-02 09:00,84950000001,101,20,0,NO ANSWER\n"
    items = read(write("calldate,src,dst,duration,billsec,disposition\n" + line * 2 + line.replace("20,0", "20,9")))
    assert len({item.record_id for item in items if isinstance(item, CallLeg)}) == 1
