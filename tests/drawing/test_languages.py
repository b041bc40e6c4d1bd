"""A language is a folder of texts and a locale of Babel; which one a reader gets."""

from __future__ import annotations

from pathlib import Path

import pytest

import schemas.screens.translations
from pipeline.drawing.languages import NumberFormat, accepted_language, name_of, number_format, terminal_language
from schemas.screens.translations import LANGUAGES

NBSP = "\N{NO-BREAK SPACE}"


def test_languages_are_the_folders_of_texts_with_the_same_files() -> None:
    folder = Path(schemas.screens.translations.__file__).parent
    files = {
        one.name: {path.name for path in one.glob("*.toml")} for one in folder.iterdir() if any(one.glob("*.toml"))
    }
    assert files.keys() == set(LANGUAGES)
    assert len({frozenset(names) for names in files.values()}) == 1


def test_numbers_are_written_as_the_language_writes_them() -> None:
    assert number_format("ru") == NumberFormat(NBSP, ",", f"{NBSP}%")
    assert number_format("en") == NumberFormat(",", ".", "%")


def test_language_is_named_by_its_speakers() -> None:
    assert [name_of(one) for one in ("ru", "en")] == ["Русский", "English"]


@pytest.mark.parametrize(
    ("env", "language"),
    [
        ({"LANG": "ru_RU.UTF-8"}, "ru"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LC_ALL": "C", "LANG": "ru_RU.UTF-8"}, "en"),
        ({"LC_MESSAGES": "ru_RU", "LANG": "de_DE"}, "ru"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_terminal_gets_the_language_of_its_locale(env: dict[str, str], language: str) -> None:
    assert terminal_language(env) == language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("de-DE, RU;q=0.5, en;q=0.4", "ru"),
        ("en-US,ru", "en"),
        ("fr", "en"),
    ],
)
def test_browser_gets_the_first_language_that_there_is(header: str, language: str) -> None:
    assert accepted_language(header) == language
