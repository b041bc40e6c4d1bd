"""The report as one HTML file, scripts and styles inside, no request to anybody, fit for paper; and as a letter."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from markupsafe import Markup

from pipeline.drawing.draw import DrawnPanel, draw
from pipeline.drawing.report.text import ReportText, is_chart
from pipeline.drawing.tables import nothing
from pipeline.drawing.templates import render
from pipeline.readouts.report_data import PartData
from schemas.screens.panel import PanelType
from schemas.screens.report import Section

_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
"""The browser itself refuses every request, whatever a script would like."""

_NAME_PX, _AXIS_PX, _UNIT_PX = 17, 70, 34
"""Of a name beside its bars, of an axis and a legend, and of a unit of height (report.css)."""


def page(text: ReportText, *, styles: str, scripts: str) -> str:
    """The whole file. `scripts` are Plotly's and ours, `styles` those of the page and of the report."""
    figures: dict[str, object] = {}
    sections = [_section(text, section, parts, figures) for section, parts in text.report.sections]
    # In a script a text must not end it; JSON allows to write the bracket otherwise.
    data = msgspec.json.encode(figures).decode().replace("<", "\\u003c")
    return render(
        "report/page.html",
        text=text,
        policy=Markup(_POLICY),  # noqa: S704 - ours
        sections=sections,
        styles=Markup(styles),  # noqa: S704 - files of ours
        scripts=Markup(scripts),  # noqa: S704 - files of ours and Plotly's
        figures=Markup(data),  # noqa: S704 - JSON without a bracket
    )


def letter(text: ReportText) -> str:
    """The HTML of a letter: the tables that matter most, no scripts, styles where mail programs look for them."""
    sections = []
    for section, parts in text.report.sections:
        if chosen := [one for one in parts if one.part.in_letter]:
            sections.append(_section(text, section, chosen, None))
    styles = Markup(_LETTER)  # noqa: S704 - ours
    return render("report/letter.html", text=text, sections=sections, styles=styles)


_LETTER = (
    "body{font:14px/1.4 Arial,sans-serif;color:#1d2733}table{border-collapse:collapse;font-size:13px}"
    "td,th{border:1px solid #d5dbe2;padding:3px 7px;text-align:left}.r{text-align:right}"
    ".tile{display:inline-block;margin:0 18px 8px 0}.head{color:#52606d;font-size:12px}.number{font-size:20px}"
    ".stale{border:2px solid #c44f00;padding:8px;color:#c44f00;font-weight:bold}h2{font-size:17px}h3{font-size:14px}"
    ".bad{color:#c44f00;font-weight:bold}.notice{color:#a86400;font-weight:bold}.good{font-weight:bold}"
    ".bad::before{content:'\\25A0 '}.notice::before{content:'\\25B2 '}.good::before{content:'\\25CF '}"
)


def _section(
    text: ReportText, section: Section, parts: Sequence[PartData], figures: dict[str, object] | None
) -> dict[str, object]:
    """A section with its panels. Figures are put into `figures`; without it everything is a table."""
    return {
        "id": section.id,
        "title": text.texts.sections[section.id],
        "lead": text.loss if section.id == "funnel" else "",
        "panels": [_panel(text, one, figures) for one in parts],
    }


def _panel(text: ReportText, one: PartData, figures: dict[str, object] | None) -> dict[str, object]:
    titled = text.titled(one.part)
    is_figure = figures is not None and is_chart(one.part) and bool(one.rows)
    if figures is not None and is_figure:
        figures[one.part.id] = _draw(text, one).figure
    return {
        "id": one.part.id,
        "title": titled.title,
        "description": titled.description,
        "width": one.part.panel.width,
        "height": chart_height(one),
        "names": _names(one),
        "is_figure": is_figure,
        "html": "" if is_figure else _drawn(text, one),
    }


def chart_height(one: PartData) -> int:
    """In units of the page's `--h`: lying bars get as much that each name can be read."""
    return max(one.part.panel.height, -(-(_names(one) * _NAME_PX + _AXIS_PX) // _UNIT_PX))


def _names(one: PartData) -> int:
    """Beside lying bars."""
    return len(one.rows) if one.part.panel.panel_type is PanelType.BARS else 0


def _drawn(text: ReportText, one: PartData) -> Markup:
    if not one.rows and one.part.panel.panel_type is not PanelType.STAT:
        return Markup(nothing(text.empty(one.part)))  # noqa: S704 - it is HTML
    return Markup(_draw(text, one).html)  # noqa: S704 - it is drawn as HTML


def _draw(text: ReportText, one: PartData) -> DrawnPanel:
    panel = msgspec.structs.replace(one.part.panel, columns=tuple(one.columns))
    return draw(panel, one.rows, text.context)
