"""The page as operations use it: a file dropped, looked at, loaded, its rejects read; in a browser, on the stack."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.chromium import complaints, picture
from tests.connectors.http.listener import TOKEN
from tests.connectors.rows import many
from tests.stack.deployment import Deployment
from tests.stack.test_listen_http import Http

pytestmark = pytest.mark.stack
SIZES = {"wide": (1366, 768), "narrow": (390, 844)}
GOOD, BAD = 60, 3


@pytest.fixture
def door(embedded: Deployment) -> Iterator[Http]:
    embedded.start()
    (embedded.folder / "callfunnel.toml").write_text('time_zone = "Europe/Moscow"\n[sources.office]\n', "utf-8")
    http_door = Http(embedded)
    try:
        yield http_door
    finally:
        log = http_door.end()
        assert http_door.process.returncode == 0, log
        assert "error of the program" not in log


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Sixty calls, and three rows that are none."""
    bad = [row.replace("2026-11-02 ", "2026-13-02 ") for row in many(BAD)]
    path = tmp_path / "Master.csv"
    path.write_text("".join([*many(GOOD), *bad]), encoding="utf-8")
    return path


def opened(browser: Browser, door: Http, size: str, locale: str) -> tuple[Page, list[str]]:
    """A page that is logged in, and what its console complains of."""
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height}, locale=locale)
    found = complaints(page)
    page.goto(door.address)
    page.get_by_label(re.compile("Token|Токен")).fill(TOKEN)
    page.get_by_role("button", name=re.compile("Log in|Войти")).click()
    expect(page.locator("#drop")).to_be_visible()
    return page, found


def fits(page: Page) -> bool:
    """Nothing but a table's own frame is scrolled sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


@pytest.mark.parametrize(("size", "locale"), [("wide", "en-GB"), ("narrow", "ru-RU")])
def test_file_is_looked_at_loaded_and_its_rejects_are_seen(
    browser: Browser, door: Http, embedded: Deployment, export: Path, tmp_path: Path, size: str, locale: str
) -> None:
    page, found = opened(browser, door, size, locale)
    picture(page, tmp_path / f"{size}-1-choose.png")
    assert fits(page)

    # No zone is said anywhere: the page says what to do, and loads nothing.
    page.locator("#file").set_input_files(export)
    expect(page.locator("#failed li").last).to_contain_text("does not say its time zone")
    expect(page.locator("#load")).to_be_disabled()
    picture(page, tmp_path / f"{size}-2-no-zone.png")
    page.locator("#source").fill("office")
    page.locator("#tz").fill("Europe/Moscow")
    page.locator("#tz").press("Tab")

    # What it is, and its first rows as they will be read.
    expect(page.locator(".words").first).to_contain_text("asterisk-csv")
    rows = page.locator("#tables tbody tr")
    expect(rows).to_have_count(8)
    expect(rows.first).to_contain_text("+74950000001")
    expect(rows.first).to_contain_text("09:01:00")
    expect(page.locator("#load")).to_be_enabled()
    assert fits(page)
    picture(page, tmp_path / f"{size}-3-seen.png", full_page=True)
    assert embedded.number("SELECT count() FROM call_legs FINAL") == 0

    page.locator("#load").click()
    expect(page.locator("#result")).to_be_visible(timeout=60_000)
    expect(page.locator("#outcome")).to_have_text(
        "Stored; some rows were rejected" if locale == "en-GB" else "Сохранено; часть строк отклонена"
    )
    numbers = page.locator(".numbers li")
    assert [int(text) for text in numbers.locator("strong").all_inner_texts()[:5]] == [GOOD + BAD, GOOD, GOOD, 0, BAD]
    rejects = page.locator("#results tbody tr")
    expect(rejects).to_have_count(BAD)
    expect(rejects.first).to_contain_text("bad time" if locale == "en-GB" else "время не читается")
    expect(rejects.first).to_contain_text("2026-13-02")
    assert fits(page)
    picture(page, tmp_path / f"{size}-4-result.png", full_page=True)
    # Stored means stored.
    assert embedded.number("SELECT count() FROM call_legs FINAL") == GOOD

    with page.expect_download() as download:
        page.locator("a.button").click()
    kept = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert len(kept) == BAD
    assert all("2026-13-02" in line for line in kept)

    # Nothing of it is left behind.
    uploads = embedded.folder / "listen" / "office.http.uploads"
    assert [path.parent.name for path in uploads.rglob("*.csv")] == ["rejects"]
    page.locator("#result .again").click()
    expect(page.locator("#choose")).to_be_visible()
    page.locator("#language").click()
    expect(page.locator("#logout")).to_have_text("Выйти" if locale == "en-GB" else "Log out")
    page.locator("#logout").click()
    expect(page.locator("#token")).to_be_visible()
    assert not list(uploads.iterdir())
    assert found == []
    page.close()


def test_table_of_people_is_told_from_the_file(
    browser: Browser, door: Http, embedded: Deployment, tmp_path: Path
) -> None:
    page, found = opened(browser, door, "wide", "ru-RU")
    table = tmp_path / "Менеджеры.csv"
    table.write_text("код;фио;внутренние\nm1;<b>Анна</b>;101\n", encoding="cp1251")
    page.locator("#file").set_input_files(table)
    expect(page.locator("#tables h3")).to_have_text("Менеджеры.csv: менеджеры")
    expect(page.locator("#tables tbody tr").first).to_contain_text("<b>Анна</b>")
    page.locator("#load").click()
    expect(page.locator("#outcome")).to_have_text("Сохранено в ClickHouse", timeout=60_000)
    assert embedded.number("SELECT count() FROM managers FINAL") == 1
    assert found == []
    page.close()


def test_file_chosen_before_the_page_knows_its_options_is_received(browser: Browser, door: Http, export: Path) -> None:
    page, found = opened(browser, door, "wide", "en-GB")
    held: list[Route] = []
    page.route("**/upload/options", lambda route: held.append(route))
    page.reload()
    page.locator("#file").set_input_files(export)
    expect(page.locator("#file")).to_have_value("")
    expect(page.locator("#seen")).to_be_hidden()
    for route in held:
        route.continue_()
    expect(page.locator("#name")).to_have_text("Master.csv")
    assert len(held) == 2, "asked as the page opened, and again for the file"
    assert found == []
    page.close()


def test_file_chosen_before_the_script_came_is_received(browser: Browser, door: Http, export: Path) -> None:
    page, found = opened(browser, door, "wide", "en-GB")
    held: list[Route] = []
    page.route("**/page/script.js", lambda route: held.append(route))
    with page.expect_request("**/page/script.js"):
        page.reload(wait_until="commit")
    page.locator("#file").set_input_files(export)
    held[0].continue_()
    expect(page.locator("#name")).to_have_text("Master.csv")
    assert found == []
    page.close()


def test_wrong_token_is_said(browser: Browser, door: Http, tmp_path: Path) -> None:
    page = browser.new_page(locale="en-GB")
    page.goto(door.address)
    page.get_by_label("Token").fill("not the token at all")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_have_text("This is not the token.")
    picture(page, tmp_path / "wrong.png")
    page.close()
