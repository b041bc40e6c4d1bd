"""Templates of HTML: what is put into them is escaped, unless it is HTML already (`Markup`)."""

from __future__ import annotations

from functools import cache, lru_cache
from html import escape
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup


def render(template: str, **values: object) -> str:
    """`PACKAGE/NAME` of `pipeline.drawing`, filled in. Raises UndefinedError for a value that is not given."""
    return str(_environment().get_template(template).render(values))


@cache
def _environment() -> Environment:
    return Environment(
        loader=FunctionLoader(_source), autoescape=True, undefined=StrictUndefined, finalize=escaped, auto_reload=False
    )


def _source(template: str) -> str:
    """Lines are for people: neither their ends nor their indentation are in the page."""
    text = (files("pipeline.drawing") / template).read_text(encoding="utf-8")
    return "".join(line.strip() for line in text.splitlines())


def escaped(value: object) -> Markup:
    """As HTML: text is escaped, HTML stays."""
    return value if isinstance(value, Markup) else _as_html(str(value))


@lru_cache(maxsize=10_000)  # heads, classes and names come again in every row
def _as_html(text: str) -> Markup:
    return Markup(escape(text))  # noqa: S704 - it is escaped
