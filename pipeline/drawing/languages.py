"""The language of a reader, and how numbers are written in it: a language is texts and a Babel locale."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import msgspec
from babel import Locale

from schemas.screens.translations import LANGUAGES

DEFAULT = "en"
"""For readers of other languages."""


class NumberFormat(msgspec.Struct, frozen=True):
    """How a language groups thousands, and what stands before decimals and after a percentage."""

    thousands: str
    point: str
    percent: str


@cache
def number_format(language: str) -> NumberFormat:
    locale = Locale.parse(language)
    symbols = locale.number_symbols["latn"]
    percent = re.sub(r"[#,.0]", "", locale.percent_formats[None].pattern)
    return NumberFormat(symbols["group"], symbols["decimal"], percent.replace("%", symbols["percentSign"]))


@cache
def name_of(language: str) -> str:
    """As its speakers call it."""
    name = Locale.parse(language).get_display_name(language) or language
    return name[:1].upper() + name[1:]


def terminal_language(env: Mapping[str, str]) -> str:
    """That of the terminal's locale."""
    return _offered(env.get("LC_ALL") or env.get("LC_MESSAGES") or env.get("LANG") or "") or DEFAULT


def accepted_language(header: str) -> str:
    """The first that a browser accepts and that there is."""
    return next(filter(None, (_offered(one.strip()) for one in header.split(","))), DEFAULT)


def _offered(locale: str) -> str:
    code = locale[:2].lower()
    return code if code in LANGUAGES else ""
