"""The texts of the report: `report.toml` of each language."""

from __future__ import annotations

from functools import cache

import msgspec

from schemas.screens.translations import texts
from schemas.screens.translations.boards import Titled


class ReportTexts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The texts of one language, by id. {...} is a placeholder."""

    title: str
    kinds: dict[str, str]
    """day, week, month: of what the report is."""
    subject: str
    stale_subject: str
    against: dict[str, str]
    until: str
    changes: str
    not_over: str
    only_teams: str
    only_managers: str
    stale: str
    late: str
    never: str
    dead: str
    no_calls_since: str
    no_calls_on: str
    nothing_loaded: str
    loss: str
    no_loss: str
    nobody_flagged: str
    made: str
    definitions_title: str
    definitions: list[str]
    contents: str
    sum_of_d: str
    attached: str
    headlines: dict[str, str]
    """Sentences on top, by id of `pipeline.readouts.headlines`."""
    sections: dict[str, str]
    spans: dict[str, str]
    panels: dict[str, Titled]
    columns: dict[str, str]


@cache
def report_texts(language: str) -> ReportTexts:
    """The texts of a language."""
    return texts(language, "report", ReportTexts)
