"""The page around a board's panels: tabs, what can be chosen, and a place for each panel. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from urllib.parse import quote

import msgspec

from grafana.boards import BOARDS
from grafana.page.asked import PERIODS, Asked
from grafana.page.said import Said
from grafana.panel import Board, Panel
from grafana.query import SEVERAL
from grafana.variables import THRESHOLDS_S

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


def page(board: Board, asked: Asked, choices: Choices, standing: Standing, said: Said) -> str:
    """The HTML of a board. Its panels are filled by board.js."""
    title = said.boards.boards[board.id]
    panels = "".join(_panel(board, panel, asked, said) for panel in board.panels)
    refresh_s = seconds(board.refresh)
    told = {"refresh-s": refresh_s, "refreshed": said.words.refreshed, "failed": said.words.failed}
    data = "".join(
        f' data-{name}="{escape(str(value))}"' for name, value in {**told, "paused": said.words.paused}.items()
    )
    body = (
        f"<header>{_tabs(board, asked, said)}{_form(board, asked, choices, said)}{_as_of(board, asked, standing, said)}"
        f"</header>{_lost(standing, said)}<main{data}>{panels}</main>"
        '<script src="/assets/plotly.js"></script><script src="/assets/draw.js"></script>'
        '<script src="/assets/board.js"></script>'
    )
    return document(title.title, asked.language, body, said)


def document(title: str, language: str, body: str, said: Said) -> str:
    """A whole page."""
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} · {escape(said.words.product)}</title>"
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="/assets/page.css"></head>'
        f"<body>{body}</body></html>"
    )


def notice(title: str, words: str, said: Said) -> str:
    """A page that only says something."""
    body = f'<div class="alone"><h1>{escape(title)}</h1><p>{escape(words)}</p></div>'
    return document(title, said.language, body, said)


def seconds(interval: str) -> int:
    """Grafana's `1m`."""
    return int(interval[:-1]) * _SECONDS[interval[-1]]


def _tabs(board: Board, asked: Asked, said: Said) -> str:
    tabs = []
    for other in BOARDS:
        current = ' aria-current="page"' if other.id == board.id else ""
        # Each board opens with a period of its own; what was chosen goes along.
        query = asked.query(other) if asked.first else asked.query(other, period="")
        title = escape(said.boards.boards[other.id].title)
        tabs.append(f'<a href="/{other.id}?{escape(query)}"{current}>{title}</a>')
    language = "en" if asked.language == "ru" else "ru"
    switch = f"/{board.id}?{escape(asked.query(lang=language))}"
    tabs.append(f'<a class="language" href="{switch}" lang="{language}">{escape(said.words.language)}</a>')
    return f'<nav><span class="product">{escape(said.words.product)}</span>{"".join(tabs)}</nav>'


def _form(board: Board, asked: Asked, choices: Choices, said: Said) -> str:
    periods = [("", said.words.own_period), *((name, said.words.periods[name]) for name in PERIODS)]
    fields = [_select("period", said.words.periods_head, periods, (asked.period,))]
    for name, label, day in (("first", said.words.first, asked.first), ("last", said.words.last, asked.last)):
        fields.append(f'<label>{escape(label)}<input type="date" name="{name}" value="{day or ""}"></label>')
    fields += [_variable(name, board, asked, choices, said) for name in board.variables]
    hidden = f'<input type="hidden" name="lang" value="{asked.language}">'
    if asked.as_of_last_call:
        hidden += '<input type="hidden" name="now" value="last">'
    button = f"<button>{escape(said.words.show)}</button>"
    return f'<form method="get" action="/{board.id}">{hidden}{"".join(fields)}{button}</form>'


def _variable(name: str, board: Board, asked: Asked, choices: Choices, said: Said) -> str:
    label = said.boards.variables[name]
    chosen = asked.variables.get(name, ())
    options = _options(name, choices, said)
    if not options:  # filled by a link
        return "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for value in chosen)
    if name in SEVERAL.values() and name not in board.single:
        return _several(name, label, options, chosen, said)
    preset = {"conversation_s": (str(said.department.conversation_s),), "of": ("calls",)}
    return _select(name, label, options, chosen or preset.get(name, ()))


def _options(name: str, choices: Choices, said: Said) -> Sequence[tuple[str, str]]:
    if name == "stage":
        return [(one.code, getattr(one.title, said.language) or one.code) for one in said.department.stages.stages]
    if name == "conversation_s":
        return [(f"{s}", f"{s}") for s in sorted({*THRESHOLDS_S, said.department.conversation_s})]
    if name in ("direction", "of"):
        return list(said.boards.values[name].items())
    return choices.get(name, ())


def _select(name: str, label: str, options: Sequence[tuple[str, str]], chosen: Sequence[str]) -> str:
    lines = "".join(
        f'<option value="{escape(value)}"{" selected" if value in chosen else ""}>{escape(text)}</option>'
        for value, text in _with_chosen(options, chosen)
    )
    return f'<label>{escape(label)}<select name="{name}">{lines}</select></label>'


def _several(name: str, label: str, options: Sequence[tuple[str, str]], chosen: Sequence[str], said: Said) -> str:
    texts = dict(options)
    shown = ", ".join(texts.get(value, value) for value in chosen[:2]) + (" …" if len(chosen) > 2 else "")
    boxes = "".join(
        f'<label><input type="checkbox" name="{name}" value="{escape(value)}"{" checked" if value in chosen else ""}>'
        f"{escape(text)}</label>"
        for value, text in _with_chosen(options, chosen)
    )
    head = f"{escape(label)}: {escape(shown) if chosen else escape(said.words.all_of_them)}"
    return f"<details><summary>{head}</summary><fieldset>{boxes}</fieldset></details>"


def _with_chosen(options: Sequence[tuple[str, str]], chosen: Sequence[str]) -> list[tuple[str, str]]:
    """What is offered, and what is chosen although it is not: who left before the period, say, by a kept address."""
    offered = dict(options)
    return [*options, *((value, value) for value in chosen if value not in offered)]


def _as_of(board: Board, asked: Asked, standing: Standing, said: Said) -> str:
    """The period in whole, as of when, and since when there is nothing."""
    words = said.words
    start, end = asked.moments(board, standing.now, said.zone)
    lines = [f"{start:{words.moment}} – {end:{words.moment}}, {said.department.zone}"]
    here = standing.now.astimezone(said.zone)
    if asked.as_of_last_call:
        back = f"/{board.id}?{escape(asked.query(now=''))}"
        lines.append(f'<b>{words.as_of} {here:{words.moment}}</b> <a href="{back}">{words.to_now}</a>')
    elif standing.last_call is None:
        lines.append(f'<span class="late">{escape(words.no_calls)}</span>')
    elif (standing.now - standing.last_call).total_seconds() > _LATE_S:
        when = standing.last_call.astimezone(said.zone)
        link = f"/{board.id}?{escape(asked.query(now='last'))}"
        late = f'<span class="late">{words.data_end}: {when:{words.moment}}</span>'
        lines.append(f'{late} <a href="{link}">{words.as_of_last_call}</a>')
    lines.append(f'<span id="refreshed">{words.busy}</span>')
    lines.append(f"{words.every} {board.refresh}")
    return f'<div class="asof">{"".join(f"<span>{line}</span>" for line in lines)}</div>'


def _lost(standing: Standing, said: Said) -> str:
    """Above everything: numbers without the rows that are gone are wrong, and look right."""
    if not standing.lost:
        return ""
    return f'<div class="lost" role="alert"><b>{escape(said.words.lost)}</b><pre>{escape(standing.lost)}</pre></div>'


def _panel(board: Board, panel: Panel, asked: Asked, said: Said) -> str:
    url = f"/panel/{board.id}/{panel.id}?{asked.query()}"
    kind = "" if panel.query else " text"
    return (
        f'<section class="panel{kind}" id="{quote(panel.id)}" style="--w:{panel.width};--h:{panel.height}"'
        f' data-url="{escape(url)}"><div class="title"><h2>{escape(said.panel_title(panel))}</h2>'
        f'<details class="why"><summary title="{escape(said.panel_description(panel))}">?</summary>'
        f"<p>{escape(said.panel_description(panel))}</p></details></div>"
        f'<div class="body"><p class="none">{escape(said.words.busy)}</p></div></section>'
    )
