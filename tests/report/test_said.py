"""What the head of a report says before any number."""

from __future__ import annotations

from datetime import datetime

import pytest

from grafana.build import EXAMPLE
from grafana.report.filled import Heading, Report, Telling


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Changes are against the week before (2 to 8)."), ("ru", "Изменения — к")]
)
def test_what_changes_are_changes_to_stands_under_the_title(language: str, said: str) -> None:
    at = datetime.fromisoformat("2026-03-16T08:00:00+03:00")
    before = "the week before (2 to 8)"
    heading = Heading(kind="week", period="9 to 15", before=before, made_at=at, as_of=at, is_over=True)
    assert Telling(language, EXAMPLE, Report(heading=heading, sections=[])).lines[1].startswith(said)
