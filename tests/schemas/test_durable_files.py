"""A file is written whole, for its owner alone, and is on the disk with its name before the call returns."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from schemas.durable_files import make_folder, move, sync_disk, write_whole


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked of the disk, in order: `fsync NAME`, `rename NAME`."""
    disk_calls: list[str] = []
    fsync, replace = os.fsync, os.replace

    def noted_fsync(handle: int) -> None:
        disk_calls.append("fsync " + os.path.basename(os.readlink(f"/proc/self/fd/{handle}")))
        fsync(handle)

    def noted_replace(source: Any, target: Any) -> None:
        disk_calls.append(f"rename {os.path.basename(target)}")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "replace", noted_replace)
    return disk_calls


def test_bytes_then_name_then_folder(tmp_path: Path, synced: list[str]) -> None:
    write_whole(tmp_path / "state.json", b"{}")
    part = f"fsync .state.json.{os.getpid()}.part"
    assert synced == [part, "rename state.json", f"fsync {tmp_path.name}"]
    assert (tmp_path / "state.json").read_bytes() == b"{}"
    assert [one.name for one in tmp_path.iterdir()] == ["state.json"]


def test_a_moved_file_is_on_the_disk_in_both_folders(tmp_path: Path, synced: list[str]) -> None:
    done = tmp_path / "done"
    done.mkdir()
    (tmp_path / "calls.csv").write_bytes(b"a")
    move(tmp_path / "calls.csv", done / "calls.csv")
    assert synced == ["fsync calls.csv", "rename calls.csv", "fsync done", f"fsync {tmp_path.name}"]


def test_only_its_owner_reads_it_also_where_others_could_read_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    path.write_bytes(b"old")
    path.chmod(0o644)
    write_whole(path, b"new")
    assert path.stat().st_mode & 0o777 == 0o600
    write_whole(path, b"for all", mode=0o644)
    assert path.stat().st_mode & 0o777 == 0o644


def test_trouble_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["state.json"]


def test_a_link_stays_a_link_and_what_it_names_is_written(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "callfunnel.toml"
    link.symlink_to(tmp_path / "real" / "settings.toml")
    write_whole(link, b"new")
    assert link.is_symlink()
    assert (tmp_path / "real" / "settings.toml").read_bytes() == b"new"


def test_each_new_folder_is_an_entry_on_the_disk(tmp_path: Path, synced: list[str]) -> None:
    make_folder(tmp_path / "a" / "b")
    assert synced == [f"fsync {tmp_path.name}", "fsync a"]
    make_folder(tmp_path / "a" / "b")
    assert len(synced) == 2


def test_the_whole_disk_can_be_asked_for_and_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    sync_disk(tmp_path)
    with pytest.raises(FileNotFoundError):
        sync_disk(tmp_path / "missing")
