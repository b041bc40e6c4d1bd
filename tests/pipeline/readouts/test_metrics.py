"""The texts of the metrics: each says what it counts, and is whole."""

from __future__ import annotations

import pytest

from schemas import metrics


@pytest.mark.parametrize("name", metrics.names())
def test_text_begins_with_its_definition_and_is_whole(name: str) -> None:
    text = metrics.text(name)
    assert text.startswith("-- ")
    assert "-- include:" not in text


def test_part_is_in_every_text_that_includes_it_and_no_metric_itself() -> None:
    assert "owned.part" not in metrics.names()
    funnels = [name for name in metrics.names() if name.startswith("funnel_") and name != "funnel_unknown"]
    assert funnels == ["funnel_cohort", "funnel_flow", "funnel_snapshot"]
    assert all("AS owner_team" in metrics.text(name) for name in funnels)
