"""What a file holds: itself, what a .gz unpacks to, the files of a .zip, the sheets of a workbook. Bounded.

A table inside of a file has a path below it: `export.zip/calls.csv`, `book.xlsx/Sheet1`, `export.zip/book.xlsx/Sheet1`.
A .gz keeps its path and is read as what it unpacks to. What a file is, its first bytes say, not its name.
"""

from __future__ import annotations

import gzip
import io
import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple, cast

from connectors.reading.defused import import_of, restored_bytes
from connectors.reading.names import as_text
from connectors.reading.opening import open_file
from schemas.errors import Terminal

MOST_MEMBERS = 1_000
MOST_WORKBOOK = 256 << 20
"""Bytes of a workbook: it is read whole."""
MOST_RATIO, RATIO_FROM = 250, 64 << 20
"""Call records pack to a tenth. What grows beyond this, once it is not a small file, is a bomb."""
_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
HOLDS_TABLES = (_ZIP, _OLE)
"""How archives and workbooks begin."""
_WORKBOOKS = frozenset({"xl/workbook.xml", "xl/workbook.bin", "content.xml"})
_NO_ZIP = (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, struct.error)
"""What zipfile raises of an archive that it cannot open, such as one whose names are not UTF-8 although it says so."""
_NO_DATA = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
_JUNK = ("__MACOSX/", ".DS_Store", "Thumbs.db")


class Opened(NamedTuple):
    """The bytes of a table, unpacked; `total` and `taken` count bytes as they lie on the disk, for progress."""

    stream: IO[bytes]
    total: int
    taken: Callable[[], int]


def label(path: Path) -> str:
    """A path as rows are told apart by it: `calls.csv`, `export.zip:calls.csv`; a sheet's place names the sheet."""
    file, inner = located(path.parent if is_sheet(path) else path)
    return as_text(f"{file.name}:{inner}" if inner else file.name)


def located(path: Path) -> tuple[Path, str]:
    """The file on the disk, and the rest of the path, which is inside of it ("" for the file itself)."""
    for file in (path, *path.parents):
        if file.is_file():
            return file, path.relative_to(file).as_posix() if file != path else ""
    return path, ""


def is_sheet(path: Path) -> bool:
    """Whether this is a sheet of a workbook."""
    try:
        return located(path)[1] != "" and is_workbook(path.parent)
    except Terminal:
        return False  # a folder of an archive, or what is broken: opening it says so


def size(path: Path) -> int:
    """How many bytes there are to read, unpacked. Reads a .gz to its end: it does not say."""
    opened = open_bytes(path)
    with opened.stream as stream:
        if not isinstance(cast(io.BufferedReader, stream).raw, Unpacking):
            return opened.total
        while stream.read(1 << 20):
            pass
        return stream.tell()


def open_bytes(path: Path) -> Opened:
    """Open a table for reading from its beginning. Raises Terminal for what cannot be unpacked, OSError else."""
    file, inner = located(path)
    raw: IO[bytes] = open_file(file)
    try:
        total, taken = os.fstat(raw.fileno()).st_size, raw.tell
        if inner:
            raw = _member(path, raw, inner)
            total = raw.raw.packed_size  # type: ignore[attr-defined]  # what _member made
        if _peek(raw, 2) == _GZIP:
            unpacked = cast(IO[bytes], gzip.GzipFile(fileobj=raw))
            raw = cast(IO[bytes], io.BufferedReader(Unpacking(path, unpacked, raw, total), 1 << 17))
        if import_of(label(path)) and not _peek(raw, 4).startswith((_ZIP, _OLE[:4])):
            raw = _restored(path, raw)
            taken = raw.tell
    except BaseException:
        raw.close()
        raise
    return Opened(raw, total, lambda: min(taken(), total))


def _restored(path: Path, raw: IO[bytes]) -> IO[bytes]:
    """A file of rejected rows as its rows came (`connectors.reading.defused`). Raises Terminal when it is too large."""
    with raw:
        content = raw.read(MOST_WORKBOOK + 1)
    if len(content) > MOST_WORKBOOK:
        raise Terminal(f"{path}: rejected rows of over {MOST_WORKBOOK >> 20} MiB: load it in parts")
    return cast(IO[bytes], io.BufferedReader(cast(io.RawIOBase, io.BytesIO(restored_bytes(content)))))


class Unpacking(io.RawIOBase):
    """Unpacked bytes, as they are asked for. Raises Terminal for a broken archive, and for a bomb."""

    def __init__(self, path: Path, unpacked: IO[bytes], packed: IO[bytes], packed_size: int) -> None:
        self._path = path
        self._unpacked = unpacked
        self._packed = packed
        self.packed_size = packed_size
        self._most = max(RATIO_FROM, packed_size * MOST_RATIO)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # typeshed's ReadableBuffer has no name before 3.12
        try:
            data = self._unpacked.read(len(view))
        except _NO_DATA as error:
            _raise_if_ours(error)
            raise Terminal(f"{self._path}: the archive is broken: {error}; ask for it again") from None
        view[: len(data)] = data
        if self._unpacked.tell() > self._most:
            raise Terminal(
                f"{self._path}: it unpacks to more than {MOST_RATIO} times its size, as no export does (a zip bomb?):"
                " unpack it yourself if you know it"
            )
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._unpacked.seek(offset, whence)

    def tell(self) -> int:
        return self._unpacked.tell()

    def close(self) -> None:
        if not self.closed:
            self._unpacked.close()
            self._packed.close()
        super().close()


def _raise_if_ours(error: Exception) -> None:
    """An error of the disk has a number; one of what the archive holds has none, though it may be an OSError too."""
    if isinstance(error, OSError) and error.errno is not None:
        raise error


def _members(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The files of an archive by their paths in it. Raises Terminal for names that lead out of it, or are two."""
    found: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        if not info.filename or info.is_dir() or any(junk in info.filename for junk in _JUNK):
            continue
        name = PurePosixPath(info.filename)
        if name.is_absolute() or ".." in name.parts or str(name) in found:
            raise Terminal(f"{path}: {info.filename!r} leads out of the archive, or is there twice: unpack it yourself")
        found[str(name)] = info
        if len(found) > MOST_MEMBERS:
            raise Terminal(f"{path}: more than {MOST_MEMBERS} files: unpack it and load what you need")
    if not found:
        raise Terminal(f"{path}: the archive is empty")
    return found


def _member(path: Path, file: IO[bytes], name: str) -> IO[bytes]:
    try:
        archive = zipfile.ZipFile(file, metadata_encoding="cp866")
        info = _members(path, archive).get(name)
        if info is None:
            raise Terminal(f"{path}: there is no {name} in the archive")
        if info.flag_bits & 1:
            raise Terminal(f"{path}: the archive is locked with a password: unpack it first")
        unpacked = archive.open(info)
    except _NO_ZIP as error:
        raise Terminal(f"{path}: the archive cannot be read: {error}") from None
    return cast(IO[bytes], io.BufferedReader(Unpacking(path, unpacked, file, info.compress_size), 1 << 17))


def is_workbook(path: Path) -> bool:
    """Whether this is an XLSX, XLSB, ODS or XLS."""
    with open_bytes(path).stream as stream:
        first = _peek(stream, 8)
        if first == _OLE:
            return True
        if first[:4] != _ZIP:
            return False
        is_packed = isinstance(cast(io.BufferedReader, stream).raw, Unpacking)
        try:
            with zipfile.ZipFile(io.BytesIO(workbook_bytes(path)) if is_packed else stream) as archive:
                return not _WORKBOOKS.isdisjoint(archive.namelist())
        except _NO_ZIP as error:
            raise Terminal(f"{path}: the archive cannot be read: {error}") from None


def workbook_bytes(path: Path) -> bytes:
    """A whole workbook, since its parts lie anywhere in it. Raises Terminal when it is too large for that."""
    with open_bytes(path).stream as stream:
        content = stream.read(MOST_WORKBOOK + 1)
    if len(content) > MOST_WORKBOOK:
        raise Terminal(f"{path}: a workbook of over {MOST_WORKBOOK >> 20} MiB: save the sheet as CSV")
    return content


def is_archive(path: Path) -> bool:
    """Whether this is a .zip; a workbook is one too."""
    return _first(path, 4) == _ZIP


def members(path: Path) -> list[Path]:
    """The files of a .zip on the disk. Raises Terminal."""
    try:
        with open_file(path) as file, zipfile.ZipFile(file, metadata_encoding="cp866") as archive:
            return [path / name for name in _members(path, archive)]
    except _NO_ZIP as error:
        raise Terminal(f"{path}: the archive cannot be read: {error}") from None


def _first(path: Path, count: int) -> bytes:
    with open_bytes(path).stream as stream:
        return stream.read(count)


def _peek(raw: IO[bytes], count: int) -> bytes:
    return cast(io.BufferedReader, raw).peek(count)[:count]
