"""Folders and files are for their owner alone, whatever the umask is and whoever made them before."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.embedded.folder_lock import lock_file, take
from pipeline.embedded.part import StackPart
from pipeline.endpoints import credentials_file
from schemas.private_files import private_folder, private_opener


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def careless() -> Iterator[None]:
    """Everything new would be open to everybody."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_new_folder_is_closed_and_so_is_one_that_was_there(tmp_path: Path) -> None:
    assert not private_folder(tmp_path / "deep" / "data")
    assert mode(tmp_path / "deep" / "data") == 0o700
    (tmp_path / "deep" / "data").chmod(0o755)
    assert private_folder(tmp_path / "deep" / "data"), "it is told"
    assert mode(tmp_path / "deep" / "data") == 0o700


def test_what_lies_in_a_data_folder_that_was_open_is_closed_too(tmp_path: Path) -> None:
    data, outside = tmp_path / "data", tmp_path / "outside"
    outside.write_text("x")
    (data / "store" / "parts").mkdir(parents=True)
    (data / "store" / "parts" / "x.bin").write_text("numbers")
    (data / "link").symlink_to(outside)
    credentials_file(data).write_text("{}")
    take(data).close()
    assert [mode(path) for path in (data, data / "store", data / "store" / "parts")] == [0o700] * 3
    assert [mode(path) for path in (credentials_file(data), lock_file(data), data / "store" / "parts" / "x.bin")] == [
        0o600
    ] * 3
    assert mode(outside) == 0o666, "what a link leads to is somebody else's"


def test_home_that_is_named_by_mistake_keeps_the_rights_of_what_lies_in_it(tmp_path: Path) -> None:
    (tmp_path / "public.html").write_text("x")
    tmp_path.chmod(0o755)
    assert private_folder(tmp_path, "credentials.json")
    assert mode(tmp_path / "public.html") == 0o666


def test_opened_files_are_closed_to_others_and_links_are_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("x")
    with open(path, "a", opener=private_opener):
        assert mode(path) == 0o600
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(OSError, match="symbolic link"):
        os.close(private_opener(str(tmp_path / "link"), os.O_WRONLY))


def test_what_a_part_writes_is_for_its_owner_alone(tmp_path: Path) -> None:
    part = StackPart(
        "x", ["sh", "-c", f"echo x; mkdir {tmp_path}/d; echo x > {tmp_path}/d/f"], logs=tmp_path, env={}, ready=bool
    )
    part.start()
    while part.is_running:
        pass
    assert [mode(path) for path in (part.log, tmp_path / "d", tmp_path / "d" / "f")] == [0o600, 0o700, 0o600]
