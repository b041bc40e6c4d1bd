"""The folder listener with a loader made of a list: files are loaded whole, moved once, and none is lost."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from connectors.folder.listener import BATCH_FILES, FolderListener, Load, LoadedFile
from connectors.live.backoff import Backoff
from connectors.live.delivery_queue import DeliveryQueue
from schemas.errors import Terminal, Transient
from schemas.records import FeedState
from tests.connectors.live.sinks import Broker, run_listener, until


class Loader:
    """Remembers what it was given; refuses what says so."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}
        self.batches: list[int] = []
        self.cpu_s: list[float] = []
        """What the listener's thread had worked by each batch: other programs of the machine are not in it."""
        self.before: Callable[[Sequence[Path]], None] = lambda _: None

    def __call__(self, paths: Sequence[Path]) -> list[LoadedFile]:
        self.before(paths)
        self.batches.append(len(paths))
        self.cpu_s.append(time.thread_time())
        for path in paths:
            self.texts.setdefault(path.name, []).append(path.read_text(encoding="utf-8"))
        return [
            LoadedFile(
                path, "refuse" not in self.texts[path.name][-1], b'{"records": 3}', f"tag{len(self.batches)}", 3, 1
            )
            for path in paths
        ]


class Clock:
    """The listener's clock: it stands until the test moves it, or lets it run."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.runs = False
        self._rounds = 0

    def __call__(self) -> float:
        self._rounds += 1
        return time.monotonic() if self.runs else self.now_s

    def looked_again(self) -> None:
        """Return once the listener has looked into its folder, from beginning to end, after now."""
        rounds_before = self._rounds
        until(lambda: self._rounds >= rounds_before + 2)


@contextmanager
def opened(
    folder: Path, loader: Load, monotonic: Callable[[], float] = time.monotonic
) -> Iterator[tuple[DeliveryQueue, Broker]]:
    line, broker = DeliveryQueue("office", "folder:drop", "s1"), Broker()
    door = FolderListener(folder, loader, settle_s=0.1, backoff=Backoff(0.01, 0.05), monotonic=monotonic)
    failure: list[BaseException] = []

    def run() -> None:
        try:
            run_listener(line, broker, door)
        except BaseException as error:
            failure.append(error)

    running = threading.Thread(target=run)
    running.start()
    try:
        yield line, broker
    finally:
        line.stopping.set()
        running.join(60)
    assert not running.is_alive()
    if failure:
        raise failure[0]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_file_goes_to_done_or_rejected_with_a_report_beside_it(tmp_path: Path) -> None:
    loader = Loader()
    (tmp_path / "before.csv").write_text("a")
    with opened(tmp_path, loader) as (line, _):
        until(lambda: "before.csv" in names(tmp_path / "done"))
        (tmp_path / "bad.csv").write_text("refuse")
        until(lambda: "bad.csv" in names(tmp_path / "rejected"))
        # A file is counted after it was moved.
        until(lambda: (line.heartbeat().records, line.heartbeat().rejects) == (6, 2))
        assert line.heartbeat().state is FeedState.LIVE
    assert names(tmp_path / "done") == ["before.csv", "before.csv.report.json"]
    assert names(tmp_path / "rejected") == ["bad.csv", "bad.csv.report.json"]
    assert json.loads((tmp_path / "done" / "before.csv.report.json").read_text()) == {"records": 3}
    assert names(tmp_path) == ["done", "rejected", "rejected-rows"]


def test_second_file_of_a_name_does_not_replace_the_first(tmp_path: Path) -> None:
    loader = Loader()
    with opened(tmp_path, loader):
        for number in range(3):
            (tmp_path / "cdr.csv").write_text(f"text {number}")
            until(lambda number=number: len(names(tmp_path / "done")) == 2 * number + 2)  # type: ignore[misc]
    texts = {(tmp_path / "done" / name).read_text() for name in names(tmp_path / "done") if name.endswith(".csv")}
    assert texts == {"text 0", "text 1", "text 2"}


def test_half_written_file_waits_and_hidden_ones_and_folders_are_left(tmp_path: Path) -> None:
    loader = Loader()
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / ".hidden.csv").write_text("x")
    (tmp_path / "link.csv").symlink_to(tmp_path / ".hidden.csv")
    clock = Clock()
    with opened(tmp_path, loader, monotonic=clock) as _:
        with (tmp_path / "slow.csv").open("w") as file:
            for number in range(12):
                file.write(f"{number};")
                file.flush()
                clock.looked_again()
                clock.now_s += 0.09  # of 0.1
                clock.looked_again()
        assert loader.texts == {}
        clock.now_s += 1.0
        until(lambda: "slow.csv" in names(tmp_path / "done"))
        clock.runs = True
        (tmp_path / "up.csv.part").write_text("uploaded")
        (tmp_path / "up.csv.part").rename(tmp_path / "up.csv")
        until(lambda: "up.csv" in names(tmp_path / "done"))
    assert loader.texts == {"slow.csv": ["".join(f"{n};" for n in range(12))], "up.csv": ["uploaded"]}


def test_file_that_changes_while_it_is_loaded_is_loaded_again(tmp_path: Path) -> None:
    loader = Loader()
    path = tmp_path / "cdr.csv"
    grown = threading.Event()

    def grow(paths: Sequence[Path]) -> None:
        if not grown.is_set():
            grown.set()
            with path.open("a") as file:
                file.write("second")

    loader.before = grow
    path.write_text("first ")
    with opened(tmp_path, loader):
        until(lambda: "cdr.csv" in names(tmp_path / "done"))
    assert loader.texts["cdr.csv"][-1] == "first second"
    assert len(loader.texts["cdr.csv"]) == 2


@pytest.mark.parametrize("trouble", [Transient("kafka: nobody answers"), OSError(5, "Input/output error")])
def test_stack_that_is_away_keeps_the_files_where_they_are(tmp_path: Path, trouble: Exception) -> None:
    loader = Loader()
    away = threading.Event()

    def fail(paths: Sequence[Path]) -> None:
        if not away.is_set():
            raise trouble

    loader.before = fail
    (tmp_path / "cdr.csv").write_text("a")
    with opened(tmp_path, loader) as (line, _):
        until(lambda: line.heartbeat().state is FeedState.AWAY)
        assert "cdr.csv" in names(tmp_path)
        away.set()
        until(lambda: "cdr.csv" in names(tmp_path / "done"))
        until(lambda: line.heartbeat().state is FeedState.LIVE)


def test_file_of_which_nothing_can_be_said_stays_and_is_tried_again(tmp_path: Path) -> None:
    loader = Loader()
    tries: list[str] = []

    def load(paths: Sequence[Path]) -> list[LoadedFile]:
        odd = [path for path in paths if path.name == "odd.csv"]
        tries.extend(path.name for path in odd)
        if odd and len(tries) < 3:
            later = [LoadedFile(path, False, b"", "", later="Input/output error") for path in odd]
            return [*later, *loader([path for path in paths if path not in odd])]
        return loader(paths)

    (tmp_path / "odd.csv").write_text("a")
    (tmp_path / "good.csv").write_text("a")
    with opened(tmp_path, load) as (line, _):
        until(lambda: "good.csv" in names(tmp_path / "done"))
        until(lambda: "odd.csv: Input/output error" in line.heartbeat().detail)
        until(lambda: "odd.csv" in names(tmp_path / "done"))
    assert len(tries) == 3
    assert names(tmp_path / "rejected") == []


def test_folder_that_is_gone_is_away_until_it_is_back(tmp_path: Path) -> None:
    folder, aside = tmp_path / "drop", tmp_path / "aside"
    folder.mkdir()
    loader = Loader()
    with opened(folder, loader) as (line, _):
        until(lambda: line.heartbeat().state is FeedState.LIVE)
        folder.rename(aside)
        until(lambda: line.heartbeat().state is FeedState.AWAY)
        aside.rename(folder)
        (folder / "cdr.csv").write_text("a")
        until(lambda: "cdr.csv" in names(folder / "done"))


def test_asked_to_end_in_the_middle_of_a_load_leaves_the_files(tmp_path: Path) -> None:
    loader = Loader()
    begun = threading.Event()
    with opened(tmp_path, loader) as (line, broker):

        def wait(paths: Sequence[Path]) -> None:
            begun.set()
            line.wait(60)
            raise Terminal("asked to end: the files are loaded next time")

        loader.before = wait
        (tmp_path / "cdr.csv").write_text("a")
        assert begun.wait(60)
    assert "cdr.csv" in names(tmp_path)
    assert broker.feeds[-1].state is FeedState.STOPPED


def test_what_only_a_person_can_mend_ends_the_door(tmp_path: Path) -> None:
    loader = Loader()

    def refuse(paths: Sequence[Path]) -> None:
        raise Terminal("clickhouse: the password is wrong")

    loader.before = refuse
    (tmp_path / "cdr.csv").write_text("a")
    with pytest.raises(Terminal, match="the password is wrong"), opened(tmp_path, loader) as (_, broker):
        until(lambda: broker.feeds and broker.feeds[-1].state is FeedState.FAILED)


def test_ten_thousand_files_go_through_and_the_last_as_fast_as_the_first(tmp_path: Path) -> None:
    loader = Loader()
    for number in range(10_000):
        (tmp_path / f"cdr-{number:05d}.csv").write_text(str(number))
    with opened(tmp_path, loader):
        until(lambda: len(loader.texts) == 10_000, within_s=300)
    assert len(names(tmp_path / "done")) == 20_000
    assert max(loader.batches) <= BATCH_FILES
    assert all(len(texts) == 1 for texts in loader.texts.values())
    fifth = len(loader.cpu_s) // 5
    first, last = (cpu_s[-1] - cpu_s[0] for cpu_s in (loader.cpu_s[:fifth], loader.cpu_s[-fifth:]))
    assert last < 3 * first + 1.0
