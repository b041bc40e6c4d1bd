"""What is written without a worker after somebody was forgotten: it is looked through with the list."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from pipeline.endpoints import Endpoints
from pipeline.privacy.files import FileFound, rewrite_file, rewrite_files
from pipeline.privacy.filter import ForgottenList
from pipeline.privacy.key import key_file
from pipeline.privacy.numbers import replace
from pipeline.store import Store


class _Loaded(Protocol):
    rejects_file: str


def forgotten_list(endpoints: Endpoints, store: Store) -> ForgottenList:
    """To be refreshed before each use."""
    return ForgottenList(store, key_file(endpoints.data))


def forget_again(forgotten: ForgottenList, outcome: _Loaded) -> None:
    """The rejected rows of a load, without the numbers that were forgotten before."""
    if outcome.rejects_file and not forgotten.is_empty:
        rewrite_file(Path(outcome.rejects_file), lambda text: replace(text, forgotten.token_of), write=True)


def forget_in(endpoints: Endpoints, store: Store, folders: Sequence[Path], *, write: bool) -> list[FileFound]:
    """The files of these folders, without the numbers that were forgotten before."""
    forgotten = forgotten_list(endpoints, store)
    forgotten.refresh()
    if forgotten.is_empty:
        return []
    return rewrite_files(folders, lambda text: replace(text, forgotten.token_of), write=write)
