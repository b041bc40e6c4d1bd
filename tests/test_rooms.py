"""The folders are the architecture: import arrows point at `schemas`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = {"schemas", "connectors", "pipeline", "grafana", "department"}
MAY_IMPORT = {
    "schemas": set[str](),
    "connectors": {"schemas"},
    "grafana": {"schemas"},
    "department": {"schemas"},
    "pipeline": {"schemas"},
}
COMPOSITION_ROOT = {
    *("pipeline/cli/", "pipeline/demo/", "pipeline/listening/", "pipeline/loading/", "pipeline/serving/upload/"),
}
"""Where pipeline may know connectors and department: commands, and what they are made of."""
PORTS = {"pipeline/serving/", "pipeline/embedded/http_front.py", "pipeline/embedded/store_server.py"}
"""They serve HTTP, and keep to what the listener's port keeps to (`connectors.http`)."""

FILES = [path for room in sorted(OURS) for path in sorted((ROOT / room).rglob("*.py"))]


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_at_schemas(path: Path) -> None:
    where = path.relative_to(ROOT).as_posix()
    room = where.split("/")[0]
    allowed = {room, *MAY_IMPORT[room]}
    if any(where.startswith(root) for root in COMPOSITION_ROOT):
        allowed |= {"connectors", "department"}
    if where.startswith("pipeline/cli/"):  # to build and push dashboards
        allowed |= {"grafana"}
    if any(where.startswith(root) for root in PORTS):
        allowed |= {"connectors"}
    ours = {name.split(".")[0] for name in imported(path)} & OURS
    assert ours <= allowed


@pytest.mark.parametrize(
    "path", [p for p in FILES if p.parent.name != "agents"], ids=lambda p: str(p.relative_to(ROOT))
)
def test_faust_is_known_to_the_application_alone(path: Path) -> None:
    knows = {name.split(".")[0] for name in imported(path)} & {"faust", "mode"}
    assert not knows or path.name in ("app.py", "flow.py", "work.py")


@pytest.mark.parametrize("path", [p for p in FILES if p.parent.name == "department"], ids=lambda p: p.name)
def test_truth_of_the_synthetic_department_owes_nothing_to_the_product(path: Path) -> None:
    ours = {name for name in imported(path) if name.split(".")[0] in OURS}
    assert all(name.split(".")[0] in ("department", "schemas") for name in ours)


MAY_NOT_IMPORT = {
    "pipeline/readouts": {"drawing", "report", "serving", "terminal", "loading", "listening", "demo", "cli"},
    "pipeline/drawing": {"report", "serving", "terminal", "loading", "listening", "demo", "cli", "alerts"},
    "pipeline/alerts": {"drawing", "report", "serving", "terminal", "cli"},
    "pipeline/report": {"serving", "terminal", "loading", "cli"},
    "pipeline/serving": {"report", "terminal", "cli"},
    "pipeline/loading": {"serving", "drawing", "report", "terminal", "cli"},
}
"""Room -> rooms of pipeline that it does not know: schemas <- readouts <- drawing <- report, serving, cli."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_screens_are_declared_read_drawn_and_served_in_this_order(path: Path) -> None:
    where = path.relative_to(ROOT).as_posix()
    unknown = next((rooms for room, rooms in MAY_NOT_IMPORT.items() if where.startswith(f"{room}/")), {"cli"})
    if not where.startswith("pipeline/cli/"):
        rooms = {name.split(".")[1] for name in imported(path) if name.startswith("pipeline.")}
        assert not rooms & unknown


def test_files_stay_small() -> None:
    large = {path.name: n for path in FILES if (n := len(path.read_text(encoding="utf-8").splitlines())) > 400}
    assert not large


CONNECTORS = ROOT / "connectors"
FAMILY = {"grandstream": {"asterisk"}, "yeastar": {"asterisk"}}
"""Exchanges that are made of another one, and may know it."""
VENDORS = {path.parent.name for path in CONNECTORS.glob("*/connector.py")}
SHARED_ROOMS = {"api", "crm", "folder", "http", "live", "mapped", "reading", "sql", "tcp"}


def test_folder_of_connectors_is_a_vendors_or_shared_by_all() -> None:
    folders = {path.parent.name for path in CONNECTORS.glob("*/__init__.py")}
    assert folders == VENDORS | SHARED_ROOMS


@pytest.mark.parametrize("vendor", sorted(VENDORS))
def test_no_vendor_knows_another_one(vendor: str) -> None:
    names = {name for path in (CONNECTORS / vendor).rglob("*.py") for name in imported(path)}
    rooms = {name.split(".")[1] for name in names if name.startswith("connectors.")}
    assert rooms & VENDORS <= {vendor} | FAMILY.get(vendor, set())


@pytest.mark.parametrize("path", sorted((CONNECTORS / "reading").glob("*.py")), ids=lambda path: path.name)
def test_reading_knows_no_vendor(path: Path) -> None:
    ours = {name for name in imported(path) if name.startswith("connectors.")}
    assert all(name.startswith("connectors.reading") for name in ours), ours


def _holding(pattern: str) -> set[str]:
    """The files of connectors that hold it."""
    found = re.compile(pattern)
    files = (path for path in FILES if path.is_relative_to(CONNECTORS))
    return {str(path.relative_to(ROOT)) for path in files if found.search(path.read_text(encoding="utf-8"))}


def test_one_place_parses_parameters_and_quotes_sql() -> None:
    wanted = re.compile(r"""\\{\(\\w\+\):|replace\("'", "\\\\'"\)""")
    holding = {str(path.relative_to(ROOT)) for path in FILES if wanted.search(path.read_text(encoding="utf-8"))}
    assert holding == {"schemas/parameters.py"}


def test_one_place_makes_legs() -> None:
    assert _holding(r"\bCallLeg\(") == {"connectors/reading/leg.py"}


def test_a_week_is_said_once_and_cut_digits_are_refused_once() -> None:
    assert _holding(r"days=7\)|604_?800|7 \* 86_?400") == {"connectors/reading/lengths.py"}
    assert _holding(r"Misread\(Reason\.BAD_PHONE, .*digits") == {"connectors/reading/phones.py"}
