"""The report as one HTML file, scripts and styles inside, no request to anybody, fit for paper; and as a letter."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import msgspec

from pipeline.drawing.draw import DrawnPanel, draw
from pipeline.drawing.report.text import ReportText, is_chart
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
    sections = "".join(_section(text, section, parts, figures) for section, parts in text.report.sections)
    links = "".join(f'<a href="#{s.id}">{escape(text.texts.sections[s.id])}</a>' for s, _ in text.report.sections)
    # In a script a text must not end it; JSON allows to write the bracket otherwise.
    data = msgspec.json.encode(figures).decode().replace("<", "\\u003c")
    return (
        f'<!doctype html><html lang="{text.language}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<title>{escape(text.subject)}</title><style>{styles}</style></head>"
        f'<body class="report"><header><h1>{escape(text.texts.title)}</h1>{_stale(text)}{_lines(text)}'
        f'<nav aria-label="{escape(text.texts.contents)}">{links}</nav></header>{sections}{_definitions(text)}'
        f'<script type="application/json" id="figures">{data}</script><script>{scripts}</script></body></html>'
    )


def letter(text: ReportText) -> str:
    """The HTML of a letter: the tables that matter most, no scripts, styles where mail programs look for them."""
    body = [f"<h1>{escape(text.texts.title)}</h1>", _stale(text), _lines(text)]
    for section, parts in text.report.sections:
        chosen = [one for one in parts if one.part.in_letter]
        if chosen:
            body.append(f"<h2>{escape(text.texts.sections[section.id])}</h2>")
            if section.id == "funnel":
                body.append(f"<p>{escape(text.loss)}</p>")
            body += [f"<h3>{escape(text.titled(one.part).title)}</h3>{_drawn(text, one)}" for one in chosen]
    body += [f"<p>{escape(text.texts.attached)}</p>", f"<p>{escape(text.made)}</p>"]
    return (
        f'<!doctype html><html lang="{text.language}"><head><meta charset="utf-8"><style>{_LETTER}</style></head>'
        f"<body>{''.join(body)}</body></html>"
    )


_LETTER = (
    "body{font:14px/1.4 Arial,sans-serif;color:#1d2733}table{border-collapse:collapse;font-size:13px}"
    "td,th{border:1px solid #d5dbe2;padding:3px 7px;text-align:left}.r{text-align:right}"
    ".tile{display:inline-block;margin:0 18px 8px 0}.head{color:#52606d;font-size:12px}.number{font-size:20px}"
    ".stale{border:2px solid #c44f00;padding:8px;color:#c44f00;font-weight:bold}h2{font-size:17px}h3{font-size:14px}"
    ".bad{color:#c44f00;font-weight:bold}.notice{color:#a86400;font-weight:bold}.good{font-weight:bold}"
    ".bad::before{content:'\\25A0 '}.notice::before{content:'\\25B2 '}.good::before{content:'\\25CF '}"
)


def _stale(text: ReportText) -> str:
    reasons = text.report.heading.stale
    if not reasons:
        return ""
    lines = "".join(f"<li>{escape(one)}</li>" for one in reasons)
    return f'<div class="stale" role="alert"><p>{escape(text.texts.stale)}</p><ul>{lines}</ul></div>'


def _lines(text: ReportText) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in text.lines)


def _section(text: ReportText, section: Section, parts: Sequence[PartData], figures: dict[str, object]) -> str:
    lead = f'<p class="lead">{escape(text.loss)}</p>' if section.id == "funnel" else ""
    panels = "".join(_panel(text, one, figures) for one in parts)
    title = escape(text.texts.sections[section.id])
    return f'<section class="part" id="{section.id}"><h2>{title}</h2>{lead}<div class="grid">{panels}</div></section>'


def _panel(text: ReportText, one: PartData, figures: dict[str, object]) -> str:
    titled = text.titled(one.part)
    height = chart_height(one)
    tall = " tall" if height > one.part.panel.height else ""
    size = f'style="--w:{one.part.panel.width};--h:{height}"'
    head = f"<h3>{escape(titled.title)}</h3>"
    what = f'<p class="what">{escape(titled.description)}</p>'
    if is_chart(one.part) and one.rows:
        figures[one.part.id] = _draw(text, one).figure
        label = f'role="img" aria-label="{escape(titled.title)}"'
        body = f'<div class="chart{tall}" data-figure="{one.part.id}" {label}></div>'
    else:
        body = _drawn(text, one)
    return f'<article class="panel" id="{one.part.id}" {size}>{head}<div class="body">{body}</div>{what}</article>'


def chart_height(one: PartData) -> int:
    """In units of the page's `--h`: lying bars get as much that each name can be read."""
    panel = one.part.panel
    names = len(one.rows) if panel.panel_type is PanelType.BARS else 0
    return max(panel.height, -(-(names * _NAME_PX + _AXIS_PX) // _UNIT_PX))


def _drawn(text: ReportText, one: PartData) -> str:
    if not one.rows and one.part.panel.panel_type is not PanelType.STAT:
        return f'<p class="none">{escape(text.empty(one.part))}</p>'
    return _draw(text, one).html


def _draw(text: ReportText, one: PartData) -> DrawnPanel:
    panel = msgspec.structs.replace(one.part.panel, columns=tuple(one.columns))
    return draw(panel, one.rows, text.context)


def _definitions(text: ReportText) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in text.definitions)
    title = escape(text.texts.definitions_title)
    return f'<section class="part"><h2>{title}</h2><ul>{items}</ul><p>{escape(text.made)}</p></section>'
