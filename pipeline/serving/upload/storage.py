"""Uploaded files: few, of bounded size, readable by us alone, and gone when they are loaded or forgotten."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from schemas.errors import Terminal

_FORGOTTEN_S = 3600.0
_IDLE_S = 300.0
"""A file nobody has asked for in this time gives way when there is no room: its page may be closed."""
_MOST_NAME, _MOST_BYTES = 100, 180
"""Characters, and bytes: a file system takes 255, and names of rejected rows are longer."""
MOST_FILES = 8


class Upload:
    """One file, and what belongs to it."""

    def __init__(self, folder: Path, name: str, now: float) -> None:
        self.id = folder.name
        self.folder = folder
        self.path = folder / safe_name(name)
        self.touched = now
        self.is_whole = False
        self.is_loading = False
        self.users = 0
        """How many receive, look at or load it: it may not be taken away meanwhile."""

    @property
    def rejects(self) -> Path:
        return self.folder / "rejects"

    def hide_folder(self, text: str) -> str:
        """Words about the file as its sender knows it."""
        return text.replace(f"{self.folder}/", "")


class Full(Exception):
    """There are too many files: some must be loaded or taken away first."""


class UploadStorage:
    """In one event loop. Raises Terminal when the folder cannot be used; what lies there from before is removed."""

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self._folder = folder
        self._clock = clock
        self._uploads: dict[str, Upload] = {}
        try:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700, parents=True)
        except OSError as error:
            raise Terminal(f"{folder}: uploads cannot be kept there: {error.strerror}; see --state") from None

    def new(self, name: str) -> Upload:
        """A place for a file of this name. Raises Full."""
        self.sweep(_FORGOTTEN_S)
        if len(self._uploads) >= MOST_FILES:
            self.sweep(_IDLE_S)
        if len(self._uploads) >= MOST_FILES:
            raise Full
        folder = self._folder / secrets.token_urlsafe(16).replace("-", "_")
        folder.mkdir(mode=0o700)
        upload = Upload(folder, name, self._clock())
        self._uploads[upload.id] = upload
        return upload

    def get(self, id_: str) -> Upload | None:
        upload = self._uploads.get(id_)
        if upload is not None:
            upload.touched = self._clock()
        return upload

    def has(self, id_: str) -> bool:
        return id_ in self._uploads

    def drop(self, upload: Upload) -> None:
        self._uploads.pop(upload.id, None)
        shutil.rmtree(upload.folder, ignore_errors=True)

    def sweep(self, idle_s: float) -> None:
        """Remove what nobody has asked for in this time."""
        for upload in list(self._uploads.values()):
            if not upload.users and self._clock() - upload.touched > idle_s:
                self.drop(upload)

    def close(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


def safe_name(name: str) -> str:
    """A name for a file that was called so: its last part, without what a shell or a path could stumble over."""
    last = re.split(r"[/\\]", name)[-1]
    kept = re.sub(r"[^\w. ()+-]", "_", last).strip(" .")
    kept = os.fsencode(kept[-_MOST_NAME:])[-_MOST_BYTES:].decode("utf-8", "ignore")
    return kept.lstrip(" .") or "upload"
