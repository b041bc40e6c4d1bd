"""A department as a user gets it by default, generated once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.department.generate import TRUTH, generate
from pipeline.department.knobs import Knobs

Truth = dict[str, Any]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the default department: 12 managers, 120 days."""
    path: Path = tmp_path_factory.mktemp("department")
    generate(Knobs(), path)
    return path


@pytest.fixture(scope="session")
def truth(folder: Path) -> Truth:
    found: Truth = msgspec.json.decode((folder / TRUTH).read_bytes())
    return found


@pytest.fixture
def department(tmp_path: Path) -> Callable[[Knobs], tuple[Path, Truth]]:
    """Generate another one: (folder, truth)."""

    def make(knobs: Knobs) -> tuple[Path, Truth]:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        generate(knobs, path)
        return path, msgspec.json.decode((path / TRUTH).read_bytes())

    return make
