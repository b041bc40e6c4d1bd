"""A power cut takes nothing that was reported: a real stack on an ext4 image, copied while nothing is flushed."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from bench.power_cut import Bench, Unable

pytestmark = pytest.mark.stack


def test_what_was_reported_is_there_after_the_power_was_cut(tmp_path: Path) -> None:
    """As soon as a load is reported, and within one. `python -m bench.power_cut` cuts as often as asked."""
    said: list[str] = []
    try:
        lost = Bench(tmp_path, 400, random.Random(11)).run(2, said.append)
    except Unable as why:
        pytest.skip(f"no image can be mounted here: {why}")
    assert lost == []
    assert len(said) == 2
