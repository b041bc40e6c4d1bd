"""Boards as Grafana's JSON: `python -m grafana.build` writes `grafana/dashboards/{ru,en}/*.json`, `--check` compares.

The committed files have the settings of the bundled example department; `callfunnel boards build` and `push` have those
of callfunnel.toml.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import text

from grafana.dataquery import SOURCE, ClickHouseQuery
from grafana.fields import overrides, uid
from grafana.layout import GridPosition, positioned
from grafana.panel_types import NOTHING, visualization
from grafana.query import grafana_sql
from grafana.regulations import regulations
from grafana.releases import NEWEST, Json, Release, fitted_board
from grafana.variables import variable
from schemas.parameters import Department
from schemas.screens.boards import BOARDS
from schemas.screens.panel import Board, Panel, Unit
from schemas.screens.translations import LANGUAGES
from schemas.screens.translations.boards import board_texts
from schemas.stages import default_stages

FOLDER = Path(__file__).with_name("dashboards")
EXAMPLE = Department(zone="Europe/Moscow", conversation_s=30, stages=default_stages())
"""The department of `callfunnel demo`."""


def dashboard(board: Board, department: Department, language: str) -> model.Dashboard:
    """A board in one language."""
    texts = board_texts(language).boards[board.id]
    return model.Dashboard(
        uid=uid(board.id, language),
        title=texts.title,
        description=texts.description,
        tags=["callfunnel", language],
        timezone=department.zone,
        week_start="monday",
        editable=True,
        graph_tooltip=model.DashboardCursorSync.CROSSHAIR,
        time=model.DashboardDashboardTime(board.start, board.end),
        refresh=board.refresh,
        links=_links(board, language),
        templating=model.DashboardDashboardTemplating(
            [variable(name, department, language, single=name in board.single) for name in board.all_variables]
        ),
        panels=[
            _panel(number, panel, position, board, department, language)
            for number, (panel, position) in enumerate(positioned(board.panels), start=1)
        ],
    )


def _links(board: Board, language: str) -> list[model.DashboardLink]:
    """To the other boards, with the period and what was chosen."""
    return [
        model.DashboardLink(
            title=board_texts(language).boards[other.id].title,
            type_val=model.DashboardLinkType.LINK,
            url=f"/d/{uid(other.id, language)}",
            icon="dashboard",
            keep_time=False,
            include_vars=True,
        )
        for other in BOARDS
        if other.id != board.id
    ]


def _panel(
    number: int, panel: Panel, position: GridPosition, board: Board, department: Department, language: str
) -> model.Panel:
    texts = board_texts(language).panels[panel.id]
    shown = model.Panel(
        id_val=number,
        title=texts.title,
        description=texts.description.replace("{N}", str(department.conversation_s)),
        grid_pos=model.GridPos(h=position.h, w=position.w, x=position.x, y=position.y),
    )
    if panel.query is None:
        content = regulations(department.stages, language)
        shown.type_val, shown.options = "text", text.Options(mode=text.TextMode.MARKDOWN, content=content)
        return shown
    columns = tuple(one for one in panel.columns if one.unit is not Unit.COURSE)
    how = visualization(msgspec.structs.replace(panel, columns=columns))
    shown.type_val, shown.options = how.kind, how.options
    shown.datasource = SOURCE
    shown.targets = [ClickHouseQuery(grafana_sql(panel.query, department, board.all_variables))]
    shown.transformations = list(how.transformations)
    shown.time_from = panel.last or None
    defaults = model.FieldConfig(custom=how.custom, no_value=NOTHING, **how.defaults)
    shown.field_config = model.FieldConfigSource(
        defaults=defaults, overrides=overrides(columns, panel.panel_type, department, language)
    )
    return shown


def as_json(board: Json) -> str:
    """The text of a file: the same board gives the same bytes."""
    return json.dumps(board, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def made(board: Board, department: Department, language: str, release: Release = NEWEST) -> Json:
    """A board as plain values, as this release of Grafana reads it."""
    plain: Json = json.loads(json.dumps(dashboard(board, department, language), cls=JSONEncoder))
    return fitted_board(plain, release)


def files(department: Department = EXAMPLE, release: Release = NEWEST) -> dict[str, str]:
    """`<language>/<board>.json` -> its text."""
    return {
        f"{language}/{board.id}.json": as_json(made(board, department, language, release))
        for language in LANGUAGES
        for board in BOARDS
    }


def write(folder: Path, department: Department, release: Release = NEWEST) -> list[Path]:
    """Write every file, and take away those of boards that are gone."""
    wanted = {folder / name: content for name, content in files(department, release).items()}
    for path, content in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    for language in LANGUAGES:
        for path in set((folder / language).glob("*.json")) - set(wanted):
            path.unlink()
    return list(wanted)


def stale(folder: Path = FOLDER) -> list[str]:
    """Files that are not what their definition says, missing ones and those too many."""
    wanted = files()
    there = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in folder.glob("*/*.json")}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def main() -> None:
    if "--check" not in sys.argv[1:]:
        write(FOLDER, EXAMPLE)
    elif wrong := stale():
        sys.exit(f"not as their definition says: {', '.join(wrong)}; run `make boards`")


if __name__ == "__main__":
    main()
