"""The stages of a sale: an ordered configuration, with the default in `stages.toml`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words for people, in both languages."""

    ru: str = ""
    en: str = ""

    def in_language(self, language: str) -> str:
        """In the language of a reader, else in another one; "" when it is in none."""
        return str(getattr(self, language) or self.en or self.ru)


class Stage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One stage. `terminal` ends the funnel; `potential` makes its calls count in indicator A."""

    code: str
    title: Text
    contact: Text = Text()
    goal: Text = Text()
    result: Text = Text()
    potential: bool = False
    terminal: bool = False

    def title_in(self, language: str) -> str:
        """The title in the language of a reader, else the code."""
        return str(getattr(self.title, language) or self.code)


class Stages(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Stages in order: the place in the list is the order of the funnel."""

    stages: tuple[Stage, ...]

    @property
    def codes(self) -> list[str]:
        return [stage.code for stage in self.stages]

    @property
    def funnel(self) -> list[str]:
        """Codes an organisation moves through, the terminal ones left out."""
        return [stage.code for stage in self.stages if not stage.terminal]

    @property
    def terminal(self) -> list[str]:
        return [stage.code for stage in self.stages if stage.terminal]

    @property
    def potential(self) -> frozenset[str]:
        return frozenset(stage.code for stage in self.stages if stage.potential)

    def find(self, text: str) -> str | None:
        """The code for a code or a title in either language, whatever its case; None when there is none."""
        return self._by_text.get(text.strip().casefold())

    @property
    def _by_text(self) -> dict[str, str]:
        return _index(self)


@cache
def _index(stages: Stages) -> dict[str, str]:
    return {
        text.casefold(): stage.code
        for stage in stages.stages
        for text in (stage.code, stage.title.ru, stage.title.en)
        if text  # a title may be in one language alone
    }


@cache
def default_stages() -> Stages:
    """The stages of the design's table."""
    return msgspec.toml.decode(Path(__file__).with_name("stages.toml").read_bytes(), type=Stages)
