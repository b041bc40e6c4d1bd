"""What warnings say: `alerts_ru.toml` and `alerts_en.toml` of grafana/words, the same keys in both, in two forms.

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

FOLDER = Path(__file__).parent.parent / "words"


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The texts of a rule."""

    title: str
    summary: str
    description: str


class AlertWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    words: dict[str, str]
    rules: dict[str, Said]


@cache
def alert_words(language: str) -> AlertWords:
    """The words of `ru` or `en`."""
    text = (FOLDER / f"alerts_{language}.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), AlertWords)


def plain(text: str, labels: Mapping[str, str], numbers: Mapping[str, float]) -> str:
    """The text with values."""
    return text.format(**labels, **numbers)


def template(text: str) -> str:
    """The text as Grafana's template of an annotation (Go's text/template)."""
    parts = []
    for words, name, form, _ in Formatter().parse(text):
        parts.append(words)
        if name:
            parts.append(_number(name, form) if form else f"{{{{ $labels.{name} }}}}")
    return "".join(parts)


def _number(name: str, form: str) -> str:
    """A number that is not there (the query failed) is a question mark, instead of a broken message."""
    decimals = form.strip(".f%")
    verb = f'{{{{ printf "%.{decimals}f" .Value }}}}' if form.endswith("f") else "{{ humanizePercentage .Value }}"
    return f"{{{{ with $values.{name} }}}}{verb}{{{{ else }}}}?{{{{ end }}}}"


def placeholders(text: str) -> list[str]:
    """The numbers and labels that a text names."""
    return [name for _, name, _, _ in Formatter().parse(text) if name]
