"""The boards as they are written down: words, places, names, and the JSON that is made of them."""

from __future__ import annotations

import json
import re
import string
from collections import Counter
from typing import Any

import msgspec
import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.build import EXAMPLE, FOLDER, files, made, stale
from grafana.dataquery import DATASOURCE_UID, PLUGIN_VERSION, register
from grafana.fields import least_width
from grafana.layout import WIDTH, positioned
from grafana.query import grafana_sql
from pipeline.drawing.page.panel_body import most
from schemas import metrics
from schemas.parameters import Department, parameters_of
from schemas.records import ActivityKind, Direction, Disposition, FeedState, Reason
from schemas.screens.boards import BOARDS
from schemas.screens.boards import funnel as funnel_board
from schemas.screens.boards import today as today_board
from schemas.screens.boards import warning as warning_board
from schemas.screens.labels import codes
from schemas.screens.panel import TIMES, Board, Column, Panel, PanelType, Unit
from schemas.screens.translations import LANGUAGES
from schemas.screens.translations.boards import BoardTexts, board_texts
from schemas.stages import Stage, Stages, Text
from tests.grafana.expand import VARIABLE

PANELS = [panel for board in BOARDS for panel in board.panels]
COLUMNS = [(panel, column) for panel in PANELS for column in panel.columns]

_SCREEN_PX = 1366
_AROUND_PX = 2 * 16 + 15
"""Grafana's padding left and right, and the scroll bar."""
_GAP_PX = 8
_CODE_PX = 50


def test_committed_dashboards_are_what_their_definition_says() -> None:
    assert stale() == []


def test_the_same_boards_give_the_same_bytes() -> None:
    assert files() == files()
    assert {path.relative_to(FOLDER).as_posix() for path in FOLDER.glob("*/*")} == set(files())


def _keys(texts: Any, prefix: str = "") -> set[str]:
    if not isinstance(texts, dict):
        assert str(texts).strip(), prefix
        return {prefix}
    return {key for name, value in texts.items() for key in _keys(value, f"{prefix}.{name}")}


def test_both_languages_have_the_same_words_and_none_is_empty() -> None:
    russian, english = (_keys(msgspec.to_builtins(board_texts(language))) for language in LANGUAGES)
    assert russian ^ english == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_that_is_needed_is_there_and_no_other(language: str) -> None:
    texts: BoardTexts = board_texts(language)
    assert set(texts.boards) == {board.id for board in BOARDS}
    assert set(texts.panels) == {panel.id for panel in PANELS}
    assert set(texts.columns) == {column.title for _, column in COLUMNS}
    assert set(texts.links) == {column.link.title_id for _, column in COLUMNS if column.link}
    assert set(texts.variables) == {name for board in BOARDS for name in board.variables} | {"zone"}
    kinds = {column.values for _, column in COLUMNS} - {"", "stage", "rule"}
    assert set(texts.values) == kinds | {"flag", "regulation", "of"}


def test_russian_is_russian_and_english_is_english() -> None:
    cyrillic = set("абвгдежзийклмнопрстуфхцчшщъыьэюя")
    for language, is_right in (("ru", True), ("en", False)):
        texts = board_texts(language)
        titles = [one.title + one.description for one in (*texts.boards.values(), *texts.panels.values())]
        assert all(bool(cyrillic & set(title.lower())) is is_right for title in titles)


@pytest.mark.parametrize(
    ("table", "members"),
    [
        ("direction", {*Direction} - {Direction.INTERNAL}),
        ("disposition", {*Disposition}),
        ("proposal", {*ActivityKind} - {ActivityKind.CALL}),
        ("reason", {*Reason}),
        ("feed_state", {*FeedState, "silent", "stored", "running"}),
    ],
)
def test_every_code_has_a_word(table: str, members: set[str]) -> None:
    assert set(board_texts("en").values[table]) == {str(member) for member in members}


def test_every_kind_of_file_has_a_word_as_a_door_too() -> None:
    for language in LANGUAGES:
        texts = board_texts(language).values
        assert set(texts["door"]) == {f"file:{kind}" for kind in texts["import_kind"]}


@pytest.mark.parametrize(("panel", "column"), COLUMNS, ids=lambda one: getattr(one, "id", getattr(one, "name", "")))
def test_time_is_written_by_the_screen_not_by_the_store(panel: Panel, column: Column) -> None:
    """Else one screen says 2026-11-23 17:27 here and 23.11.2026 17:27 there."""
    assert panel.query is not None
    written = rf"formatDateTime\([^\n]*\) AS {column.name}\b"
    assert column.unit in TIMES or not re.search(written, metrics.text(panel.query.metric))


def test_calls_can_be_shown_for_each_number_that_the_metric_knows() -> None:
    offered = set(board_texts("en").values["of"]) - {"calls"}
    assert all(f"number = '{name}'" in metrics.text("calls") for name in offered)
    linked = {value for _, column in COLUMNS if column.link for name, value in column.link.fixed if name == "of"}
    assert linked <= set(board_texts("en").values["of"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_descriptions_name_the_limits_that_are_asked_with(language: str) -> None:
    """A limit that is changed in a board must be changed in its words."""
    texts = board_texts(language).panels
    for id, limit in (
        ("funnel_cohort", funnel_board.WINDOW),
        ("today_silent", today_board.QUIET_MIN),
        ("warning_untouched_by", warning_board.SILENT_DAYS),
        ("warning_missed_days", warning_board.PATIENCE_S),
        ("warning_missed_days", warning_board.HOURS),
    ):
        assert str(limit) in texts[id].description.replace(",", " ").split()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("panel", [panel for panel in PANELS if most(panel)], ids=lambda panel: panel.id)
def test_panel_whose_query_stops_says_after_how_many_rows(panel: Panel, language: str) -> None:
    """Grafana shows no sign that more follow."""
    assert (
        panel.panel_type is not PanelType.TABLE
        or most(panel) == warning_board.EVERYTHING
        or f" {most(panel)} " in board_texts(language).panels[panel.id].description
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_hold_no_placeholder_that_nobody_fills(language: str) -> None:
    for file, content in files().items():
        if file.startswith(language):
            for panel in json.loads(content)["panels"]:
                bare = panel["description"] + panel["title"]
                for known in ("${conversation_s}", "${of:text}", "${call}"):
                    bare = bare.replace(known, "")
                assert not set("{}$") & set(bare), panel["title"]


def test_panels_have_an_id_of_their_own_that_begins_with_their_board() -> None:
    assert max(Counter(panel.id for panel in PANELS).values()) == 1
    assert all(panel.id.startswith(f"{board.id}_") for board in BOARDS for panel in board.panels)


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.id)
def test_panels_do_not_overlap_and_fit_the_width(board: Board) -> None:
    taken: Counter[tuple[int, int]] = Counter()
    for _, position in positioned(board.panels):
        assert position.x >= 0
        assert position.x + position.w <= WIDTH
        taken.update(
            (x, y)
            for x in range(position.x, position.x + position.w)
            for y in range(position.y, position.y + position.h)
        )
    assert set(taken.values()) == {1}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "panel", [p for p in PANELS if p.panel_type in (PanelType.TABLE, PanelType.MATRIX)], ids=lambda p: p.id
)
def test_table_needs_no_scroll_sideways_on_a_small_laptop(panel: Panel, language: str) -> None:
    across = (_SCREEN_PX - _AROUND_PX) * panel.width / WIDTH - 2 * _GAP_PX
    if panel.panel_type is PanelType.MATRIX:
        assert _CODE_PX * len(EXAMPLE.stages.funnel) + 150 <= across
    else:
        shown = [column for column in panel.columns if not column.hidden and not column.once]
        title = board_texts(language).columns
        assert sum(column.width or least_width(column, title[column.title]) for column in shown) <= across


@pytest.mark.parametrize(("panel", "column"), COLUMNS, ids=lambda one: getattr(one, "id", getattr(one, "name", "")))
def test_column_is_one_that_its_metric_selects(panel: Panel, column: Column) -> None:
    assert panel.query is not None
    assert column.name in metrics.text(panel.query.metric)
    if column.link:
        shown = {one.name for one in panel.columns}
        assert {of for _, of in column.link.variables} <= shown
        board = next((one for one in BOARDS if one.id == column.link.board), None)
        if board:
            assert {name for name, _ in (*column.link.variables, *column.link.fixed)} <= set(board.variables)
        else:
            assert column.link.url


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.id)
def test_sql_of_a_board_asks_for_no_variable_that_it_lacks(board: Board) -> None:
    for panel in board.panels:
        if panel.query:
            sql = grafana_sql(panel.query, EXAMPLE, board.all_variables)
            assert {found[1] for found in VARIABLE.finditer(sql)} <= set(board.all_variables)
            assert not parameters_of(panel.query.metric).keys() & set(re.findall(r"(?<!\$)\{(\w+):", sql))


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.id)
def test_every_variable_of_a_board_changes_something_on_it(board: Board) -> None:
    used = " ".join(grafana_sql(panel.query, EXAMPLE, board.all_variables) for panel in board.panels if panel.query)
    links = " ".join(column.link.url for panel in board.panels for column in panel.columns if column.link)
    for name in board.variables:
        assert f"${{{name}:" in used + links, name


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.id)
def test_dashboard_is_read_back_by_the_sdk_as_it_was_written(board: Board, language: str) -> None:
    register()
    written = made(board, EXAMPLE, language)
    for panel in written["panels"]:  # newer than the SDK
        panel.get("fieldConfig", {"defaults": {"custom": {}}})["defaults"]["custom"].pop("wrapHeaderText", None)
    assert json.loads(json.dumps(Dashboard.from_json(written), cls=JSONEncoder)) == written


@pytest.mark.parametrize("content", files().values(), ids=files().keys())
def test_dashboard_says_what_grafana_must_be_told(content: str) -> None:
    texts = json.loads(content)
    assert (texts["schemaVersion"], texts["timezone"]) == (42, EXAMPLE.zone)
    assert len(texts["uid"]) <= 40
    assert set(texts["uid"]) <= set(string.ascii_lowercase + string.digits + "-")
    ids = [panel["id"] for panel in texts["panels"]]
    assert ids == list(range(1, len(ids) + 1))
    for panel in texts["panels"]:
        assert panel["title"]
        assert panel["description"]
        for target in panel.get("targets", []):
            assert target["pluginVersion"] == PLUGIN_VERSION
            assert target["editorType"] == "sql"
            assert target["datasource"]["uid"] == DATASOURCE_UID
            assert target["format"] == 1


def test_uids_and_titles_are_of_one_dashboard_alone() -> None:
    """Two with one uid, or one title in one folder, would take write access from the whole provider."""
    made = [json.loads(content) for content in files().values()]
    assert max(Counter(one["uid"] for one in made).values()) == 1
    assert max(Counter(one["title"] for one in made).values()) == 1


def test_sql_has_nothing_that_grafana_would_take_for_a_variable() -> None:
    for name in metrics.names():
        assert "$" not in metrics.text(name), name
        assert "[[" not in metrics.text(name), name


def test_stage_that_would_break_out_of_its_quotes_stays_in_them() -> None:
    odd = Stages((Stage(code="it's \\ ${zone}", title=Text(ru="а|б", en="a|b"), potential=True),))
    department = Department(zone="UTC", conversation_s=30, stages=odd)
    panel = next(panel for panel in PANELS if panel.id == "funnel_cohort")
    assert panel.query
    assert r"['it\'s \\ \x24{zone}']" in grafana_sql(panel.query, department, ())


def test_stages_are_shown_by_their_titles_in_the_order_of_the_settings() -> None:
    column = Column(name="stage", unit=Unit.TEXT, values="stage")
    assert codes(column, EXAMPLE, "ru")[:2] == [("new", "Новый"), ("active", "Активный")]
    assert [code for code, _ in codes(column, EXAMPLE, "en")] == EXAMPLE.stages.codes
