"""What a reader can choose on a board, where the values come from the store or are numbers."""

from __future__ import annotations

from schemas.parameters import Query

QUERIES = {
    "team": Query(metric="choice_teams"),
    "manager": Query(metric="choice_managers"),
    "source": Query(metric="choice_sources"),
}
"""Variable -> the metric with its values: an id, and what is shown."""

THRESHOLDS_S = (10, 30, 60, 120, 300)
