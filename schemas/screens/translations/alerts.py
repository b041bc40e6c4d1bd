"""The texts of alerts: `alerts.toml` of each language.

`{calls:.0f}` in a text is a number of the rule, `{manager}` a label: `plain` puts values there, and
`grafana.alerts.templates` what Grafana puts its own there from.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from string import Formatter

import msgspec

from schemas.screens.translations import texts


class RuleTexts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The texts of a rule."""

    title: str
    summary: str
    description: str


class AlertTexts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    phrases: dict[str, str]
    rules: dict[str, RuleTexts]


@cache
def alert_texts(language: str) -> AlertTexts:
    """The texts of a language."""
    return texts(language, "alerts", AlertTexts)


def plain(text: str, labels: Mapping[str, str], numbers: Mapping[str, float]) -> str:
    """The text with values."""
    return text.format(**labels, **numbers)


def placeholders(text: str) -> list[str]:
    """The numbers and labels that a text names."""
    return [name for _, name, _, _ in Formatter().parse(text) if name]
