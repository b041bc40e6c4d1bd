"""The report opened without a network, as its readers do: both languages, a desk and a telephone, and on paper."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from pipeline.drawing.report.text import is_chart
from schemas.screens.report import SECTIONS
from tests.browser.chromium import picture
from tests.serving.board.conftest import WEEK, Commands, scrolls_sideways, values, watched
from tests.stack.deployment import wait_for

pytestmark = pytest.mark.stack
SIZES = {"desk": (1366, 768), "telephone": (390, 844)}
CHARTS = {part.id for section in SECTIONS for part in section.parts if is_chart(part)}


@pytest.fixture(scope="module", params=["ru", "en"])
def report(request: pytest.FixtureRequest, commands: Commands, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("report") / f"report-{request.param}.html"
    made = commands("report", "--period", "week", "--to", WEEK[1], "--lang", request.param, "--out", str(path))
    assert made.exit_code == 0, made.output
    return path


@pytest.mark.parametrize("size", SIZES)
def test_it_opens_offline_fits_and_says_the_command_s_numbers(
    chromium: Browser, commands: Commands, report: Path, tmp_path: Path, size: str
) -> None:
    width, height = SIZES[size]
    context = chromium.new_context(viewport={"width": width, "height": height}, offline=True)
    page = context.new_page()
    try:
        wrong = watched(page)
        open_report(page, report)
        picture(page, tmp_path / f"{report.stem}-{size}.png", full_page=True)
        assert wrong == []
        assert scrolls_sideways(page) == []
        assert drawn_charts(page) == CHARTS
        by_manager = commands.json("activity", "--from", WEEK[0], "--to", WEEK[1])
        shown = values(page, "report_managers")
        assert len(shown) == len(by_manager) > 3
        for row, mine in zip(shown, by_manager, strict=True):
            for name in ("calls", "conversations", "organisations", "calls_to_potential", "calls_per_organisation"):
                assert float(row[name]) == mine[name]
            assert float(row["amount:RUB"]) == mine["individual_amount"].get("RUB", 0)
        assert page.locator("html").get_attribute("lang") == report.stem[-2:]
    finally:
        context.close()


def test_its_charts_are_as_wide_as_the_sheet(chromium: Browser, report: Path, tmp_path: Path) -> None:
    context = chromium.new_context(viewport={"width": 1366, "height": 768}, offline=True)
    page = context.new_page()
    try:
        open_report(page, report)
        page.pdf(path=tmp_path / f"{report.stem}.pdf", prefer_css_page_size=True)
        page.set_viewport_size({"width": 1047, "height": 718})  # A4 across, without its margins
        page.emulate_media(media="print")
        wait_for("charts within the sheet", lambda: page.evaluate(_WITHIN))
        picture(page, tmp_path / f"{report.stem}-paper.png", full_page=True)
        wait_for("sheet that is not scrolled", lambda: page.evaluate("document.documentElement.scrollWidth") <= 1047)
        assert not page.locator("nav").is_visible()
    finally:
        context.close()


def test_the_browser_itself_refuses_every_request(chromium: Browser, report: Path) -> None:
    page = chromium.new_page()
    try:
        open_report(page, report)
        refused = page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'sent', error => error.name)")
        assert refused == "TypeError"
        loaded: list[str] = page.evaluate("performance.getEntriesByType('resource').map(one => one.name)")
        assert [name for name in loaded if not name.startswith(("data:", "blob:"))] == []
    finally:
        page.close()


def test_its_tables_are_there_without_scripts(chromium: Browser, report: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    try:
        page.goto(report.as_uri())
        assert page.locator("#report_managers tbody tr").count() > 3
        assert page.locator("h2").count() >= 7
    finally:
        context.close()


_WITHIN = """() => [...document.querySelectorAll(".chart svg.main-svg")]
    .every(svg => svg.getBoundingClientRect().right <= innerWidth + 1)"""


def open_report(page: Page, report: Path) -> None:
    page.goto(report.as_uri())
    page.wait_for_selector("html[data-drawn]")


def drawn_charts(page: Page) -> set[str]:
    """Panels whose chart has something in it."""
    found: list[Any] = page.evaluate(
        "[...document.querySelectorAll('.chart')].map(one => [one.dataset.figure, one.querySelectorAll('svg').length])"
    )
    assert max(Counter(name for name, _ in found).values()) == 1
    return {name for name, svgs in found if svgs}
