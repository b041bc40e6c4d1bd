"""The page around a board's panels: tabs, what can be chosen, and a box for each panel. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from pipeline.drawing.languages import name_of
from pipeline.drawing.render_context import RenderContext
from pipeline.drawing.templates import render
from pipeline.readouts.board_request import PERIODS, BoardRequest
from schemas.parameters import SEVERAL
from schemas.screens.boards import BOARDS
from schemas.screens.panel import Board, Panel, PanelType
from schemas.screens.translations import LANGUAGES
from schemas.screens.variables import THRESHOLDS_S

Choices = Mapping[str, Sequence[tuple[str, str]]]
"""Variable -> (value, text) of what the store offers."""

_SECONDS = {"s": 1, "m": 60, "h": 3600}
_HEALTH = "health"
_LATE_S = 86_400
"""After so long without a call the page says since when: nobody should take an old department for a silent one."""


class FormField(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader chooses in the form of a board. Without `options` it is set by a link alone."""

    name: str
    label: str
    options: Sequence[tuple[str, str]] = ()
    """(value, text)."""
    chosen: Sequence[str] = ()
    is_several: bool = False
    shown: str = ""
    """The chosen ones of several, in short."""


class Standing(msgspec.Struct, frozen=True):
    """As of when a board is shown, and what is known of the data."""

    now: datetime
    last_call: datetime | None
    lost: str = ""
    """What the store has lost, and how to mend it, a line each; "" while it has all that it had."""
    before: tuple[datetime, datetime] | None = None
    """What the period is held against, half-open; None where no panel compares."""
    data: Sequence[str] = ()
    """How far the data can be trusted, in few words."""
    missing: Sequence[str] = ()
    """Which calls are missing of the period, a line each."""


def page(board: Board, request: BoardRequest, choices: Choices, standing: Standing, context: RenderContext) -> str:
    """The HTML of a board. Its panels are loaded by board.js."""
    own = next((name for name, of in PERIODS.items() if of == (board.start, board.end)), "")
    default = f"{context.texts.own_period}: {context.texts.periods[own]}" if own else context.texts.own_period
    periods = [("", default), *((name, context.texts.periods[name]) for name in PERIODS)]
    fields = [_field(name, board, request, choices, context) for name in board.variables]
    return render(
        "page/board.html",
        board=board,
        request=request,
        language=request.language,
        title=context.boards.boards[board.id].title,
        texts=context.texts,
        department=context.department,
        tabs=[_tab(other, board, request, context) for other in BOARDS],
        languages=[_switch(other, board, request) for other in LANGUAGES if other != request.language],
        period=FormField(name="period", label=context.texts.periods_head, options=periods, chosen=(request.period,)),
        fields=fields,
        in_short=_in_short(fields, request, context.texts.periods.get(request.period or own, default), context),
        times=_times(board, request, standing, context),
        lost=standing.lost,
        data=standing.data,
        health=f"/{_HEALTH}?{request.query(_board(_HEALTH))}",
        missing=standing.missing,
        refresh_s=seconds(board.refresh),
        panels=[_panel(board, panel, request, context) for panel in board.panels],
    )


def _in_short(fields: Sequence[FormField], request: BoardRequest, period: str, context: RenderContext) -> str:
    """What is chosen, where the form is folded away."""
    days = [f"{day:{context.texts.date}}" for day in (request.first, request.last) if day is not None]
    chosen = [field.shown for field in fields if field.is_several and field.shown]
    return "; ".join([" – ".join(dict.fromkeys(days)) or period, *chosen])


def notice(title: str, message: str, context: RenderContext) -> str:
    """A page that only says something."""
    return render("page/notice.html", title=title, message=message, language=context.language, texts=context.texts)


def seconds(interval: str) -> int:
    """Grafana's `1m`."""
    return int(interval[:-1]) * _SECONDS[interval[-1]]


def _tab(other: Board, board: Board, request: BoardRequest, context: RenderContext) -> dict[str, object]:
    # Each board opens with a period of its own, unless one was chosen.
    query = request.query(other)
    title = context.boards.boards[other.id].title
    return {"href": f"/{other.id}?{query}", "title": title, "is_current": other.id == board.id}


def _board(id: str) -> Board:
    return next(one for one in BOARDS if one.id == id)


def _switch(language: str, board: Board, request: BoardRequest) -> dict[str, object]:
    """To the same board in another language."""
    return {"href": f"/{board.id}?{request.query(lang=language)}", "language": language, "title": name_of(language)}


def _field(name: str, board: Board, request: BoardRequest, choices: Choices, context: RenderContext) -> FormField:
    chosen = request.variables.get(name, ())
    options = _options(name, choices, context)
    is_several = name in SEVERAL.values() and name not in board.single
    preset = {"conversation_s": (str(context.department.conversation_s),), "of": ("calls",)}
    if options and not is_several:
        chosen = chosen or preset.get(name, ())
    labels = dict(options)
    return FormField(
        name=name,
        label=context.boards.variables[name],
        options=_with_chosen(options, chosen) if options else (),
        chosen=chosen,
        is_several=is_several,
        shown=", ".join(labels.get(value, value) for value in chosen[:2]) + (" …" if len(chosen) > 2 else ""),
    )


def _options(name: str, choices: Choices, context: RenderContext) -> Sequence[tuple[str, str]]:
    if name == "stage":
        return [(one.code, one.title_in(context.language)) for one in context.department.stages.stages]
    if name == "conversation_s":
        return [(f"{s}", f"{s}") for s in sorted({*THRESHOLDS_S, context.department.conversation_s})]
    if name in ("direction", "of"):
        return list(context.boards.values[name].items())
    return choices.get(name, ())


def _with_chosen(options: Sequence[tuple[str, str]], chosen: Sequence[str]) -> list[tuple[str, str]]:
    """What is offered, and what is chosen although it is not: who left before the period, say, by a kept address."""
    offered = dict(options)
    return [*options, *((value, value) for value in chosen if value not in offered)]


def _times(board: Board, request: BoardRequest, standing: Standing, context: RenderContext) -> dict[str, object]:
    """The period in whole, as of when, and since when there is nothing."""
    start, end = request.moments(board, standing.now, context.zone)

    def written(at: datetime | None) -> str:
        return "" if at is None else at.astimezone(context.zone).strftime(context.texts.moment)

    last = standing.last_call
    finished = request.finished(board, standing.now, context.zone)
    return {
        "before": [written(at) for at in standing.before or ()],
        "begun": context.texts.begun[request.period] if finished else "",
        "finished": context.texts.show_instead.format(period=context.texts.periods[finished]) if finished else "",
        "instead": f"/{board.id}?{request.query(period=finished)}",
        "start": start.strftime(context.texts.moment),
        "end": end.strftime(context.texts.moment),
        "now": written(standing.now),
        "last_call": written(last),
        "is_late": last is not None and (standing.now - last).total_seconds() > _LATE_S,
        "back": f"/{board.id}?{request.query(now='')}",
        "last": f"/{board.id}?{request.query(now='last')}",
    }


def _panel(board: Board, panel: Panel, request: BoardRequest, context: RenderContext) -> dict[str, object]:
    return {
        "id": panel.id,
        "width": panel.width,
        "height": panel.height,
        "is_text": panel.query is None or panel.panel_type is PanelType.INCIDENTS,
        "url": f"/panel/{board.id}/{panel.id}?{request.query()}",
        "title": context.panel_title(panel),
        "description": context.panel_description(panel),
    }
