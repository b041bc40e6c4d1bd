"""The texts of the metrics: each says what it counts, and is whole."""

from __future__ import annotations

import pytest

from pipeline.readouts.funnel import Clock
from schemas import metrics


@pytest.mark.parametrize("name", metrics.names())
def test_text_begins_with_its_definition_and_is_whole(name: str) -> None:
    text = metrics.text(name)
    assert text.startswith("-- ")
    assert "-- include:" not in text


def test_part_is_in_every_text_that_includes_it_and_no_metric_itself() -> None:
    assert "owned.part" not in metrics.names()
    funnels = [f"funnel_{clock}" for clock in Clock]
    assert set(funnels) < set(metrics.names())
    assert all("AS owner_team" in metrics.text(name) for name in funnels)


def test_metric_that_is_read_off_another_one_has_its_parts_too() -> None:
    assert metrics.text("funnel_cohort") in metrics.text("funnel_loss")
