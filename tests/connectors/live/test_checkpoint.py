"""A checkpoint is whole or not there, and one process has it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from connectors.live.backoff import Backoff
from connectors.live.checkpoint import Checkpoint
from schemas.errors import Terminal


class Mark(msgspec.Struct, frozen=True):
    offset: int


def test_what_was_written_is_read_by_the_next(tmp_path: Path) -> None:
    with Checkpoint(tmp_path / "state", "office", "sql", Mark) as checkpoint:
        assert checkpoint.read() is None
        checkpoint.write(Mark(1))
        checkpoint.write(Mark(2))
    with Checkpoint(tmp_path / "state", "office", "sql", Mark) as checkpoint:
        assert checkpoint.read() == Mark(2)


def test_one_process_at_a_time(tmp_path: Path) -> None:
    with (
        Checkpoint(tmp_path, "office", "sql", Mark),
        Checkpoint(tmp_path, "branch", "sql", Mark),
        pytest.raises(Terminal, match="sql listener of source office is open already"),
        Checkpoint(tmp_path, "office", "sql", Mark),
    ):
        pass
    with Checkpoint(tmp_path, "office", "sql", Mark):
        pass


def test_source_with_a_name_that_is_no_file_name_stays_in_the_folder(tmp_path: Path) -> None:
    with Checkpoint(tmp_path / "state", "../офис/1", "sql", Mark) as checkpoint:
        checkpoint.write(Mark(1))
    assert {path.parent for path in tmp_path.rglob("*.json")} == {tmp_path / "state"}


def test_died_while_writing_leaves_the_one_before(tmp_path: Path) -> None:
    with Checkpoint(tmp_path, "office", "sql", Mark) as checkpoint:
        checkpoint.write(Mark(1))
        checkpoint.path.with_suffix(".part").write_bytes(b'{"pla')
        assert checkpoint.read() == Mark(1)


def test_damaged_one_is_named_with_what_to_do(tmp_path: Path) -> None:
    with Checkpoint(tmp_path, "office", "sql", Mark) as checkpoint:
        checkpoint.path.write_bytes(b"{}")
        with pytest.raises(Terminal, match=r"office\.sql\.json: this is not a checkpoint .* remove it"):
            checkpoint.read()


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Terminal, match="see --state"), Checkpoint(tmp_path / "file", "office", "sql", Mark):
        pass


@pytest.mark.parametrize("draw", [0.0, 0.999])
def test_waits_double_to_a_limit_and_begin_anew(draw: float) -> None:
    backoff = Backoff(1, 8, draw=lambda: draw)
    waits = [backoff.next_s() for _ in range(5)]
    for wait_s, limit in zip(waits, (1, 2, 4, 8, 8), strict=True):
        assert limit / 2 <= wait_s <= limit
    backoff.succeeded()
    assert backoff.next_s() <= 1
