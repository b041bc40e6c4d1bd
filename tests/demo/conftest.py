"""Departments that are loaded into a stack of their own, as the demo does it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from department.options import DepartmentOptions
from pipeline.demo.department import LoadedDepartment, loaded

SMALL = DepartmentOptions(managers=4, days=20, seed=3)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadedDepartment]:
    with loaded(tmp_path_factory.mktemp("small"), SMALL) as department:
        yield department


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadedDepartment]:
    """One whose exchange records oddly."""
    with loaded(tmp_path_factory.mktemp("odd"), msgspec.structs.replace(SMALL, oddities=True)) as department:
        yield department


@pytest.fixture(scope="module")
def default(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadedDepartment]:
    """The department that everybody sees."""
    with loaded(tmp_path_factory.mktemp("default"), DepartmentOptions()) as department:
        yield department
