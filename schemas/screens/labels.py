"""What the codes of a column mean, in the reader's language."""

from __future__ import annotations

from schemas.parameters import Department
from schemas.screens.panel import Column, Unit
from schemas.screens.translations.alerts import alert_texts
from schemas.screens.translations.boards import board_texts


def codes(column: Column, department: Department, language: str) -> list[tuple[str, str]]:
    """(code, label) of a column's values, in order."""
    if column.values == "stage":
        stages = department.stages.stages
        return [(stage.code, stage.title_in(language)) for stage in stages]
    if column.values == "rule":
        return [(name, texts.title) for name, texts in alert_texts(language).rules.items()]
    if column.unit is Unit.FLAG:
        return list(board_texts(language).values["flag"].items())
    return list(board_texts(language).values[column.values].items()) if column.values else []
