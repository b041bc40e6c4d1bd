"""The board page in a browser: every board, both languages, a desk and a telephone; its numbers are the commands'."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page

from pipeline.embedded.part import StackPart
from pipeline.embedded.ports import free_port, listens
from schemas.screens.boards import BOARDS
from schemas.screens.panel import Board
from tests.browser.chromium import picture
from tests.conftest import STARTS_S
from tests.serving.board.conftest import Commands, scrolls_sideways, values, watched

pytestmark = pytest.mark.stack
SIZES = {"desk": (1366, 768), "telephone": (390, 844)}
TOKEN = "a-token-of-the-test"
DAYS = "first=2026-03-09&last=2026-03-15"
PERIODS = {
    "today": DAYS,
    "manager": DAYS,
    "funnel": "first=2026-01-01&last=2026-05-31",
    "warning": "now=last",
    "health": "period=year",
}
"""What each board shows of the department."""


class Served(NamedTuple):
    """The command `callfunnel board` at work."""

    address: str
    process: StackPart


@pytest.fixture(scope="module")
def served(commands: Commands, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    port = free_port(0, "--port")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CALLFUNNEL_")}
    part = StackPart(
        "board",
        [sys.executable, "-m", "pipeline.cli", "board", "--port", str(port)],
        logs=tmp_path_factory.mktemp("board"),
        env={**clean, **commands.env, "CALLFUNNEL_BOARD_TOKEN": TOKEN},
        ready=lambda: listens(port),
    )
    part.start()
    try:
        part.wait_ready(STARTS_S)
        yield Served(f"http://127.0.0.1:{port}", part)
    finally:
        part.stop(15)


@pytest.fixture(scope="module")
def pages(chromium: Browser, served: Served) -> Iterator[dict[str, Page]]:
    """A page of each size, let in."""
    contexts = {
        name: chromium.new_context(viewport={"width": width, "height": height}, locale="ru-RU")
        for name, (width, height) in SIZES.items()
    }
    found = {name: context.new_page() for name, context in contexts.items()}
    for page in found.values():
        page.goto(f"{served.address}/?token={TOKEN}")
    try:
        yield found
    finally:
        for context in contexts.values():
            context.close()


def look(page: Page, address: str) -> None:
    """Open a board and return when every panel has been answered."""
    page.goto(address)
    page.wait_for_selector("main[data-ready]")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.id)
def test_board_has_every_panel_and_fits(
    served: Served, pages: dict[str, Page], tmp_path: Path, board: Board, size: str
) -> None:
    page = pages[size]
    for language in ("ru", "en") if board.id == "today" else ("ru",) if size == "desk" else ("en",):
        page.goto("about:blank")
        wrong = watched(page)
        look(page, f"{served.address}/{board.id}?lang={language}&{PERIODS[board.id]}")
        picture(page, tmp_path / f"{board.id}-{language}-{size}.png", full_page=True)
        assert wrong == []
        assert scrolls_sideways(page) == []
        assert page.locator(".trouble, .old").count() == 0
        assert page.locator(".panel").count() == len(board.panels)
        assert page.locator("html").get_attribute("lang") == language


def test_its_numbers_are_the_commands(served: Served, pages: dict[str, Page], commands: Commands) -> None:
    page = pages["desk"]
    look(page, f"{served.address}/today?lang=en&{DAYS}")
    by_manager = {
        row["manager_id"]: row for row in commands.json("activity", "--from", "2026-03-09", "--to", "2026-03-16")
    }
    shown = values(page, "today_talks")
    assert len(shown) == len(by_manager) > 3
    for row, mine in zip(shown, by_manager.values(), strict=True):
        for name in ("calls", "attempts", "answered", "conversations", "calls_to_potential", "organisations"):
            assert row[name] == str(mine[name]), name
    letters = ("calls_to_potential", "general_proposals", "individual_proposals")
    people = sorted([int(row[name]) for name in letters] for row in values(page, "today_people"))
    assert people == sorted([mine[name] for name in letters] for mine in by_manager.values())
    first, *_ = values(page, "today_indicators")
    assert float(first["fact"]) == sum(mine["calls_to_potential"] for mine in by_manager.values())
    (department,) = values(page, "today_numbers")
    assert int(department["calls"]) == sum(row["calls"] for row in by_manager.values())
    look(page, f"{served.address}/funnel?lang=en&first=2026-03-01&last=2026-03-31")
    flow = commands.json("funnel", "--clock", "flow", "--from", "2026-03-01", "--to", "2026-04-01")
    found = [(row["entered"], row["reached"]) for row in values(page, "funnel_flow")]
    assert found == [(str(row["entered"]), str(row["reached"])) for row in flow]


def test_a_number_leads_to_the_calls_behind_it_and_a_call_to_its_legs(served: Served, pages: dict[str, Page]) -> None:
    page = pages["desk"]
    look(page, f"{served.address}/today?lang=en&{DAYS}")
    first = page.locator("#today_talks tbody tr").first
    count = first.locator("[data-k=conversations]").get_attribute("data-v")
    first.locator("[data-k=conversations] a").click()
    page.wait_for_url("**/manager?**")
    page.wait_for_selector("main[data-ready]")
    query = parse_qs(urlsplit(page.url).query)
    assert (query["of"], query["first"], query["last"]) == (["conversations"], ["2026-03-09"], ["2026-03-15"])
    assert str(page.locator("#manager_calls tbody tr").count()) == count
    legs = page.locator("#manager_calls tbody tr").first.locator("[data-k=legs]").get_attribute("data-v")
    page.locator("#manager_calls tbody tr").first.locator("a").first.click()
    page.wait_for_url("**call=**")
    page.wait_for_selector("main[data-ready]")
    assert str(page.locator("#manager_legs tbody tr").count()) == legs


def test_what_is_chosen_stands_in_the_address_and_filters(served: Served, pages: dict[str, Page]) -> None:
    page = pages["telephone"]
    look(page, f"{served.address}/today?lang=ru&{DAYS}")
    page.locator(".filters > summary").click()
    page.locator("form details:has(input[name=manager]) summary").click()
    page.locator("input[name=manager][value=m05]").check()
    page.locator("select[name=conversation_s]").select_option("60")
    page.locator("form button").click()
    page.wait_for_url("**manager=m05**")
    page.wait_for_selector("main[data-ready]")
    query = parse_qs(urlsplit(page.url).query)
    assert query["conversation_s"] == ["60"]
    assert "team" not in query
    assert page.locator("#today_talks tbody tr").count() == 1
    assert "60" in page.locator("#today_talks h2").inner_text()
    page.locator(".filters > summary").click()
    page.locator("select[name=period]").select_option("month")
    page.wait_for_url("**period=month**")
    assert "first" not in parse_qs(urlsplit(page.url).query)
    assert page.locator("input[name=manager][value=m05]").is_checked()


def test_a_period_survives_a_change_of_board_and_of_language(served: Served, pages: dict[str, Page]) -> None:
    page = pages["desk"]
    look(page, f"{served.address}/today?lang=ru")
    page.locator("select[name=period]").select_option("last_month")
    page.wait_for_url("**period=last_month**")
    for click, board, language in (
        ("nav a:has-text('Воронка')", "funnel", "ru"),
        ("nav a.language", "funnel", "en"),
        ("nav a:has-text('Today')", "today", "en"),
    ):
        page.locator(click).click()
        page.wait_for_url(f"**/{board}?**lang={language}**")
        page.wait_for_selector("main[data-ready]")
        assert parse_qs(urlsplit(page.url).query)["period"] == ["last_month"]
        assert page.locator("select[name=period]").input_value() == "last_month"
    assert "Compared with" in page.inner_text(".asof")


def test_a_heading_sorts_its_table_and_turns_it_round_and_back(served: Served, pages: dict[str, Page]) -> None:
    page = pages["desk"]
    look(page, f"{served.address}/today?lang=en&{DAYS}")

    def shown() -> list[int]:
        return [int(row["calls_to_potential"]) for row in values(page, "today_people")]

    own = shown()
    head = page.locator("#today_people th").filter(has_text=re.compile("^A$"))
    for wanted, order in ((sorted(own, reverse=True), "descending"), (sorted(own), "ascending"), (own, "none")):
        head.locator("button").click()
        assert (shown(), head.get_attribute("aria-sort")) == (wanted, order)
    name = page.locator("#today_people th").first
    name.locator("button").click()
    people = page.locator("#today_people tbody td:first-child").all_inner_texts()
    assert people == sorted(people, key=str.casefold)
    assert own != sorted(own, reverse=True), "else nothing was shown by it"


def test_on_a_telephone_the_form_is_folded_and_the_first_number_is_seen(
    served: Served, pages: dict[str, Page], tmp_path: Path
) -> None:
    page = pages["telephone"]
    look(page, f"{served.address}/today?lang=ru&{DAYS}")
    picture(page, tmp_path / "first.png")
    assert not page.locator("form button").is_visible()
    box = page.locator("#today_month [data-k]").first.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < SIZES["telephone"][1]
    page.locator(".filters > summary").click()
    assert page.locator("form button").is_visible()


def test_the_unfinished_day_is_drawn_apart(served: Served, pages: dict[str, Page]) -> None:
    page = pages["desk"]
    look(page, f"{served.address}/warning?lang=en&now=last")
    looks = page.evaluate(
        """() => document.querySelector("#warning_novelty .chart").data
            .map(one => [one.name, one.x[one.y.findLastIndex(y => y !== null)], one.marker.pattern.shape])"""
    )
    (unfinished,) = [one for one in looks if one[0] == "Repeats (period not over)"]
    assert unfinished[1:] == ["2026-06-08 00:00:00", "/"], "the week of the last call"
    assert {day for name, day, _ in looks if "not over" not in name.lower()} == {"2026-06-01 00:00:00"}


def test_without_the_key_there_is_nothing_but_how_to_come_in(served: Served, chromium: Browser) -> None:
    context = chromium.new_context(locale="ru-RU")
    page = context.new_page()
    try:
        for address in (f"{served.address}/today", f"{served.address}/?token=wrong"):
            answer = page.goto(address)
            assert answer is not None
            assert answer.status == 401
            assert "callfunnel up" in page.inner_text("body")
            assert page.locator(".panel").count() == 0
        page.goto(f"{served.address}/?token={TOKEN}")
        assert TOKEN not in page.url
        assert page.evaluate("document.cookie") == "", "no script reads the key"
        assert page.locator(".panel").count() > 0
    finally:
        context.close()


def test_it_refreshes_by_itself_and_says_when_it_cannot(served: Served, chromium: Browser) -> None:
    """The clock of the page is the test's: nobody waits a minute."""
    context = chromium.new_context(locale="en-GB")
    page = context.new_page()
    try:
        page.clock.install(time=0)
        page.clock.pause_at(1000)  # else it goes on by itself, and a busy machine takes its minute
        page.goto(f"{served.address}/?token={TOKEN}")
        page.wait_for_selector("main[data-ready='1']")
        page.clock.run_for(58_000)
        assert page.locator("main").get_attribute("data-ready") == "1"
        page.clock.run_for(5_000)
        page.wait_for_selector("main[data-ready='2']")
        shown = page.inner_text("#today_numbers .body")
        page.route("**/panel/**", lambda route: route.abort())
        page.clock.run_for(61_000)
        page.wait_for_selector("main[data-ready='3']")
        assert "no connection" in page.inner_text("#refreshed")
        assert page.locator("#today_numbers .body.old").inner_text() == shown, "pale, and still there"
        page.unroute("**/panel/**")
        page.clock.run_for(61_000)
        page.wait_for_selector("main[data-ready='4']")
        assert page.locator(".old").count() == 0
    finally:
        context.close()


def test_its_process_says_nothing_of_the_key(served: Served) -> None:
    assert not re.search(TOKEN, served.process.log.read_text(encoding="utf-8"))
