"""What others may put into a drop folder: links, pipes, sockets, second names, and names of any bytes."""

from __future__ import annotations

import logging
import os
import socket
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from connectors.folder.listener import DONE, REJECTED, ROWS
from connectors.reading.names import fitting, printable
from connectors.reading.opening import NotAFile, no_links, open_file, open_folder
from schemas.errors import Terminal
from schemas.records import FeedState
from tests.connectors.folder.test_listener import Loader, names, opened
from tests.connectors.live.sinks import until


def a_link(path: Path) -> None:
    path.symlink_to(path.parent.parent / "secret")


def a_dead_link(path: Path) -> None:
    path.symlink_to("/nowhere/at/all")


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's path has 107 bytes at most
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def a_second_name(path: Path) -> None:
    path.hardlink_to(path.parent.parent / "secret")


def a_device(path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root makes devices")
    os.mknod(path, stat.S_IFCHR | 0o644, os.makedev(1, 5))  # /dev/zero: it never ends


ODD = {
    "a link": a_link,
    "a dead link": a_dead_link,
    "a pipe": a_pipe,
    "a socket": a_socket,
    "a second name": a_second_name,
    "a device": a_device,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A drop folder; beside it a file that its users may not read."""
    (tmp_path / "secret").write_text("the passwords")
    (tmp_path / "drop").mkdir()
    return tmp_path / "drop"


@pytest.mark.parametrize("make", ODD.values(), ids=ODD)
def test_what_is_no_file_of_its_own_is_left_alone_with_a_word_and_stops_nobody(
    folder: Path, make: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "callfunnel.listen")
    make(folder / "odd.csv")
    (folder / "calls.csv").write_text("a")
    loader = Loader()
    with opened(folder, loader):
        until(lambda: "calls.csv" in names(folder / DONE))
        (folder / "more.csv").write_text("b")
        until(lambda: "more.csv" in names(folder / DONE))
    assert set(loader.texts) == {"calls.csv", "more.csv"}
    assert os.path.lexists(folder / "odd.csv")
    logged = [record.getMessage() for record in caplog.records if "odd.csv" in record.getMessage()]
    assert len(logged) == 1, "it is said once"
    assert "left alone: it is a" in logged[0]
    assert (folder.parent / "secret").read_text() == "the passwords"


@pytest.mark.parametrize("make", ODD.values(), ids=ODD)
def test_file_that_is_changed_for_something_else_before_it_is_opened_is_not_read(
    folder: Path, make: Callable[[Path], None]
) -> None:
    path = folder / "calls.csv"
    make(path)
    with no_links(), pytest.raises((NotAFile, OSError)):
        open_file(path)
    path.unlink()
    path.write_text("a")
    with no_links(), open_file(path) as file:
        assert file.read() == b"a"


def test_link_that_a_person_names_is_followed(folder: Path) -> None:
    a_link(folder / "calls.csv")
    with open_file(folder / "calls.csv") as file:
        assert file.read() == b"the passwords"


@pytest.mark.parametrize("name", [DONE, REJECTED, ROWS])
def test_door_does_not_start_when_a_folder_of_its_own_is_a_link(folder: Path, name: str) -> None:
    (folder.parent / "elsewhere").mkdir()
    (folder / name).symlink_to(folder.parent / "elsewhere")
    (folder / "calls.csv").write_text("refuse")
    with pytest.raises(Terminal, match=f"{name} is a link"), opened(folder, Loader()) as (_, broker):
        until(lambda: broker.feeds and broker.feeds[-1].state is FeedState.FAILED)
    assert names(folder.parent / "elsewhere") == []
    assert "calls.csv" in names(folder)


@pytest.mark.parametrize(("name", "text"), [(DONE, "a"), (REJECTED, "refuse")])
def test_folder_that_becomes_a_link_while_a_file_is_loaded_gets_nothing(folder: Path, name: str, text: str) -> None:
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    loader = Loader()

    def swap(paths: Sequence[Path]) -> None:
        (folder / name).rename(folder.parent / "aside")
        (folder / name).symlink_to(elsewhere)

    loader.before = swap
    (folder / "calls.csv").write_text(text)
    with pytest.raises(Terminal, match="is a link"), opened(folder, loader) as (_, broker):
        until(lambda: broker.feeds and broker.feeds[-1].state is FeedState.FAILED)
    assert names(elsewhere) == []
    assert "calls.csv" in names(folder)


def test_link_in_the_place_of_a_report_is_replaced_and_not_written_through(folder: Path) -> None:
    (folder / DONE).mkdir()
    (folder / DONE / "calls.csv.report.json").symlink_to(folder.parent / "secret")
    (folder / "calls.csv").write_text("a")
    with opened(folder, Loader()):
        until(lambda: "calls.csv" in names(folder / DONE))
    report = folder / DONE / "calls.csv.report.json"
    assert not report.is_symlink()
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert (folder.parent / "secret").read_text() == "the passwords"


HOSTILE = [
    b"\xff\xfe.csv",
    b"two\nlines.csv",
    b"\x1b[31mred.csv",
    "\u202evsc.exe".encode(),
    b"-rf.csv",
    b"'; DROP TABLE calls; --.csv",
    b"x" * 251 + b".csv",
    "я".encode() * 125 + b".csv",
    b"con.csv",
    b"%s%n{}.csv",
]


@pytest.mark.parametrize(("text", "into"), [("a", DONE), ("refuse", REJECTED)])
def test_files_of_any_name_are_loaded_and_moved_twice(
    folder: Path, text: str, into: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "callfunnel"), opened(folder, Loader()):
        for time in (1, 2):
            for name in HOSTILE:
                whole = folder.parent / "whole"
                whole.write_text(text)
                whole.rename(folder / os.fsdecode(name))  # never seen half-written
            until(lambda time=time: len(names(folder / into)) == 2 * time * len(HOSTILE))  # type: ignore[misc]
    assert sum(name.endswith(".report.json") for name in names(folder / into)) == 2 * len(HOSTILE)
    assert caplog.text.encode("utf-8"), "what is logged can be written"
    assert "\x1b[31m" not in caplog.text


def test_names_fit_and_can_be_printed() -> None:
    assert fitting("a.csv", 60) == "a.csv"
    assert len(os.fsencode(fitting("я" * 127, 60))) <= 195
    assert fitting("x" * 250 + ".csv", 60).endswith("x.csv")
    assert printable("a\nb\x1b") == r"a\nb\x1b"
    assert printable(os.fsdecode(b"\xff.csv")) == r"\\udcff.csv"


def test_folders_are_opened_as_they_are(folder: Path) -> None:
    (folder / "link").symlink_to(folder.parent)
    os.close(open_folder(folder / "link"))
    with no_links(), pytest.raises(Terminal, match="is a link"):
        open_folder(folder / "link")
