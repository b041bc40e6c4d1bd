"""Grafana's own code in Node: what its panels make of rows, and whether its schema knows what boards say."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from grafana.releases import Json
from schemas.screens.panel import TIMES, Panel
from tests.grafana.asking import Row

SOURCE = Path(__file__).with_name("panels")
_INSTALL_S = 600

_PX = {**dict.fromkeys("0123456789", 8.7), **dict.fromkeys(".,:;' |il", 4.1), **dict.fromkeys("-–()±", 6.6), "%": 12.2}
_LOWER_PX, _UPPER_PX, _PADDING_PX = 7.9, 9.8, 12
"""Of Inter at 14 pixels, which Grafana writes in; and the edges of a cell."""


class Missing(Exception):
    """Grafana's packages cannot be had here."""


class DrawnField(NamedTuple):
    """A column, a series or a bar, with its texts as a person reads them."""

    name: str
    type: str
    custom: Json
    min: float | None
    texts: list[str]


class Drawn(NamedTuple):
    fields: list[DrawnField]
    nothing: str
    """What stands for no number."""


def install(folder: Path) -> Path:
    """The program and Grafana's packages in a folder. Raises Missing."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if not npm or not node:
        raise Missing("there is no `node` with `npm`")
    for name in ("package.json", "draw.cjs"):
        shutil.copy(SOURCE / name, folder)
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_INSTALL_S, check=False)
    if done.returncode:
        raise Missing(done.stderr[-500:])
    return folder


def drawn(folder: Path, asked: Sequence[tuple[Json, Panel, Sequence[Row]]], zone: str) -> list[Drawn]:
    """Of each (panel of a dashboard, its definition, rows)."""
    lines = [json.dumps({"panel": shown, "frame": _frame(panel, rows), "zone": zone}) for shown, panel, rows in asked]
    program = ["node", "draw.cjs"]
    done = subprocess.run(
        program, cwd=folder, input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=300, check=True
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    failed = [(panel.id, one["error"]) for (_, panel, _), one in zip(asked, answers, strict=True) if "error" in one]
    assert not failed, failed
    return [Drawn([DrawnField(**field) for field in one["fields"]], one["nothing"]) for one in answers]


def _frame(panel: Panel, rows: Sequence[Row]) -> Json:
    times = {column.name for column in panel.columns if column.unit in TIMES}
    fields = []
    for name in rows[0] if rows else ():
        values = [row[name] for row in rows]
        if name in times:
            fields.append({"name": name, "type": "time", "values": [_milliseconds(one) for one in values]})
        else:
            numbers = all(isinstance(one, int | float) or one is None for one in values)
            fields.append({"name": name, "type": "number" if numbers else "string", "values": values})
    return {"fields": fields}


def _milliseconds(value: object) -> int | None:
    if not isinstance(value, str):
        return None if value is None else int(str(value)) * 1000
    at = datetime.fromisoformat(value)
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def text_px(text: str) -> float:
    """How wide a cell must be for a text."""
    return _PADDING_PX + sum(_PX.get(one, _UPPER_PX if one.isupper() else _LOWER_PX) for one in text)


_KINDS = {
    "bargauge": "BarGauge",
    "stat": "Stat",
    "status-history": "StatusHistory",
    "table": "Table",
    "text": "Text",
    "timeseries": "TimeSeries",
}
_OWN_FIELDS = ("StatusHistory", "Table", "TimeSeries")
"""Panels with field settings of their own, under `custom`."""
_HEAD = """
import type { FieldConfig } from "@grafana/schema";

// An enum of theirs is text in JSON; what has a value of its own may be left out.
type Plain<T> = T extends string ? `${T}` : T extends number | boolean | null | undefined ? T
  : T extends Array<infer One> ? Array<Plain<One>> : T extends object ? { [Key in keyof T]?: Plain<T[Key]> } : T;
type Standard = Plain<Omit<FieldConfig, "custom">>;
"""


def unknown_options(folder: Path, boards: Mapping[str, Json]) -> str:
    """What Grafana's types do not know of the panels' options and fields; "" when they know all."""
    lines = [_HEAD]
    for kind, name in _KINDS.items():
        where = f"@grafana/schema/dist/esm/raw/composable/{kind.replace('-', '')}/panelcfg/x/{name}PanelCfg_types.gen"
        lines.append(f'import type {{ Options as {name} }} from "{where}";')
        if name in _OWN_FIELDS:
            lines.append(f'import type {{ FieldConfig as {name}Field }} from "{where}";')
    said = [
        (f"{board}: {panel['title']}", type_, value)
        for board, content in boards.items()
        for panel in content["panels"]
        for type_, value in _typed(panel)
    ]
    for number, (where, type_, value) in enumerate(said):
        lines.append(f"export const said{number}: {type_} = {json.dumps(value)}; // {where}")
    (folder / "panels.ts").write_text("\n".join(lines), "utf-8")
    options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "esnext", "--moduleResolution", "bundler"]
    command = ["node", "node_modules/typescript/bin/tsc", *options, "--target", "es2022", "panels.ts"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    return done.stdout + done.stderr


def _typed(panel: Json) -> Iterator[tuple[str, Any]]:
    """(type of Grafana's, what a panel says of that type)."""
    name = _KINDS[panel["type"]]
    yield f"Plain<{name}>", panel["options"]
    config = panel.get("fieldConfig", {"defaults": {}, "overrides": []})
    fields = [config["defaults"]] + [
        {
            "custom": _own(one),
            **{of["id"]: of["value"] for of in one["properties"] if not of["id"].startswith("custom.")},
        }
        for one in config["overrides"]
    ]
    for field in fields:
        own = field.pop("custom", {})
        yield "Standard", field
        if name in _OWN_FIELDS:
            yield f"Plain<{name}Field>", own
        else:
            assert not own, f"{panel['title']}: {own}"


def _own(override: Json) -> Json:
    properties = override["properties"]
    return {one["id"].removeprefix("custom."): one["value"] for one in properties if one["id"].startswith("custom.")}
