"""The words of page and report: both languages say the same things, and every part has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from pipeline.readouts.board_request import PERIODS
from pipeline.report.periods import PeriodKind
from pipeline.report.staleness import Why
from schemas.screens.report import SECTIONS, ReportSpan
from schemas.screens.translations import LANGUAGES
from schemas.screens.translations.boards import board_texts
from schemas.screens.translations.page import page_texts
from schemas.screens.translations.report import report_texts

PARTS = [part for section in SECTIONS for part in section.parts]


def _texts(said: Any, where: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(said, dict):
        for key, value in said.items():
            yield from _texts(value, f"{where}.{key}")
    elif isinstance(said, list):
        for number, value in enumerate(said):
            yield from _texts(value, f"{where}[{number}]")
    else:
        yield where, said


@pytest.mark.parametrize("of", [page_texts, report_texts], ids=["page", "report"])
def test_both_languages_have_the_same_texts_and_fill_in_the_same(of: Any) -> None:
    russian, english = (dict(_texts(msgspec.to_builtins(of(language)))) for language in LANGUAGES)
    assert russian.keys() == english.keys()
    for where, text in russian.items():
        assert bool(text) == bool(english[where]), where
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", english[where])), where


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_part_and_column_has_words(language: str) -> None:
    said, boards = report_texts(language), board_texts(language)
    for part in PARTS:
        assert (part.id in said.panels) != (part.id in boards.panels), part.id
        for column in part.panel.columns:
            assert column.title in {**boards.columns, **said.columns}, (part.id, column.title)
    assert said.panels.keys() <= {part.id for part in PARTS}
    assert said.sections.keys() == {section.id for section in SECTIONS}
    assert said.spans.keys() == set(ReportSpan)
    assert said.kinds.keys() == said.against.keys() == set(PeriodKind)
    assert page_texts(language).periods.keys() == PERIODS.keys()
    assert all(hasattr(said, why.value) for why in Why)


def test_parts_have_ids_of_their_own() -> None:
    ids = [part.id for part in PARTS] + [section.id for section in SECTIONS]
    assert len(set(ids)) == len(ids)
