"""The texts of alerts as Grafana's templates of annotations (Go's text/template)."""

from __future__ import annotations

from string import Formatter

from schemas.screens.translations.alerts import DURATION


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
    verbs = {"f": f'{{{{ printf "%.{decimals}f" .Value }}}}', "%": "{{ humanizePercentage .Value }}"}
    verb = "{{ humanizeDuration .Value }}" if spec == DURATION else verbs[spec[-1]]
    return f"{{{{ with $values.{name} }}}}{verb}{{{{ else }}}}?{{{{ end }}}}"
