"""Panels drawn: text is never markup, marks are more than colours, what is not over looks different."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from grafana.build import EXAMPLE
from pipeline.drawing.draw import Row, draw
from pipeline.drawing.render_context import RenderContext
from pipeline.drawing.tables import distinct_heads, state
from schemas.parameters import Query
from schemas.screens.boards import BOARDS, panel
from schemas.screens.panel import TIMES, Column, Panel, PanelType, SeriesStyle, Threshold, Unit, column

EN = RenderContext("en", EXAMPLE)
RU = RenderContext("ru", EXAMPLE)
QUERY = Query(metric="activity")


def shown(panel_type: PanelType, *columns: Column) -> Panel:
    return Panel(id="today_numbers", panel_type=panel_type, query=QUERY, columns=columns)


def test_a_name_is_text_whatever_is_in_it() -> None:
    evil = "<script>alert('x')</script>\"&"
    html = draw(shown(PanelType.TABLE, column("manager", Unit.TEXT)), [{"manager": evil}], EN).html
    assert "<script" not in html
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&quot;&amp;" in html


def test_a_number_bears_what_the_store_said() -> None:
    html = draw(
        shown(PanelType.TABLE, column("calls"), column("ratio", Unit.RATIO)), [{"calls": "1234", "ratio": 0.88542}], RU
    ).html
    assert re.findall(r'data-k="(\w+)" data-v="([^"]+)"', html) == [("calls", "1234"), ("ratio", "0.88542")]
    assert "88,5" in html


@pytest.mark.parametrize(("value", "said"), [(0, "bad"), (0.7, "notice"), (0.91, "good"), (None, ""), (-1, "")])
def test_a_threshold_that_is_reached_marks_the_number(value: float | None, said: str) -> None:
    steps = (Threshold(0, "bad"), Threshold(0.7, "notice"), Threshold(0.9, "good"))
    assert state(value, column("ratio", Unit.RATIO, thresholds=steps)) == said


def test_only_a_word_that_is_long_itself_has_a_line_of_a_card_to_itself() -> None:
    """A telephone gave one to each number with a mark: the mark's markup was counted."""
    columns = (column("organisation", Unit.TEXT), column("ratio", Unit.RATIO, thresholds=(Threshold(0, "notice"),)))
    rows = [{"organisation": name, "ratio": 0.87} for name in ("ТД «Ладога» 444", "Featherstonehaugh-Cholmondeley")]
    html = draw(shown(PanelType.TABLE, *columns), rows, EN).html
    assert re.findall(r'<td class="([^"]+)"', html) == ["l", "r", "l long", "r"]


def test_a_card_is_headed_by_whom_it_is_of() -> None:
    """On a telephone the first cell of a row is the head of its card: not the month, which all have."""
    first = next(one for one in panel("today_people").columns if not one.hidden)
    assert first.name == "manager"


def test_counts_of_nothing_are_zero_and_ratios_of_nothing_are_none() -> None:
    html = draw(shown(PanelType.STAT, column("calls"), column("match_coverage", Unit.RATIO)), [], EN).html
    assert re.findall(r"<span[^>]*>([^<]+)</span>", html) == ["0", "–"]


@pytest.mark.parametrize(
    ("unit", "russian", "english"),
    [
        (Unit.TIME, "13.03.2026 00:05", "13 Mar 2026 00:05"),
        (Unit.TIME_S, "13.03.2026 00:05:59", "13 Mar 2026 00:05:59"),
        (Unit.DAY, "13.03.2026", "13 Mar 2026"),
    ],
)
def test_a_time_of_a_table_is_written_as_the_page_writes_its_own(unit: Unit, russian: str, english: str) -> None:
    for value in ("2026-03-12 21:05:59.000", "2026-03-12T21:05:59Z"):
        html = [draw(shown(PanelType.TABLE, column("time", unit)), [{"time": value}], said).html for said in (RU, EN)]
        assert [f">{words}</td>" in text for words, text in zip((russian, english), html, strict=True)] == [True, True]


def test_no_rows_are_said_not_shown_as_an_empty_chart() -> None:
    drawn = draw(shown(PanelType.LINES, column("time", Unit.TIME), column("calls")), [], RU)
    assert (drawn.figure, "нет" in drawn.html) == (None, True)


def test_the_unfinished_bucket_is_hatched_in_the_colour_of_its_series() -> None:
    columns = (column("time", Unit.TIME), column("calls"), column("so_far", style=SeriesStyle.UNFINISHED))
    rows: list[Row] = [
        {"time": "2026-03-12 21:00:00", "calls": 5, "so_far": None},
        {"time": "2026-03-13 21:00:00", "calls": None, "so_far": 2},
    ]
    figure = draw(shown(PanelType.COLUMNS, *columns), rows, EN).figure
    assert figure is not None
    whole, unfinished = figure["data"]
    assert whole["x"] == ["2026-03-13 00:00:00", "2026-03-14 00:00:00"], "the local clock"
    assert (whole["y"], unfinished["y"]) == ([5, None], [None, 2])
    assert (whole["marker"]["pattern"]["shape"], unfinished["marker"]["pattern"]["shape"]) == ("", "/")
    assert whole["marker"]["color"] == unfinished["marker"]["color"]


def test_series_of_one_chart_differ_in_more_than_their_colour() -> None:
    names = ("new_organisations", "reactivated", "new_to_manager", "repeats")
    rows = [{"time": "2026-03-12 21:00:00", **dict.fromkeys(names, 1)}]
    for panel_type in (PanelType.COLUMNS, PanelType.LINES):
        figure = draw(shown(panel_type, column("time", Unit.TIME), *map(column, names)), rows, EN).figure
        assert figure is not None
        looks = Counter(str(trace["marker"].get("pattern") or trace["marker"]["symbol"]) for trace in figure["data"])
        assert max(looks.values()) == 1


def test_an_immature_stage_is_pale_and_the_first_one_is_what_it_is() -> None:
    rows = [{"stage": "new", "reached": 9, "immature": 3}, {"stage": "active", "reached": 4, "immature": 3}]
    figure = draw(panel("funnel_cohort"), rows, RU).figure
    assert figure is not None
    (trace,) = figure["data"]
    assert trace["y"] == ["Новый", "Активный"]
    assert trace["marker"]["color"][0] != trace["marker"]["color"][1]
    assert figure["layout"]["annotations"]


def test_a_matrix_has_a_column_for_each_code() -> None:
    rows = [
        {"name": "Anna", "stage": "new", "overall_conversion": 1},
        {"name": "Anna", "stage": "active", "overall_conversion": 0.25},
        {"name": "Boris", "stage": "new", "overall_conversion": 1},
    ]
    html = draw(panel("funnel_by_manager"), rows, EN).html
    assert re.findall(r"<td[^>]*>([^<]*)</td>", html) == ["Anna", "100.0%", "25.0%", "Boris", "100.0%", "–"]


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("one", [p for board in BOARDS for p in board.panels], ids=lambda one: one.id)
def test_every_panel_of_every_board_can_be_drawn(one: Panel, language: str) -> None:
    row = {c.name: "2026-03-12 21:00:00" if c.unit in TIMES else "x" if c.unit is Unit.TEXT else 1 for c in one.columns}
    drawn = draw(one, [row], RenderContext(language, EXAMPLE))
    assert bool(drawn.html) != bool(drawn.figure)


def test_regulations_are_those_of_the_settings() -> None:
    html = draw(panel("funnel_regulations"), [], RU).html
    assert html.count("<tr>") == 1 + len(EXAMPLE.stages.stages)
    assert EXAMPLE.stages.stages[0].goal.ru in html


def test_heads_that_stand_alone_say_whose_they_are() -> None:
    assert distinct_heads(["Manager", "A", "±", "B", "±"]) == ["Manager", "A", "A ±", "B", "B ±"]


@pytest.mark.parametrize(
    ("value", "russian", "english"),
    [
        (0, "0", "0"),
        (2.36, "2,36", "2.36"),
        (13.84, "13,8", "13.8"),
        (113, "113", "113"),
        (2340757.6, "2\xa0340\xa0758", "2,340,758"),
        ("7326611.25", "7\xa0326\xa0611", "7,326,611"),
        (None, "–", "–"),
    ],
)
def test_a_column_of_several_kinds_has_decimals_where_a_small_number_has_any(
    value: object, russian: str, english: str
) -> None:
    for context, wanted in ((RU, russian), (EN, english)):
        html = draw(shown(PanelType.TABLE, column("fact", Unit.NUMBER)), [{"fact": value}], context).html
        assert re.findall(r"<td[^>]*>([^<]+)</td>", html) == [wanted]


def test_a_course_is_a_line_that_can_be_read_out_and_one_number_is_none() -> None:
    html = draw(shown(PanelType.TABLE, column("course", Unit.COURSE)), [{"course": [0, 4, 2]}], EN).html
    assert "<title>A, 20 days: 0, 4, 2</title>" in html
    assert 'points="2.0,16.0 45.0,2.0 88.0,9.0"' in html
    for value in ([], [3], None):
        assert "<svg" not in draw(shown(PanelType.TABLE, column("course", Unit.COURSE)), [{"course": value}], EN).html


def test_a_currency_stands_beside_the_name_of_its_sum_alone() -> None:
    columns = (column("indicator", Unit.TEXT, values="indicator"), column("currency", Unit.TEXT, beside="indicator"))
    rows = [{"indicator": "individual_amount", "currency": "RUB"}, {"indicator": "general_proposals", "currency": ""}]
    html = draw(shown(PanelType.TABLE, *columns), rows, EN).html
    assert re.findall(r"<td[^>]*>([^<]+)</td>", html) == ["Sum of D, RUB", "C. General proposals"]
    assert html.count("<th") - html.count("<thead") == 1
