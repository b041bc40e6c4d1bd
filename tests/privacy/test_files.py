"""Numbers in files: plain, packed, in workbooks, in names; what cannot be rewritten is said."""

from __future__ import annotations

import gzip
import io
import os
import stat
import zipfile
from pathlib import Path

from pipeline.privacy.files import rewrite_files, rewriter
from pipeline.privacy.numbers import spellings

TOKEN = "+88800000000001"
REWRITE = rewriter(dict.fromkeys(spellings("+79161234567"), TOKEN), {"Пётр Иванов": "Manager #1"})
TEXT = "a;8 (916) 123-45-67;Пётр Иванов\n"
WITHOUT = f"a;{TOKEN};Manager #1\n"


def zipped(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", content)
        archive.writestr("other.txt", "nothing")
    return out.getvalue()


def test_files_are_rewritten_whatever_they_are_packed_in(tmp_path: Path) -> None:
    contents = {
        "plain.csv": TEXT.encode(),
        "windows.csv": TEXT.encode("cp1251"),
        "wide.csv": TEXT.encode("utf-16"),
        "broken.csv": b"\xff" + TEXT.encode(),
        "packed.csv.gz": gzip.compress(TEXT.encode()),
        "book.xlsx": zipped(TEXT.encode()),
        "worker.log": TEXT.encode(),
        "calls.89161234567.csv": b"nothing",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    os.utime(tmp_path / "plain.csv", (1_000_000, 1_000_000))
    (tmp_path / "plain.csv").chmod(0o640)
    found = rewrite_files([tmp_path], REWRITE, write=False)
    assert len(found) == len(contents)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == contents, "looking changes nothing"

    assert [one.why_left for one in rewrite_files([tmp_path], REWRITE, write=True)] == [""] * len(contents)
    assert (tmp_path / "plain.csv").read_text("utf-8") == WITHOUT
    assert (tmp_path / "windows.csv").read_text("cp1251") == WITHOUT
    assert (tmp_path / "wide.csv").read_text("utf-16") == WITHOUT
    assert (tmp_path / "broken.csv").read_bytes() == b"\xff" + WITHOUT.encode()
    assert gzip.decompress((tmp_path / "packed.csv.gz").read_bytes()).decode() == WITHOUT
    with zipfile.ZipFile(tmp_path / "book.xlsx") as book:
        assert book.read("xl/sharedStrings.xml").decode() == WITHOUT
        assert book.read("other.txt") == b"nothing"
    assert (tmp_path / f"calls.{TOKEN}.csv").read_bytes() == b"nothing"
    is_ = (tmp_path / "plain.csv").stat()
    assert (is_.st_mtime, stat.S_IMODE(is_.st_mode)) == (1_000_000, 0o640)
    assert rewrite_files([tmp_path], REWRITE, write=False) == []


def test_what_cannot_be_rewritten_is_said(tmp_path: Path) -> None:
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0 89161234567 ")
    (tmp_path / "wide.xls").write_bytes(b"\xd0\xcf\x11\xe0" + "x 89161234567 x".encode("utf-16-le"))
    (tmp_path / "clean.xls").write_bytes(b"\xd0\xcf\x11\xe0 nothing")
    (tmp_path / "cut.gz").write_bytes(gzip.compress(TEXT.encode())[:-9])
    found = rewrite_files([tmp_path], REWRITE, write=True)
    assert {Path(one.file).name for one in found if one.why_left} == {"old.xls", "wide.xls", "cut.gz"}


def test_links_and_data_folders_are_left_alone(tmp_path: Path) -> None:
    kept, elsewhere = tmp_path / "kept", tmp_path / "elsewhere"
    (kept / "data").mkdir(parents=True)
    elsewhere.mkdir()
    (elsewhere / "mine.csv").write_text(TEXT, "utf-8")
    (kept / "file.csv").symlink_to(elsewhere / "mine.csv")
    (kept / "folder").symlink_to(elsewhere)
    (kept / "data" / "credentials.json").write_text("{}")
    (kept / "data" / "part.bin").write_text(TEXT, "utf-8")
    assert rewrite_files([kept], REWRITE, write=True) == []
    assert (elsewhere / "mine.csv").read_text("utf-8") == TEXT
