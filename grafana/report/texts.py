"""The texts of the report: `report_ru.toml` and `report_en.toml`, the same keys in both."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import msgspec

import grafana.translations
from grafana.translations import Titled


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
    sections: dict[str, str]
    spans: dict[str, str]
    panels: dict[str, Titled]
    columns: dict[str, str]


@cache
def report_texts(language: str) -> ReportTexts:
    """The texts of `ru` or `en`."""
    path = Path(grafana.translations.__file__).with_name(f"report_{language}.toml")
    return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), ReportTexts)
