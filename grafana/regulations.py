"""The regulations of the stages, for people: what the goal of each stage is, and by what result it ends."""

from __future__ import annotations

from schemas.screens.translations.boards import board_texts
from schemas.stages import Stages, Text


def regulations(stages: Stages, language: str) -> str:
    """A Markdown table, a row for each stage."""

    def translated(text: Text) -> str:
        return text.in_language(language).replace("|", "\\|").replace("$", "&#36;")

    rows = [tuple(board_texts(language).values["regulation"].values()), ("---",) * 4]
    rows += [
        (f"**{translated(s.title) or s.code}**", translated(s.contact), translated(s.goal), translated(s.result))
        for s in stages.stages
    ]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
