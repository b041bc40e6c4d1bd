"""What is written without a worker after somebody was forgotten: it is looked through with the list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


def forget_again(endpoints: Endpoints, store: Store, outcome: _Loaded) -> None:
    """The rejected rows of a load, without the numbers that were forgotten before."""
    forgotten = _list(endpoints, store)
    if outcome.rejects_file and not forgotten.is_empty:
        rewrite_file(Path(outcome.rejects_file), lambda text: replace(text, forgotten.token_of), write=True)


def without_forgotten(endpoints: Endpoints, store: Store) -> Callable[[str], str]:
    """What a text becomes: the same, without the numbers that were forgotten before."""
    forgotten = _list(endpoints, store)
    return (lambda text: text) if forgotten.is_empty else (lambda text: replace(text, forgotten.token_of)[0])


def forget_in(endpoints: Endpoints, store: Store, folders: Sequence[Path], *, write: bool) -> list[FileFound]:
    """The files of these folders, without the numbers that were forgotten before."""
    forgotten = _list(endpoints, store)
    if forgotten.is_empty:
        return []
    return rewrite_files(folders, lambda text: replace(text, forgotten.token_of), write=write)


def _list(endpoints: Endpoints, store: Store) -> ForgottenList:
    forgotten = ForgottenList(store, key_file(endpoints.data))
    forgotten.refresh()
    return forgotten
