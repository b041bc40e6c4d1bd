"""The texts of alerts: `alerts.toml` of each language.

`{calls:.0f}` in a text is a number of the rule, `{age_s:duration}` a time, `{manager}` a label: `plain` puts values
there, and `grafana.alerts.templates` what Grafana puts its own there from.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from string import Formatter

import msgspec

from schemas.screens.translations import texts

DURATION = "duration"


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
    return text.format(**labels, **{name: _AlertNumber(value) for name, value in numbers.items()})


class _AlertNumber(float):
    """A number that can be written as a time, as Grafana's humanizeDuration does it."""

    def __format__(self, spec: str) -> str:
        if spec != DURATION:
            return super().__format__(spec)
        minutes, seconds = divmod(int(self), 60)
        hours, minutes = divmod(minutes, 60)
        days, hours = divmod(hours, 24)
        parts = [f"{days}d", f"{hours}h", f"{minutes}m", f"{seconds}s"]
        return " ".join(parts[next((n for n, part in enumerate((days, hours, minutes)) if part), 3) :])


def placeholders(text: str) -> list[str]:
    """The numbers and labels that a text names."""
    return [name for _, name, _, _ in Formatter().parse(text) if name]
