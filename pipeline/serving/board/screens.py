"""The boards of `grafana`, with the numbers of the store: what the board page shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import msgspec

from pipeline.drawing.assets import page_file, plotly_script
from pipeline.drawing.draw import DrawnPanel
from pipeline.drawing.missing_text import missing_lines
from pipeline.drawing.page import shell
from pipeline.drawing.page.panel_body import most, screen
from pipeline.drawing.render_context import RenderContext
from pipeline.parts.losses import SETTLE, describe_losses, open_losses
from pipeline.readouts.board_request import BoardRequest, Wrong, parse_request
from pipeline.readouts.comparison import compared_with, compares, with_before
from pipeline.readouts.department import department_of
from pipeline.readouts.feeds import last_call
from pipeline.readouts.missing_calls import missing_calls
from pipeline.readouts.numbers import Numbers
from pipeline.serving.board.data_lines import data_lines
from pipeline.serving.board.incidents import Marks, decode_mark, draw_incidents
from pipeline.serving.board.server import NotThere, NotUnderstood, OnlyShown, Pairs
from pipeline.settings import Settings
from pipeline.warnings.kept import WarningReader
from schemas.parameters import Query, bind
from schemas.screens.boards import BOARDS
from schemas.screens.panel import Board, Panel, PanelLink, PanelType
from schemas.screens.translations import LANGUAGES
from schemas.screens.translations.boards import board_texts
from schemas.screens.translations.page import page_texts
from schemas.screens.variables import QUERIES

Row = dict[str, Any]
T = TypeVar("T")


class _ReaderRows:
    """What the store has lost, asked as its reader."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers

    def rows(self, decoder: msgspec.json.Decoder[T], sql: str) -> list[T]:
        return self._numbers.ask(sql, decoder.type, {})


class BoardScreens:
    """Every board of `schemas.screens.boards`."""

    first = BOARDS[0].id

    def __init__(
        self,
        numbers: Numbers,
        settings: Settings,
        marks: Marks | None = None,
        *,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        """Without `marks` warnings can only be read."""
        self._numbers = numbers
        self._settings = settings
        self._marks = marks
        self._clock = clock or _clock
        self._department = department_of(settings)
        self._zone = settings.time_zone
        self.assets: Mapping[str, tuple[str, bytes]] = {
            "plotly.js": ("text/javascript", plotly_script()),
            "draw.js": ("text/javascript", page_file("draw.js")),
            "sort.js": ("text/javascript", page_file("sort.js")),
            "board.js": ("text/javascript", page_file("board.js")),
            "incidents.js": ("text/javascript", page_file("incidents.js")),
            "page.css": ("text/css", page_file("page.css")),
        }

    def page(self, board: str, pairs: Pairs, language: str) -> str:
        found, question = _understood(board, pairs, language)
        standing = self._standing(question)
        choices = self._choices(found, question, standing.now)
        question = _one_chosen(found, question, choices)
        standing = msgspec.structs.replace(
            standing,
            lost=self._lost(),
            before=self._before(found, question, standing.now),
            missing=self._missing(found, question, standing.now),
            data=self._data(found, question, standing.now),
        )
        return shell.page(found, question, choices, standing, self._context(found, question))

    def panel(self, board: str, panel: str, pairs: Pairs, language: str) -> bytes:
        found, question = _understood(board, pairs, language)
        shown = next((one for one in found.panels if one.id == panel), None)
        if shown is None:
            raise NotThere
        clock = self._clock()
        now = self._standing(question).now if question.as_of_last_call else clock
        rows = self.rows(found, shown, question, now, clock)
        if shown.panel_type is PanelType.INCIDENTS:
            return self._incidents(rows, question.language, clock)
        context = self._context(found, question)
        notes = [f"{context.texts.loads_now} {clock.astimezone(self._zone):{context.texts.moment}}"]
        return msgspec.json.encode(screen(shown, rows, context, *(notes if shown.of_loads and now != clock else ())))

    def rows(self, board: Board, panel: Panel, question: BoardRequest, now: datetime, clock: datetime) -> list[Row]:
        """What the panel's metric says as of `now`, and one row more than it shows where more follow."""
        if panel.query is None:
            return []
        chosen = question.chosen(board, now, self._zone)
        if panel.panel_type is PanelType.INCIDENTS:
            chosen = msgspec.structs.replace(chosen, now=clock)
        if panel.last:
            start = now - timedelta(seconds=shell.seconds(panel.last))
            chosen = msgspec.structs.replace(chosen, start=start, end=now)
        elif panel.of_loads and chosen.end >= now:
            chosen = msgspec.structs.replace(chosen, end=clock, now=clock)
        if compares(panel.query):
            chosen = with_before(self._numbers, self._department, chosen)
        parameters = bind(panel.query, self._department, chosen)
        if most(panel) is not None:
            parameters["limit"] += 1
        return self._query(panel.query, parameters)

    def _incidents(self, rows: list[Row], language: str, clock: datetime) -> bytes:
        watch = WarningReader(self._numbers).watch()
        can_mark = self._marks is not None
        html = draw_incidents(rows, watch, self._settings, clock, language, can_mark=can_mark)
        return msgspec.json.encode(DrawnPanel(html=html))

    def mark(self, incident: str, body: bytes, who: str, language: str) -> None:
        known = language if language in LANGUAGES else LANGUAGES[0]
        if self._marks is None:
            raise OnlyShown(page_texts(known).attention["readonly"])
        wanted, reader = decode_mark(body), WarningReader(self._numbers)
        self._marks.keep(reader, incident, wanted, self._settings, self._clock(), who, known)

    def notice(self, title: str, language: str, message: str = "") -> str:
        context = RenderContext(language, self._department)
        titles = page_texts(language)
        heads = {"login": titles.login_title, "not_found": titles.not_found, "failed": titles.failed}
        return shell.notice(
            heads.get(title, titles.wrong_address), message or (titles.login if title == "login" else ""), context
        )

    def _standing(self, question: BoardRequest) -> shell.Standing:
        """As of when: the latest call, or this moment."""
        last = last_call(self._numbers).moment
        now = self._clock()
        if question.as_of_last_call and last is not None:
            # The moment after it, so that it is in the period.
            now = last + timedelta(seconds=1)
        return shell.Standing(now, last)

    def _lost(self) -> str:
        losses = open_losses(_ReaderRows(self._numbers))
        return f"{describe_losses(losses)}\n{SETTLE}" if losses else ""

    def _before(self, board: Board, question: BoardRequest, now: datetime) -> tuple[datetime, datetime] | None:
        """What the period is held against, where a panel of the board compares."""
        if not any(panel.query is not None and compares(panel.query) for panel in board.panels):
            return None
        found = compared_with(self._numbers, self._department, question.chosen(board, now, self._zone))
        return found.before_from, found.before_to

    def _data(self, board: Board, question: BoardRequest, now: datetime) -> list[str]:
        """How far the data can be trusted, on the board that opens: the others are for who looks deeper."""
        if board.id != self.first:
            return []
        return data_lines(self._numbers, self._department, question.chosen(board, now, self._zone), question.language)

    def _missing(self, board: Board, question: BoardRequest, now: datetime) -> list[str]:
        chosen = question.chosen(board, now, self._zone)
        return missing_lines(missing_calls(self._numbers, self._department, chosen), question.language, self._zone)

    def _choices(self, board: Board, question: BoardRequest, now: datetime) -> dict[str, list[tuple[str, str]]]:
        """What the store offers for the board's variables. Teams narrow managers, as in Grafana."""
        chosen = question.chosen(board, now, self._zone)
        offered = {}
        for name, query in QUERIES.items():
            if name in board.variables:
                rows = self._query(query, bind(query, self._department, chosen))
                offered[name] = [(row["value"], row["text"]) for row in rows]
        if missing := _not_offered(question, offered):
            rows = self._numbers.rows("choice_names", Row, {"managers": missing})
            offered["manager"] += [(row["value"], row["text"]) for row in rows]
        return offered

    def _query(self, query: Query, parameters: dict[str, Any]) -> list[Row]:
        return self._numbers.rows(query.metric, Row, parameters)

    def _context(self, board: Board, question: BoardRequest) -> RenderContext:
        of = question.variables.get("of", ("calls",))[0]
        values = {
            "conversation_s": str(self._department.conversation_s),
            "call": page_texts(question.language).own_call,
            **{name: values[0] for name, values in question.variables.items()},
            "of": board_texts(question.language).values["of"].get(of, of),
        }
        return RenderContext(
            question.language, self._department, values=values, href=lambda link, row: _href(link, row, board, question)
        )


def _clock() -> datetime:
    """Now, in whole seconds: the store's times are."""
    return datetime.now(UTC).replace(microsecond=0)


def _understood(board: str, pairs: Pairs, language: str) -> tuple[Board, BoardRequest]:
    found = next((one for one in BOARDS if one.id == board), None)
    if found is None:
        raise NotThere
    try:
        return found, parse_request(pairs, found, language)
    except Wrong as wrong:
        raise NotUnderstood(str(wrong)) from None


def _not_offered(question: BoardRequest, offered: Mapping[str, list[tuple[str, str]]]) -> list[str]:
    """Managers who are chosen and were on no roster of the period, or are of another team."""
    known = dict(offered.get("manager", ()))
    return [one for one in question.variables.get("manager", ()) if one not in known] if "manager" in offered else []


def _one_chosen(board: Board, question: BoardRequest, choices: Mapping[str, list[tuple[str, str]]]) -> BoardRequest:
    """A variable of which one value is shown has one: the first, unless another was chosen."""
    variables = dict(question.variables)
    for name in board.single:
        if not variables.get(name) and choices.get(name):
            variables[name] = (choices[name][0][0],)
    return msgspec.structs.replace(question, variables=variables)


def _href(link: PanelLink, row: Mapping[str, Any], board: Board, question: BoardRequest) -> str:
    """To the panel of a board that shows what is behind, or to an address that the row itself holds. "" for none."""
    if link.url:
        # Grafana puts a base before it by a variable; here only what is an address already leads anywhere.
        value = str(row.get("recording") or "")
        return value if value.startswith(("https://", "http://")) else ""
    pairs = [(name, str(row.get(column) or "")) for name, column in link.variables]
    if not all(value for _, value in pairs):
        return ""
    if link.days is not None:
        pairs += zip(("first", "last"), (str(row[column]) for column in link.days), strict=True)
    other = next(one for one in BOARDS if one.id == link.board)
    panel_id = f"{link.board}_{link.title_id}"
    below = f"#{panel_id}" if any(panel.id == panel_id for panel in other.panels) else ""
    return f"/{link.board}?{question.leading(board, other, [*pairs, *link.fixed])}{below}"
