"""How far a listener has come, on disk: written whole or not at all, by one process at a time."""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO, Generic, TypeVar

import msgspec

from schemas.durable_files import make_folder, write_whole
from schemas.errors import Terminal
from schemas.private_files import locked_file

S = TypeVar("S", bound=msgspec.Struct)


class Checkpoint(Generic[S]):
    """The state of one listener of one source in FOLDER/<source>.<door>.json. Use as a context: it holds a lock.

    Raises Terminal when another process holds it, or the file cannot be used; the message says which and what to do.
    """

    def __init__(self, folder: Path, source: str, door: str, shape: type[S]) -> None:
        # A source is named by people: what a file name cannot hold is written as its code.
        name = re.sub(r"[^\w-]", lambda odd: f"%{ord(odd[0]):x}", source)
        self.path = folder / f"{name}.{door}.json"
        self._what = f"the {door} listener of source {source}"
        self._shape = shape
        self._lock: IO[str] | None = None

    def __enter__(self) -> Checkpoint[S]:
        try:
            make_folder(self.path.parent)
            self._lock = locked_file(self.path.with_suffix(".lock"))
        except OSError as error:
            raise Terminal(f"{self.path}: no checkpoint can be kept there: {error.strerror}; see --state") from None
        if self._lock is None:
            raise Terminal(f"{self._what} is open already ({self.path} is in use): stop the other one first")
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            self._lock.close()

    def read(self) -> S | None:
        """What was written last; None when nothing was yet."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=self._shape)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Terminal(f"{self.path}: the checkpoint cannot be read: {error.strerror}") from None
        except msgspec.DecodeError as error:
            raise Terminal(
                f"{self.path}: this is not a checkpoint ({error}): remove it to begin anew;"
                " what is sent twice counts once"
            ) from None

    def write(self, state: S) -> None:
        """Replace what was written; on return it is on disk, whatever happens to the machine."""
        try:
            write_whole(self.path, msgspec.json.encode(state))
        except OSError as error:
            raise Terminal(f"{self.path}: the checkpoint cannot be written: {error.strerror}; make room") from None
