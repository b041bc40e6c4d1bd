"""The texts of the boards: `boards.toml` of each language."""

from __future__ import annotations

from functools import cache

import msgspec

from schemas.screens.translations import texts


class Titled(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A title, and what is counted."""

    title: str
    description: str
    nothing: str = ""
    """Shown when there is no row; "" takes the default."""


class BoardTexts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The texts of one language, by id."""

    boards: dict[str, Titled]
    panels: dict[str, Titled]
    columns: dict[str, str]
    variables: dict[str, str]
    links: dict[str, str]
    values: dict[str, dict[str, str]]
    """Labels of codes, by the kind of code."""
    folder: str
    all: str


@cache
def board_texts(language: str) -> BoardTexts:
    """The texts of a language."""
    return texts(language, "boards", BoardTexts)
