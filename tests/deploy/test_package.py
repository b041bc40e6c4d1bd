"""An installed package holds every file that the code reads: what is no Python is named in pyproject.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DATA: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"][
    "package-data"
]
FOR_DEVELOPERS = {"schemas/examples"}


@pytest.mark.parametrize("room", ["schemas", "connectors", "pipeline", "grafana"])
def test_every_file_that_is_no_python_is_packed(room: str) -> None:
    packed = {path for pattern in DATA[room] for path in (ROOT / room).glob(pattern)}
    files = {
        path
        for path in (ROOT / room).rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc") and "__pycache__" not in path.parts
    }
    developers = {path for path in files if any(path.is_relative_to(ROOT / folder) for folder in FOR_DEVELOPERS)}
    assert files - developers - packed == set()
