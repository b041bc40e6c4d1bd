"""The clock of a worker's machine jumps (libfaketime), and calls are loaded and corrected meanwhile: the last word of
each record stands, whatever the clocks said when it was decided on.
"""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from tests.stack.department import Department, found
from tests.stack.deployment import Deployment

pytestmark = pytest.mark.stack
LIBRARY = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
LEGS = 2_000


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Department:
    return found(tmp_path_factory.mktemp("small"), LEGS)


class SetClock:
    """A clock that every process with its environment goes by; `shift` sets it while they run."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock.txt"
        self.shift("+0")

    def shift(self, by: str) -> None:
        """From now on it is the true one plus this, such as "+3h"."""
        written = self._file.with_suffix(".new")
        written.write_text(f"{by}\n", "ascii")
        written.replace(self._file)

    @property
    def env(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(LIBRARY),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            # A clock that is set leaves the monotonic one alone, on a real machine as well.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }


def garbled_calls(department: Department, folder: Path) -> Path:
    """The same calls, each talk a second long."""
    path = folder / "garbled.csv"
    with department.files["calls"].open(encoding="utf-8", newline="") as file, path.open("w", newline="") as out:
        writer = csv.writer(out)
        for row in csv.reader(file):
            writer.writerow([*row[:13], "1" if row[13] != "0" else "0", *row[14:]])
    return path


def garbled_managers(department: Department, folder: Path) -> Path:
    """The same managers with other extensions: all calls are nobody's."""
    path = folder / "garbled-managers.csv"
    with department.files["managers"].open(encoding="utf-8", newline="") as file, path.open("w", newline="") as out:
        rows = list(csv.reader(file))
        writer = csv.writer(out)
        writer.writerow(rows[0])
        writer.writerows([*row[:3], " ".join(f"9{one}" for one in row[3].split()), *row[4:]] for row in rows[1:])
    return path


@pytest.mark.kafka
@pytest.mark.parametrize("deployment", ["apache_kafka"], indirect=True)
@pytest.mark.skipif(
    not LIBRARY.exists() and os.environ.get("REQUIRE_FAKETIME") != "1", reason=f"{LIBRARY} is not there"
)
def test_clock_of_a_worker_that_jumps_in_the_middle_of_a_load(
    deployment: Deployment, small: Department, tmp_path: Path
) -> None:
    """On machines of their own; where one machine does all, versions come from that very clock."""
    clock = SetClock(tmp_path)
    deployment.start(workers=0)
    deployment.add_worker("worker-1", env=deployment.env | clock.env)
    clock.shift("+3h")
    deployment.loading(garbled_managers(small, tmp_path), kind="managers").outcome()
    deployment.loading(garbled_calls(small, tmp_path)).outcome()
    clock.shift("-40d")
    deployment.load_directory(small)
    loading = deployment.loading(small.files["calls"])
    deployment.wait_for_legs(LEGS)
    clock.shift("+0")
    loading.outcome()
    deployment.assert_holds(small)
