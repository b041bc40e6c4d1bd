"""A journal on a real disk: owned by one process, in order, bounded, and gone once it is empty."""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.live.journal import Entry, Journal, Owned, found_in, journal_path, journals
from schemas.errors import Terminal


def entry(number: int, records: int = 1) -> Entry:
    return Entry("office http", "call-legs", records, number, b'["k"]', b"{}")


def numbers(journal: Journal, after: int = 0, most: int = 1_000) -> list[int]:
    return [one.received_ns for one in journal.read(after, most)]


def test_only_its_owner_may_read_it_and_an_empty_one_is_removed(tmp_path: Path) -> None:
    path = journal_path(tmp_path / "journals", "офис/1", "folder:a b", "s-1")
    assert path.parent == tmp_path / "journals"
    with closing(Journal(path)) as journal:
        journal.append([entry(1)])
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert {stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()} == {0o600}
    assert journals(path.parent) == [path]
    with closing(Journal(path)) as journal:
        journal.delete(journal.last)
    assert list(path.parent.iterdir()) == []


def test_one_process_owns_it_and_who_is_gone_owns_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    with closing(Journal(path)) as journal:
        journal.append([entry(1, records=3)])
        with pytest.raises(Owned):
            Journal(path)
        assert [(found.is_owned, found.records) for found in found_in(tmp_path)] == [(True, 3)]
    assert [(found.is_owned, found.records) for found in found_in(tmp_path)] == [(False, 3)]
    with pytest.raises(Owned):
        Journal(tmp_path / "none.journal", only_if_there=True)
    assert not (tmp_path / "none.journal").exists()


def test_what_another_wrote_is_read_in_order_and_numbers_are_not_used_again(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    with closing(Journal(path)) as journal:
        journal.append([entry(1), entry(2)])
    with closing(Journal(path)) as journal:
        journal.append([entry(3)])
        assert numbers(journal) == [1, 2, 3]
        assert numbers(journal, most=2) == [1, 2]
        last = journal.last
        journal.delete(last)
        journal.append([entry(4)])
        assert journal.last == last + 1
        assert numbers(journal, after=last) == [4]


def test_a_file_that_is_no_journal_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    path.write_bytes(b"something else" * 1000)
    with pytest.raises(Terminal, match="it is not a journal"):
        Journal(path)
    assert path.read_bytes() == b"something else" * 1000


def test_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Terminal, match="no journal can be kept there"):
        Journal(tmp_path / "file" / "a.journal")


def test_every_commit_is_on_disk_when_it_returns(tmp_path: Path) -> None:
    """FULL (2) is what makes SQLite wait for the disk at each commit of a write-ahead log."""
    with closing(Journal(tmp_path / "a.journal")) as journal:
        assert journal._write.execute("PRAGMA synchronous").fetchone() == (2,)
        assert journal._write.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_bound_is_of_what_waits(tmp_path: Path) -> None:
    with closing(Journal(tmp_path / "a.journal", most_bytes=14)) as journal:
        journal.append([entry(1)])
        assert not bool(journal.is_full)
        journal.append([entry(2)])
        assert bool(journal.is_full)
        journal.delete(1)
        assert numbers(journal) == [2]
        journal.append([])
        assert not bool(journal.is_full)


@given(steps=st.lists(st.one_of(st.integers(1, 3000), st.floats(0, 1), st.none()), max_size=12))
def test_it_is_a_queue_through_any_reopening(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int | float | None]
) -> None:
    """A number appends so many entries, a share deletes so much of what is there, None is another process."""
    path = tmp_path_factory.mktemp("journal") / "a.journal"
    journal, model, made = Journal(path), list[tuple[int, int]](), 0
    for step in steps:
        if step is None:
            was = journal.last
            journal.close()
            journal = Journal(path)
            assert not model or journal.last == was
        elif isinstance(step, int):
            journal.append([entry(made + n) for n in range(step)])
            model += [(journal.last - step + 1 + n, made + n) for n in range(step)]
            made += step
        elif model:
            upto = model[int((len(model) - 1) * step)][0]
            journal.delete(upto)
            model = [(seq, number) for seq, number in model if seq > upto]
        assert [(one.seq, one.received_ns) for one in journal.read(0, 1 << 30)] == model
        assert journal.records == len(model)
    journal.close()
    assert path.exists() == bool(model)


def test_a_reader_from_outside_does_not_hold_up_the_owner(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    with closing(Journal(path)) as journal:
        journal.append([entry(1)])
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as other:
            other.execute("BEGIN")
            assert other.execute("SELECT count(*) FROM entries").fetchone() == (1,)
            journal.append([entry(2)])
            journal.delete(1)
        assert numbers(journal) == [2]
    os.remove(path)


def test_what_was_stored_leaves_no_byte_in_its_files(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    number = b"+79161234567"
    with closing(Journal(path)) as journal:
        journal.append([entry(one)._replace(lines=number * 500) for one in range(300)])
        assert any(number in one.read_bytes() for one in tmp_path.iterdir())
        journal.delete(journal.last)
        assert [one.name for one in tmp_path.iterdir() if number in one.read_bytes()] == []
        assert path.exists(), "it is not removed while its listener lives"


def test_who_reads_a_journal_for_long_holds_up_nobody(tmp_path: Path) -> None:
    path = tmp_path / "a.journal"
    with closing(Journal(path)) as journal, closing(sqlite3.connect(path, isolation_level=None)) as reader:
        journal.append([entry(1)])
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM entries").fetchone() == (1,)
        began = time.monotonic()
        journal.delete(journal.last)
        journal.append([entry(2)])
        assert time.monotonic() - began < 10, "a reader is waited for 30 s elsewhere"
        assert numbers(journal) == [2]
