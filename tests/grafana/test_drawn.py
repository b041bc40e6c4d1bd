"""Every board as Grafana's own code draws it: options that it knows, texts that fit, names for whatever has one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from grafana.build import EXAMPLE, files, made
from grafana.layout import WIDTH
from grafana.panel_types import NOTHING
from grafana.releases import Json
from pipeline.readouts.department import department_of
from schemas.screens.boards import BOARDS
from schemas.screens.panel import Board, PanelType
from schemas.screens.translations import LANGUAGES
from tests.conftest import required
from tests.grafana.asking import Asker
from tests.grafana.conftest import StoredDepartment
from tests.grafana.drawing import Drawn, DrawnField, Missing, drawn, install, text_px, unknown_options
from tests.grafana.test_panels import period_of

pytestmark = pytest.mark.stack
_BOARD_PX = 1366 - 2 * 16 - 15
_ENGLISH = re.compile(r"\b(days?|hours?|mins?|minutes?|weeks?|years?|No data|null|undefined|NaN)\b")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Grafana's packages. Skips where they cannot be had; fails there in CI (REQUIRE_NODE=1)."""
    try:
        return install(tmp_path_factory.mktemp("node"))
    except Missing as missing:
        if required("REQUIRE_NODE"):
            pytest.fail(f"Grafana's packages are required here: {missing}")
        pytest.skip(f"Grafana's packages: {missing}")


@pytest.fixture(scope="module")
def asker(stored_department: StoredDepartment) -> Asker:
    return Asker(stored_department.reader, department_of(stored_department.settings))


def test_every_option_is_one_that_grafana_knows(packages: Path) -> None:
    assert unknown_options(packages, {name: json.loads(content) for name, content in files().items()}) == ""
    wrong = made(BOARDS[0], EXAMPLE, "en")
    wrong["panels"][0]["options"]["colour"] = "red"
    assert "colour" in unknown_options(packages, {"wrong": wrong})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.id)
def test_what_a_person_reads_is_whole_and_named(packages: Path, asker: Asker, board: Board, language: str) -> None:
    content = made(board, asker.department, language)
    asked = [
        (shown, panel, asker.as_grafana(panel.query, period_of(board), board.all_variables))
        for shown, panel in zip(content["panels"], board.panels, strict=True)
        if panel.query is not None
    ]
    trouble = []
    for (shown, panel, rows), drawing in zip(asked, drawn(packages, asked, asker.department.zone), strict=True):
        where = f"{board.id}/{panel.id}"
        trouble += [f"{where}: {found}" for found in _unnamed(shown, drawing) if rows]
        trouble += [
            f"{where}: {text!r} is English" for text in _texts(drawing) if language != "en" if _ENGLISH.search(text)
        ]
        if drawing.nothing not in ("", NOTHING):
            trouble.append(f"{where}: {drawing.nothing!r} stands for no number")
        if shown["type"] == "bargauge":
            trouble += [f"{where}: bars of {one.name} begin at {one.min}" for one in _numbers(drawing) if one.min != 0]
        if panel.panel_type is PanelType.TABLE:
            trouble += [f"{where}: {found}" for found in _cut(shown, drawing)]
    assert trouble == []


def _numbers(drawing: Drawn) -> list[DrawnField]:
    return [field for field in drawing.fields if field.type == "number"]


def _texts(drawing: Drawn) -> list[str]:
    return [text for field in drawing.fields if field.type != "string" for text in field.texts]


def _unnamed(shown: Json, drawing: Drawn) -> list[str]:
    """Series, rows and columns without a name that tells them apart."""
    if shown["type"] == "bargauge":
        names = next((field.texts for field in drawing.fields if field.type == "string"), [])
    else:
        names = [field.name for field in drawing.fields if field.type != "time"]
    found = [f"a name is missing beside {names}" for name in names if not name.strip() or name.startswith("Value")]
    return found + [f"two are called {name}" for name in set(names) if names.count(name) > 1]


def _cut(shown: Json, drawing: Drawn) -> list[str]:
    """Numbers and times that are wider than their column, and headings with a word that is."""
    across = _BOARD_PX * shown["gridPos"]["w"] / WIDTH - 2 * 8
    fixed = sum(field.custom.get("width", 0) for field in drawing.fields)
    free = [field for field in drawing.fields if "width" not in field.custom]
    share = (across - fixed) / len(free) if free else 0.0
    found = []
    for field in drawing.fields:
        width = field.custom.get("width") or max(share, field.custom.get("minWidth", 0))
        widest = max((text for text in field.texts if field.type != "string"), key=text_px, default="")
        if text_px(widest) > width:
            found.append(f"{field.name}: {widest!r} takes {text_px(widest):.0f} of {width:.0f} pixels")
        word = max(field.name.split(), key=text_px)
        if text_px(word) > width:
            found.append(f"{field.name}: the heading takes {text_px(word):.0f} of {width:.0f} pixels")
    return found
