"""A department as a user gets it by default, generated once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from department.generate import TRUTH, generate
from department.options import DepartmentOptions

Truth = dict[str, Any]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the default department: 12 managers, 120 days."""
    path: Path = tmp_path_factory.mktemp("department")
    generate(DepartmentOptions(), path)
    return path


@pytest.fixture(scope="session")
def truth(folder: Path) -> Truth:
    found: Truth = msgspec.json.decode((folder / TRUTH).read_bytes())
    return found


@pytest.fixture
def department(tmp_path: Path) -> Callable[[DepartmentOptions], tuple[Path, Truth]]:
    """Generate another one: (folder, truth)."""

    def make(options: DepartmentOptions) -> tuple[Path, Truth]:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}"
        generate(options, path)
        return path, msgspec.json.decode((path / TRUTH).read_bytes())

    return make
