"""The texts of alerts: `alerts_ru.toml` and `alerts_en.toml` of grafana/translations, with the same keys, in two forms.

`{calls:.0f}` in a text is a number of the rule, `{manager}` a label: `plain` puts values there, `template` what Grafana
puts its own there from.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Formatter

import msgspec

FOLDER = Path(__file__).parent.parent / "translations"


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
    """The texts of `ru` or `en`."""
    text = (FOLDER / f"alerts_{language}.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), AlertTexts)


def plain(text: str, labels: Mapping[str, str], numbers: Mapping[str, float]) -> str:
    """The text with values."""
    return text.format(**labels, **numbers)


def template(text: str) -> str:
    """The text as Grafana's template of an annotation (Go's text/template)."""
    parts = []
    for literal, name, spec, _ in Formatter().parse(text):
        parts.append(literal)
        if name:
            parts.append(_number(name, spec) if spec else f"{{{{ $labels.{name} }}}}")
    return "".join(parts)


def _number(name: str, spec: str) -> str:
    """A number that is not there (the query failed) is a question mark, instead of a broken message."""
    decimals = spec.strip(".f%")
    verb = f'{{{{ printf "%.{decimals}f" .Value }}}}' if spec.endswith("f") else "{{ humanizePercentage .Value }}"
    return f"{{{{ with $values.{name} }}}}{verb}{{{{ else }}}}?{{{{ end }}}}"


def placeholders(text: str) -> list[str]:
    """The numbers and labels that a text names."""
    return [name for _, name, _, _ in Formatter().parse(text) if name]
