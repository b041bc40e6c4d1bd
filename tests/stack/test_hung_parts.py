"""A part that hangs is replaced, and `doctor` and `load` say what hangs: SIGSTOP of each on the real stack."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from tests.stack.department import Department
from tests.stack.deployment import wait_for
from tests.stack.test_up import Up

pytestmark = pytest.mark.stack
PATIENCE_S = 6.0


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    up = Up(tmp_path_factory.mktemp("up"))
    up.start("--patience", str(PATIENCE_S))
    yield up
    up.end()


@pytest.mark.parametrize(
    "parts", [("store", "board"), ("worker-1",), ("broker",)], ids=["store and board", "worker", "broker"]
)
def test_a_part_that_is_stopped_is_replaced_and_the_stack_works_on(
    up: Up, department: Department, parts: tuple[str, ...]
) -> None:
    before = up.parts
    began = time.monotonic()
    for part in parts:
        os.kill(before[part], signal.SIGSTOP)
    for part in parts:
        up.wait_for_another(part, before[part])
        assert f"{part} (process {before[part]}, stopped) gave no sign of life for" in up.said
        assert f"{part} had stopped and was started again" in up.said
    assert time.monotonic() - began < 5 * PATIENCE_S, "one after the other they would take longer"
    if "broker" not in parts:
        assert {name: pid for name, pid in up.parts.items() if name not in parts} == {
            name: pid for name, pid in before.items() if name not in parts
        }, "nobody else was touched"
    assert up.loading(department.files["managers"], "managers").outcome()["records"] > 0
    wait_for("well stack", lambda: up.run("doctor", "--json").returncode == 0)
