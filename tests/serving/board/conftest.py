"""The department of the boards' tests, and the commands over it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result

from pipeline.cli import cli
from tests.grafana.conftest import StoredDepartment, stored_department

__all__ = ["stored_department"]

WEEK = ("2026-03-09", "2026-03-16")
"""Of the department's life: from, and to (not included)."""


class Commands(NamedTuple):
    """`callfunnel` over the department, as its reader."""

    env: dict[str, str]

    def __call__(self, *arguments: str) -> Result:
        return CliRunner(env=self.env).invoke(cli, list(arguments))

    def json(self, *arguments: str) -> Any:
        result = self(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@pytest.fixture(scope="session")
def commands(stored_department: StoredDepartment, tmp_path_factory: pytest.TempPathFactory) -> Commands:
    toml: Path = tmp_path_factory.mktemp("settings") / "callfunnel.toml"
    toml.write_text(f'time_zone = "{stored_department.settings.time_zone.key}"\nregion = "RU"\n', encoding="utf-8")
    return Commands(
        {
            "CALLFUNNEL_CONFIG": str(toml),
            "CALLFUNNEL_CLICKHOUSE": stored_department.reader,
            # Reading asks the store alone.
            "CALLFUNNEL_KAFKA": "127.0.0.1:1",
            "LANG": "C.UTF-8",
        }
    )


def watched(page: Any) -> list[str]:
    """What went wrong on a page, as it happens: console errors, exceptions, requests to anybody else."""
    wrong: list[str] = []
    page.on(
        "console", lambda said: wrong.append(f"console: {said.text}") if said.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: wrong.append(f"exception: {error}"))
    page.on("request", lambda request: None if is_ours(request.url) else wrong.append(f"asked {request.url}"))
    return wrong


def is_ours(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("file", "data", "blob") or parts.hostname == "127.0.0.1"


def scrolls_sideways(page: Any) -> list[str]:
    """What is wider than its place: the page, or the body of a panel."""
    found: list[str] = page.evaluate(
        """() => [document.documentElement, ...document.querySelectorAll(".body")]
            .filter(one => one.scrollWidth > one.clientWidth + 1)
            .map(one => (one.parentElement?.id || "page") + " " + one.scrollWidth + ">" + one.clientWidth)"""
    )
    return found


def values(page: Any, panel: str) -> list[dict[str, str]]:
    """Every row of a panel: what the store said, by column."""
    found: list[dict[str, str]] = page.evaluate(
        """id => [...document.querySelectorAll(`#${id} tbody tr, #${id} .tiles`)].map(row => Object.fromEntries(
            [...row.querySelectorAll("[data-k]")].map(cell => [cell.dataset.k, cell.dataset.v])))""",
        panel,
    )
    return found
