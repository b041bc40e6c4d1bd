"""Dropped files that hold several tables: all of them are loaded, or the file is refused with why."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import cast

import msgspec
import pytest

from connectors.folder.listener import LoadedFile
from pipeline.endpoints import Endpoints
from pipeline.loading import dropped_files
from pipeline.loading.dropped_files import AUTO, DroppedFiles
from pipeline.loading.outcome import Outcome
from pipeline.loading.prepare import LoadOptions, PreparedFile
from pipeline.loading.split_rejects import UnreadableFile, judged
from pipeline.settings import read_settings
from pipeline.store import Store
from pipeline.transport import Stalled
from schemas.errors import Terminal, Transient
from schemas.mapping import Mapping
from schemas.records import Record, Rejected
from tests.connectors.packed.containers import zipped
from tests.connectors.rows import many

MAPPED = Mapping(kind="stages", columns={"organisation_id": "Firm", "stage": "State", "changed_at": "When"})
CALLS = "".join(many(3)).encode()


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was loaded, as `kind path`, by a load that needs no stack."""
    seen: list[str] = []

    def load(files: list[PreparedFile], *_: object) -> list[Outcome]:
        seen.extend(f"{file.recognised.kind} {file.path.name}" for file in files)
        return [
            Outcome(file=str(f.path), import_id=f.context.import_id, kind="", profile="", time_zone="", records=2)
            for f in files
        ]

    monkeypatch.setattr(dropped_files, "load", load)
    return seen


def drop(path: Path, *more: Path) -> list[LoadedFile]:
    settings = msgspec.structs.replace(read_settings({}), mappings={"states": MAPPED})
    where = lambda: (cast(Endpoints, None), cast(Store, None))  # noqa: E731  # the stack that nothing is asked of
    return DroppedFiles(LoadOptions(kind=AUTO, tz="Europe/Moscow", rejects=path.parent), settings, where, lambda: None)(
        [path, *more]
    )


def test_files_of_an_archive_are_one_report(tmp_path: Path, loaded: list[str]) -> None:
    path = tmp_path / "mail.zip"
    states = b"Firm,State,When\nA,new,2026-11-02\n"
    path.write_bytes(zipped({"a.csv": CALLS, "b.csv": CALLS, "states.csv": states}))
    (told,) = drop(path)
    assert (told.path, told.accepted, told.records) == (path, True, 6)
    assert len(msgspec.json.decode(told.report)) == 3
    assert loaded == ["stages states.csv", "calls a.csv", "calls b.csv"]


def test_archive_with_a_file_that_is_no_export_is_refused_whole(tmp_path: Path, loaded: list[str]) -> None:
    path = tmp_path / "mail.zip"
    path.write_bytes(zipped({"a.csv": CALLS, "letter.txt": b"Dear colleagues"}))
    (told,) = drop(path)
    assert (told.path, told.accepted, loaded) == (path, False, [])
    assert "letter.txt: not recognised" in msgspec.json.decode(told.report)["refused"]
    assert "letter.txt: not recognised" in told.why


def test_mapped_file_is_of_the_kind_that_its_mapping_says(tmp_path: Path, loaded: list[str]) -> None:
    path = tmp_path / "states.csv"
    path.write_text("When,State,Firm\n2026-11-02,new,A\n", encoding="utf-8")
    assert drop(path)[0].accepted
    assert loaded == ["stages states.csv"]


def test_stack_in_which_nobody_stores_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stalls(*_: object) -> list[Outcome]:
        raise Stalled("call-legs: 8 frames wait and nothing moved for 180 s")

    monkeypatch.setattr(dropped_files, "load", stalls)
    path = tmp_path / "Master.csv"
    path.write_bytes(CALLS)
    with pytest.raises(Transient, match="8 frames wait"):
        drop(path)
    assert path.exists()


def test_verdict_in_the_middle_of_one_file_refuses_that_one_and_loads_the_others(
    tmp_path: Path, loaded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, cut = tmp_path / "whole.csv", tmp_path / "cut.csv.gz"
    whole.write_bytes(CALLS)
    cut.write_bytes(gzip.compress(CALLS * 2_000)[:-200])
    loads: Callable[..., list[Outcome]] = vars(dropped_files)["load"]

    def reads(files: Sequence[PreparedFile], *more: object) -> list[Outcome]:
        for file in files:
            for _ in judged(file.source.read(file.path, file.recognised, file.context), file.path):
                pass
        return loads(files, *more)

    monkeypatch.setattr(dropped_files, "load", reads)
    refused, kept = sorted(drop(whole, cut), key=lambda one: one.accepted)
    assert (refused.path, refused.later) == (cut, "")
    assert "the archive is broken" in refused.why
    assert (kept.path, kept.accepted, loaded) == (whole, True, ["calls whole.csv"])


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), PermissionError(13, "Permission denied")])
def test_a_disk_that_fails_is_no_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError) -> None:
    path = tmp_path / "Master.csv"
    path.write_bytes(CALLS)

    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr("connectors.reading.sample.open_bytes", fails)
    (told,) = drop(path)
    assert (told.accepted, told.path) == (False, path)
    assert str(error.strerror) in told.later


def test_a_bug_is_no_verdict_and_stops_no_other_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loaded: list[str]
) -> None:
    odd, good = tmp_path / "odd.csv", tmp_path / "good.csv"
    for path in (odd, good):
        path.write_bytes(CALLS)
    loads: Callable[..., list[Outcome]] = vars(dropped_files)["load"]

    def stumbles(files: Sequence[PreparedFile], *more: object) -> list[Outcome]:
        if any(file.path == odd for file in files):
            raise KeyError("a bug")
        return loads(files, *more)

    monkeypatch.setattr(dropped_files, "load", stumbles)
    later, kept = sorted(drop(odd, good), key=lambda one: one.accepted)
    assert (later.path, later.accepted) == (odd, False)
    assert "report it" in later.later
    assert kept.accepted
    assert loaded == ["calls good.csv"]


class Breaks:
    """A reading that goes wrong at its second item."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __iter__(self) -> Iterator[Record | Rejected]:
        yield cast(Record, object())
        raise self._error


@pytest.mark.parametrize(
    ("error", "is_"),
    [
        (Terminal("a cut file"), UnreadableFile),
        (OSError(5, "Input/output error"), Transient),
        (FileNotFoundError(2, "No such file"), FileNotFoundError),
        (KeyError("a bug"), KeyError),
    ],
)
def test_what_reading_raises_is_a_verdict_only_when_the_parser_says_so(error: Exception, is_: type[Exception]) -> None:
    with pytest.raises(is_):
        list(judged(Breaks(error), Path("a.csv")))
