"""The page around a board's panels: tabs, what can be chosen, and a box for each panel. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from urllib.parse import quote

import msgspec

from pipeline.drawing.languages import name_of
from pipeline.drawing.render_context import RenderContext
from pipeline.readouts.board_request import PERIODS, BoardRequest
from schemas.parameters import SEVERAL
from schemas.screens.boards import BOARDS
from schemas.screens.panel import Board, Panel
from schemas.screens.translations import LANGUAGES
from schemas.screens.variables import THRESHOLDS_S

Choices = Mapping[str, Sequence[tuple[str, str]]]
"""Variable -> (value, text) of what the store offers."""

_SECONDS = {"s": 1, "m": 60, "h": 3600}
_LATE_S = 86_400
"""After so long without a call the page says since when: nobody should take an old department for a silent one."""


class Standing(msgspec.Struct, frozen=True):
    """As of when a board is shown, and what is known of the data."""

    now: datetime
    last_call: datetime | None
    lost: str = ""
    """What the store has lost, and how to mend it, a line each; "" while it has all that it had."""


def page(board: Board, request: BoardRequest, choices: Choices, standing: Standing, context: RenderContext) -> str:
    """The HTML of a board. Its panels are loaded by board.js."""
    title = context.boards.boards[board.id]
    panels = "".join(_panel(board, panel, request, context) for panel in board.panels)
    refresh_s = seconds(board.refresh)
    attributes = {"refresh-s": refresh_s, "refreshed": context.texts.refreshed, "failed": context.texts.failed}
    data = "".join(
        f' data-{name}="{escape(str(value))}"' for name, value in {**attributes, "paused": context.texts.paused}.items()
    )
    body = (
        f"<header>{_tabs(board, request, context)}{_form(board, request, choices, context)}"
        f"{_as_of(board, request, standing, context)}"
        f"</header>{_lost(standing, context)}<main{data}>{panels}</main>"
        '<script src="/assets/plotly.js"></script><script src="/assets/draw.js"></script>'
        '<script src="/assets/board.js"></script>'
    )
    return document(title.title, request.language, body, context)


def document(title: str, language: str, body: str, context: RenderContext) -> str:
    """A whole page."""
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · {escape(context.texts.product)}</title>"
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="/assets/page.css"></head>'
        f"<body>{body}</body></html>"
    )


def notice(title: str, message: str, context: RenderContext) -> str:
    """A page that only says something."""
    body = f'<div class="alone"><h1>{escape(title)}</h1><p>{escape(message)}</p></div>'
    return document(title, context.language, body, context)


def seconds(interval: str) -> int:
    """Grafana's `1m`."""
    return int(interval[:-1]) * _SECONDS[interval[-1]]


def _tabs(board: Board, request: BoardRequest, context: RenderContext) -> str:
    tabs = []
    for other in BOARDS:
        current = ' aria-current="page"' if other.id == board.id else ""
        # Each board opens with a period of its own; what was chosen goes along.
        query = request.query(other) if request.first else request.query(other, period="")
        title = escape(context.boards.boards[other.id].title)
        tabs.append(f'<a href="/{other.id}?{escape(query)}"{current}>{title}</a>')
    for language in LANGUAGES:
        if language != request.language:
            switch = f"/{board.id}?{escape(request.query(lang=language))}"
            tabs.append(f'<a class="language" href="{switch}" lang="{language}">{escape(name_of(language))}</a>')
    return f'<nav><span class="product">{escape(context.texts.product)}</span>{"".join(tabs)}</nav>'


def _form(board: Board, request: BoardRequest, choices: Choices, context: RenderContext) -> str:
    periods = [("", context.texts.own_period), *((name, context.texts.periods[name]) for name in PERIODS)]
    fields = [_select("period", context.texts.periods_head, periods, (request.period,))]
    for name, label, day in (("first", context.texts.first, request.first), ("last", context.texts.last, request.last)):
        fields.append(f'<label>{escape(label)}<input type="date" name="{name}" value="{day or ""}"></label>')
    fields += [_variable(name, board, request, choices, context) for name in board.variables]
    hidden = f'<input type="hidden" name="lang" value="{request.language}">'
    if request.as_of_last_call:
        hidden += '<input type="hidden" name="now" value="last">'
    button = f"<button>{escape(context.texts.show)}</button>"
    return f'<form method="get" action="/{board.id}">{hidden}{"".join(fields)}{button}</form>'


def _variable(name: str, board: Board, request: BoardRequest, choices: Choices, context: RenderContext) -> str:
    label = context.boards.variables[name]
    chosen = request.variables.get(name, ())
    options = _options(name, choices, context)
    if not options:  # set by a link
        return "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for value in chosen)
    if name in SEVERAL.values() and name not in board.single:
        return _several(name, label, options, chosen, context)
    preset = {"conversation_s": (str(context.department.conversation_s),), "of": ("calls",)}
    return _select(name, label, options, chosen or preset.get(name, ()))


def _options(name: str, choices: Choices, context: RenderContext) -> Sequence[tuple[str, str]]:
    if name == "stage":
        return [(one.code, one.title_in(context.language)) for one in context.department.stages.stages]
    if name == "conversation_s":
        return [(f"{s}", f"{s}") for s in sorted({*THRESHOLDS_S, context.department.conversation_s})]
    if name in ("direction", "of"):
        return list(context.boards.values[name].items())
    return choices.get(name, ())


def _select(name: str, label: str, options: Sequence[tuple[str, str]], chosen: Sequence[str]) -> str:
    lines = "".join(
        f'<option value="{escape(value)}"{" selected" if value in chosen else ""}>{escape(text)}</option>'
        for value, text in _with_chosen(options, chosen)
    )
    return f'<label>{escape(label)}<select name="{name}">{lines}</select></label>'


def _several(
    name: str, label: str, options: Sequence[tuple[str, str]], chosen: Sequence[str], context: RenderContext
) -> str:
    labels = dict(options)
    shown = ", ".join(labels.get(value, value) for value in chosen[:2]) + (" …" if len(chosen) > 2 else "")
    boxes = "".join(
        f'<label><input type="checkbox" name="{name}" value="{escape(value)}"{" checked" if value in chosen else ""}>'
        f"{escape(text)}</label>"
        for value, text in _with_chosen(options, chosen)
    )
    head = f"{escape(label)}: {escape(shown) if chosen else escape(context.texts.all_of_them)}"
    return f"<details><summary>{head}</summary><fieldset>{boxes}</fieldset></details>"


def _with_chosen(options: Sequence[tuple[str, str]], chosen: Sequence[str]) -> list[tuple[str, str]]:
    """What is offered, and what is chosen although it is not: who left before the period, say, by a kept address."""
    offered = dict(options)
    return [*options, *((value, value) for value in chosen if value not in offered)]


def _as_of(board: Board, request: BoardRequest, standing: Standing, context: RenderContext) -> str:
    """The period in whole, as of when, and since when there is nothing."""
    texts = context.texts
    start, end = request.moments(board, standing.now, context.zone)
    lines = [f"{start:{texts.moment}} – {end:{texts.moment}}, {context.department.zone}"]
    here = standing.now.astimezone(context.zone)
    if request.as_of_last_call:
        back = f"/{board.id}?{escape(request.query(now=''))}"
        lines.append(f'<b>{texts.as_of} {here:{texts.moment}}</b> <a href="{back}">{texts.to_now}</a>')
    elif standing.last_call is None:
        lines.append(f'<span class="late">{escape(texts.no_calls)}</span>')
    elif (standing.now - standing.last_call).total_seconds() > _LATE_S:
        when = standing.last_call.astimezone(context.zone)
        link = f"/{board.id}?{escape(request.query(now='last'))}"
        late = f'<span class="late">{texts.data_end}: {when:{texts.moment}}</span>'
        lines.append(f'{late} <a href="{link}">{texts.as_of_last_call}</a>')
    lines.append(f'<span id="refreshed">{texts.busy}</span>')
    lines.append(f"{texts.every} {board.refresh}")
    return f'<div class="asof">{"".join(f"<span>{line}</span>" for line in lines)}</div>'


def _lost(standing: Standing, context: RenderContext) -> str:
    """Above everything: numbers without the rows that are gone are wrong, and look right."""
    if not standing.lost:
        return ""
    return f'<div class="lost" role="alert"><b>{escape(context.texts.lost)}</b><pre>{escape(standing.lost)}</pre></div>'


def _panel(board: Board, panel: Panel, request: BoardRequest, context: RenderContext) -> str:
    url = f"/panel/{board.id}/{panel.id}?{request.query()}"
    kind = "" if panel.query else " text"
    return (
        f'<section class="panel{kind}" id="{quote(panel.id)}" style="--w:{panel.width};--h:{panel.height}"'
        f' data-url="{escape(url)}"><div class="title"><h2>{escape(context.panel_title(panel))}</h2>'
        f'<details class="why"><summary title="{escape(context.panel_description(panel))}">?</summary>'
        f"<p>{escape(context.panel_description(panel))}</p></details></div>"
        f'<div class="body"><p class="none">{escape(context.texts.busy)}</p></div></section>'
    )
