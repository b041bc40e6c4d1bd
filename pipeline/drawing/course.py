"""A line of numbers that stands in a cell of a table: no axes, the latest one as a dot. Read out, it is its numbers."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from pipeline.drawing.templates import render

WIDTH, HEIGHT, _EDGE = 90, 18, 2


def course(values: Sequence[float], title: str) -> Markup:
    """An SVG of its own size. "" for fewer than two numbers, which make no line."""
    if len(values) < 2:
        return Markup("")
    most = max(*values, 1)
    step = (WIDTH - 2 * _EDGE) / (len(values) - 1)
    points = [
        (round(_EDGE + n * step, 1), round(HEIGHT - _EDGE - value / most * (HEIGHT - 2 * _EDGE), 1))
        for n, value in enumerate(values)
    ]
    text = f"{title}: {', '.join(f'{value:g}' for value in values)}"
    return Markup(render("course.html", width=WIDTH, height=HEIGHT, points=points, last=points[-1], text=text))  # noqa: S704 - a template escapes
