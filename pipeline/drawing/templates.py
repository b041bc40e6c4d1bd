"""Templates of HTML: what is put into them is escaped, unless it is HTML already (`Markup`)."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup


def render(template: str, **values: object) -> Markup:
    """`PACKAGE/NAME` of `pipeline.drawing`, filled in. Raises UndefinedError for a value that is not given."""
    return Markup(_environment().get_template(template).render(values))  # noqa: S704 - the environment escapes


@cache
def _environment() -> Environment:
    return Environment(
        loader=FunctionLoader(_source), autoescape=True, undefined=StrictUndefined, finalize=_escaped, auto_reload=False
    )


def _source(template: str) -> str:
    """Lines are for people: neither their ends nor their indentation are in the page."""
    text = (files("pipeline.drawing") / template).read_text(encoding="utf-8")
    return "".join(line.strip() for line in text.splitlines())


def _escaped(value: object) -> Markup:
    return value if isinstance(value, Markup) else Markup(escape(str(value)))  # noqa: S704 - it is escaped
