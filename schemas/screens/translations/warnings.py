"""The texts of messages: `warnings.toml` of each language.

`{calls:calls}` in a text is a number of the rule with the noun `calls` in its right form, `{age_s:duration}` a time in
words, `{share:percent}` a share; `{manager}` is a label.
"""

from __future__ import annotations

from functools import cache

import msgspec

from schemas.screens.translations import texts


class WarningMessageTexts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a message says of a rule."""

    line: str
    """The number and what was expected, of whom: all that a telephone shows at first."""
    over: str
    """Who and what it was of, after "Over:". Why it ended is not known: they call again, or an absence was entered."""
    todo: str
    """What to do next."""


class WarningTexts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    phrases: dict[str, str]
    nouns: dict[str, dict[str, str]]
    """Noun -> its form for each of the language's plural categories (CLDR)."""
    frames: dict[str, str]
    """What time a pace is of."""
    weekdays: list[str]
    digest: dict[str, str]
    lists: dict[str, str]
    """What the commands say."""
    backtest: dict[str, str]
    rules: dict[str, WarningMessageTexts]


@cache
def warning_texts(language: str) -> WarningTexts:
    """The texts of a language."""
    return texts(language, "warnings", WarningTexts)
