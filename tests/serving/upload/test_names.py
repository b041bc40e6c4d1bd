"""Names of uploaded files, as browsers and attackers send them: none leads out of its folder, or is too long for it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.serving.upload.storage import UploadStorage, safe_name
from schemas.errors import Terminal

HOSTILE = [
    "../../etc/passwd", "..\\..\\windows\\win.ini", "/etc/shadow", "a\0b.csv", "two\nlines.csv", "x" * 4_096 + ".csv",
    "\u202evsc.exe", "con", "NUL.csv", "aux.csv:stream", "~/.ssh/id_rsa", "..", ".", "", " . ", "-rf", "$(id).csv",
    "𐍈" * 300, "я" * 300 + ".csv", "a/../../b", "\udcff\udcfe.csv", ".htaccess", "|id", "file.csv\r\nX: y",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_name_is_a_file_of_its_own_folder(name: str, tmp_path: Path) -> None:
    upload = UploadStorage(tmp_path / "uploads", lambda: 1.0).new(name)
    assert upload.path.parent == upload.folder
    upload.path.write_text("x")
    assert [path.name for path in upload.folder.iterdir()] == [upload.path.name]
    assert upload.path.resolve() == upload.path


@given(st.text(max_size=400))
def test_no_name_leads_anywhere(name: str) -> None:
    safe = safe_name(name)
    assert safe not in ("", ".", "..")
    assert len(os.fsencode(safe)) <= 180
    assert safe.isprintable()
    assert not set(safe) & set("/\\\0:|$`'\"<>*?")
    assert not any("\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069" for char in safe)


def test_folder_of_uploads_that_is_a_link_is_refused_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "mine.txt").write_text("x")
    (tmp_path / "uploads").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Terminal, match="uploads cannot be kept there"):
        UploadStorage(tmp_path / "uploads", lambda: 1.0)
    assert (tmp_path / "elsewhere" / "mine.txt").exists()
