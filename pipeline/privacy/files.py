"""Replacing numbers in files: texts as they are, packed files and workbooks member by member, names of files too.

A file is written anew beside itself and takes its own place, with its mode and time. Links are not followed.
"""

from __future__ import annotations

import gzip
import io
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from pipeline.privacy.numbers import replace
from schemas.durable_files import write_whole

_LARGEST = 512 << 20
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_OLE = b"\xd0\xcf\x11\xe0"

Rewrite = Callable[[str], tuple[str, int]]
"""A text -> the text without what is forgotten, and how often it was there."""


class FileFound(msgspec.Struct, frozen=True):
    """A file that holds what is looked for."""

    file: str
    places: int
    why_left: str = ""
    """Why it is left as it is; "" when it can be rewritten."""


class _Unwritable(Exception):
    """A file that cannot be rewritten, and why."""


def rewriter(tokens: dict[str, str], names: dict[str, str]) -> Rewrite:
    """Replaces numbers by the digits of their spellings, and names by text."""
    written = {_as_read(name, coding): token for name, token in names.items() for coding in ("utf-8", "cp1251")}

    def rewrite(text: str) -> tuple[str, int]:
        text, count = replace(text, tokens.get)
        for name, token in written.items():
            count += text.count(name)
            text = text.replace(name, token)
        return text, count

    return rewrite


def _as_read(name: str, coding: str) -> str:
    """A name as it looks in a file of that encoding which is read as UTF-8."""
    return name.encode(coding, "replace").decode("utf-8", "surrogateescape")


def rewrite_files(folders: Sequence[Path], rewrite: Rewrite, *, write: bool) -> list[FileFound]:
    """Look through every file under these folders, and rewrite it if asked to."""
    return [found for path in _files(folders) if (found := rewrite_file(path, rewrite, write=write)) is not None]


def is_data_folder(folder: Path) -> bool:
    """Of a stack: its tables are rewritten as tables, and its logs are looked through."""
    return (folder / "credentials.json").exists() or (folder / "senders.lock").exists()


def _files(folders: Sequence[Path]) -> Iterator[Path]:
    """Regular files, each once, in order."""
    seen: set[tuple[int, int]] = set()
    for folder in sorted(set(folders)):
        if is_data_folder(folder):
            continue
        for root, inner, names in os.walk(folder, followlinks=False):
            inner[:] = sorted(one for one in inner if not is_data_folder(Path(root) / one))
            for name in sorted(names):
                path = Path(root) / name
                is_ = path.lstat()
                if stat.S_ISREG(is_.st_mode) and (is_.st_dev, is_.st_ino) not in seen:
                    seen.add((is_.st_dev, is_.st_ino))
                    yield path


def rewrite_file(path: Path, rewrite: Rewrite, *, write: bool) -> FileFound | None:
    """One file; None when it does not hold what is looked for."""
    renamed, in_name = rewrite(path.name)
    try:
        if path.stat().st_size > _LARGEST:
            raise _Unwritable(f"larger than {_LARGEST >> 20} MB: remove it, or keep it elsewhere")
        before = path.read_bytes()
        after, count = _content(before, path.name, rewrite)
    except FileNotFoundError:
        return None
    except _Unwritable as why:
        return FileFound(str(path), in_name, str(why))
    except OSError as error:
        return FileFound(str(path), in_name, f"cannot be read ({error.strerror})")
    if not count and not in_name:
        return None
    if write:
        try:
            if count:
                _write(path, after, in_place=path.suffix == ".log")
            if in_name:
                path.replace(path.with_name(renamed))
        except OSError as error:
            return FileFound(str(path), count + in_name, f"cannot be written ({error.strerror})")
    return FileFound(str(path.with_name(renamed)), count + in_name)


def _content(data: bytes, name: str, rewrite: Rewrite) -> tuple[bytes, int]:
    if data[:2] == b"\x1f\x8b":
        try:
            inner, count = _content(gzip.decompress(data), name, rewrite)
        except (OSError, EOFError, zlib.error) as error:
            raise _Unwritable(f"a broken gzip file ({error}): look at it, or remove it") from None
        return (gzip.compress(inner, mtime=0), count) if count else (data, 0)
    if data[:4] == b"PK\x03\x04":
        return _zip(data, name, rewrite)
    if data[:4] == _OLE:
        return data, _in_workbook(data, rewrite)
    return _text(data, rewrite)


def _text(data: bytes, rewrite: Rewrite) -> tuple[bytes, int]:
    """Any encoding that has digits where ASCII has them; UTF-16 by its mark."""
    coding = "utf-16" if data[:2] in _UTF16 else "utf-8"
    text, count = rewrite(data.decode(coding, "surrogateescape"))
    return (text.encode(coding, "surrogateescape"), count) if count else (data, 0)


def _zip(data: bytes, name: str, rewrite: Rewrite) -> tuple[bytes, int]:
    """An archive or a workbook. Members keep their names."""
    out = io.BytesIO()
    total = 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
            for member in old.infolist():
                if member.flag_bits & 1:
                    raise _Unwritable("a member has a password: look at it, or remove the file")
                if member.file_size > _LARGEST:
                    raise _Unwritable(f"a member is larger than {_LARGEST >> 20} MB: remove the file")
                inner, count = _content(old.read(member), member.filename, rewrite)
                total += count
                new.writestr(member, inner, compress_type=member.compress_type)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError) as error:
        raise _Unwritable(f"a broken archive ({error}): look at it, or remove it") from None
    return (out.getvalue(), total) if total else (data, 0)


def _in_workbook(data: bytes, rewrite: Rewrite) -> int:
    """An old workbook (.xls) cannot be rewritten: its numbers have fixed places."""
    texts = (data.decode("latin-1"), data.decode("utf-16-le", "replace"), data[1:].decode("utf-16-le", "replace"))
    if sum(rewrite(text)[1] for text in texts):
        raise _Unwritable("an old workbook (.xls) cannot be rewritten: save it as .xlsx, or remove it")
    return 0


def _write(path: Path, content: bytes, *, in_place: bool) -> None:
    """Whole or not at all, and on the disk. A log is written in place: its process goes on writing to it."""
    is_ = path.stat()
    if in_place:
        with path.open("r+b") as file:
            file.write(content)
            file.truncate()
            file.flush()
            os.fsync(file.fileno())
        return
    write_whole(path, content, mode=stat.S_IMODE(is_.st_mode))
    os.utime(path, ns=(is_.st_atime_ns, is_.st_mtime_ns))
