"""Each text of callfunnel.toml replaced by ones that nobody means: understood or refused by name, never a traceback."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tomlkit

from pipeline import settings as documented
from pipeline.readouts.department import department_of
from pipeline.settings import read_settings
from schemas.errors import Terminal

ODD = (
    "'",
    '"',
    "\\",
    "'); DROP TABLE calls; --",
    "%s",
    "{x}",
    "a\0b",
    "\0",
    "\n",
    "",
    " ",
    "\u202e",
    "(",
    "[a",
    "*",
    "x" * 5_000,
)


def texts(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the texts of a document are."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from texts(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from texts(inner, (*path, index))


def replaced(value: Any, path: tuple[Any, ...], text: str) -> Any:
    if not path:
        return text
    if isinstance(value, dict):
        return {name: replaced(inner, path[1:], text) if name == path[0] else inner for name, inner in value.items()}
    return [replaced(inner, path[1:], text) if index == path[0] else inner for index, inner in enumerate(value)]


DOCUMENTED = tomllib.loads((documented.__doc__ or "").partition("\n\n")[2].partition("[[stages]]")[0])


def test_document_is_read(tmp_path: Path) -> None:
    (tmp_path / "callfunnel.toml").write_text(tomlkit.dumps(DOCUMENTED), "utf-8")
    assert read_settings({"CALLFUNNEL_CONFIG": str(tmp_path / "callfunnel.toml")}).region == "RU"


@pytest.mark.parametrize("path", tuple(texts(DOCUMENTED)), ids=lambda path: ".".join(map(str, path)))
def test_odd_text_is_understood_or_refused(path: tuple[Any, ...], tmp_path: Path) -> None:
    config = tmp_path / "callfunnel.toml"
    for odd in ODD:
        config.write_text(tomlkit.dumps(replaced(DOCUMENTED, path, odd)), "utf-8")
        refusal = ""
        try:
            department_of(read_settings({"CALLFUNNEL_CONFIG": str(config)}))
        except Terminal as refused:
            refusal = str(refused)
        assert not refusal or str(path[0]) in refusal or "\0" in odd, "it is named"
        assert len(refusal) < 7_000
