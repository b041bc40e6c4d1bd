"""The report as one HTML file, scripts and styles inside, no request to anybody, fit for paper; and as a letter."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import msgspec

from grafana.page.draw import Drawn, draw
from grafana.panel import Form
from grafana.report.filled import Filled, Telling, is_chart
from grafana.report.sections import Section

_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
"""The browser itself refuses every request, whatever a script would like."""

_NAME_PX, _AXIS_PX, _UNIT_PX = 17, 70, 34
"""Of a name beside its bars, of an axis and a legend, and of a unit of height (report.css)."""


def page(telling: Telling, *, styles: str, scripts: str) -> str:
    """The whole file. `scripts` are Plotly's and ours, `styles` those of the page and of the report."""
    figures: dict[str, object] = {}
    sections = "".join(_section(telling, section, parts, figures) for section, parts in telling.report.sections)
    links = "".join(f'<a href="#{s.id}">{escape(telling.words.sections[s.id])}</a>' for s, _ in telling.report.sections)
    # In a script a text must not end it; JSON allows to write the bracket otherwise.
    data = msgspec.json.encode(figures).decode().replace("<", "\\u003c")
    return (
        f'<!doctype html><html lang="{telling.language}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<title>{escape(telling.subject)}</title><style>{styles}</style></head>"
        f'<body class="report"><header><h1>{escape(telling.words.title)}</h1>{_stale(telling)}{_lines(telling)}'
        f'<nav aria-label="{escape(telling.words.contents)}">{links}</nav></header>{sections}{_definitions(telling)}'
        f'<script type="application/json" id="figures">{data}</script><script>{scripts}</script></body></html>'
    )


def letter(telling: Telling) -> str:
    """The HTML of a letter: the tables that matter most, no scripts, styles where mail programs look for them."""
    body = [f"<h1>{escape(telling.words.title)}</h1>", _stale(telling), _lines(telling)]
    for section, parts in telling.report.sections:
        chosen = [one for one in parts if one.part.in_letter]
        if chosen:
            body.append(f"<h2>{escape(telling.words.sections[section.id])}</h2>")
            if section.id == "funnel":
                body.append(f"<p>{escape(telling.loss)}</p>")
            body += [f"<h3>{escape(telling.titled(one.part).title)}</h3>{_drawn(telling, one)}" for one in chosen]
    body += [f"<p>{escape(telling.words.attached)}</p>", f"<p>{escape(telling.made)}</p>"]
    return (
        f'<!doctype html><html lang="{telling.language}"><head><meta charset="utf-8"><style>{_LETTER}</style></head>'
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


def _stale(telling: Telling) -> str:
    reasons = telling.report.heading.stale
    if not reasons:
        return ""
    lines = "".join(f"<li>{escape(one)}</li>" for one in reasons)
    return f'<div class="stale" role="alert"><p>{escape(telling.words.stale)}</p><ul>{lines}</ul></div>'


def _lines(telling: Telling) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in telling.lines)


def _section(telling: Telling, section: Section, parts: Sequence[Filled], figures: dict[str, object]) -> str:
    lead = f'<p class="lead">{escape(telling.loss)}</p>' if section.id == "funnel" else ""
    panels = "".join(_panel(telling, one, figures) for one in parts)
    title = escape(telling.words.sections[section.id])
    return f'<section class="part" id="{section.id}"><h2>{title}</h2>{lead}<div class="grid">{panels}</div></section>'


def _panel(telling: Telling, one: Filled, figures: dict[str, object]) -> str:
    titled = telling.titled(one.part)
    height = chart_height(one)
    tall = " tall" if height > one.part.panel.height else ""
    size = f'style="--w:{one.part.panel.width};--h:{height}"'
    head = f"<h3>{escape(titled.title)}</h3>"
    what = f'<p class="what">{escape(titled.description)}</p>'
    if is_chart(one.part) and one.rows:
        figures[one.part.id] = _draw(telling, one).figure
        label = f'role="img" aria-label="{escape(titled.title)}"'
        body = f'<div class="chart{tall}" data-figure="{one.part.id}" {label}></div>'
    else:
        body = _drawn(telling, one)
    return f'<article class="panel" id="{one.part.id}" {size}>{head}<div class="body">{body}</div>{what}</article>'


def chart_height(one: Filled) -> int:
    """In units of the page's `--h`: lying bars get as much that each name can be read."""
    panel = one.part.panel
    names = len(one.rows) if panel.form is Form.BARS else 0
    return max(panel.height, -(-(names * _NAME_PX + _AXIS_PX) // _UNIT_PX))


def _drawn(telling: Telling, one: Filled) -> str:
    if not one.rows and one.part.panel.form is not Form.STAT:
        return f'<p class="none">{escape(telling.empty(one.part))}</p>'
    return _draw(telling, one).html


def _draw(telling: Telling, one: Filled) -> Drawn:
    panel = msgspec.structs.replace(one.part.panel, columns=tuple(one.columns))
    return draw(panel, one.rows, telling.said)


def _definitions(telling: Telling) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in telling.definitions)
    title = escape(telling.words.definitions_title)
    return f'<section class="part"><h2>{title}</h2><ul>{items}</ul><p>{escape(telling.made)}</p></section>'
