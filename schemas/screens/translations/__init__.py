"""All texts of the screens: a folder for each language, with the same files and the same keys in each."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

import msgspec

T = TypeVar("T")

LANGUAGES = ("ru", "en")
"""A language is a folder here: the boards of Grafana are built in this order."""


def texts(language: str, name: str, kind: type[T]) -> T:
    """The texts of `LANGUAGE/NAME.toml`. Raises FileNotFoundError for a language that is not there."""
    content = Path(__file__).with_name(language).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(content), kind)
