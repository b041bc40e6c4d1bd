"""The upload page and somebody who does not wait for its answers. No stack: nothing is loaded here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.chromium import complaints
from tests.connectors.http.listener import TOKEN
from tests.connectors.rows import many
from tests.serving.upload.test_routes import Site, site


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("site") / "uploads") as there:
        yield there


@pytest.fixture
def page(chromium: Browser, there: Site) -> Iterator[Page]:
    """Logged in."""
    page = chromium.new_page(locale="en-GB")
    page.goto(there.listener.address)
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#drop")).to_be_visible()
    yield page
    page.close()


def export(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text("".join(many(3)), encoding="utf-8")
    return path


def test_second_file_takes_the_place_of_one_that_is_on_its_way(page: Page, tmp_path: Path) -> None:
    held: list[Route] = []
    page.route("**/upload?name=first.csv", lambda route: held.append(route))
    with page.expect_request("**/upload?name=first.csv"):
        page.locator("#file").set_input_files(export(tmp_path, "first.csv"))
    with page.expect_event("requestfailed", lambda request: "first.csv" in request.url):
        page.locator("#file").set_input_files(export(tmp_path, "second.csv"))
    expect(page.locator("#name")).to_have_text("second.csv")
    expect(page.locator("#receiving")).to_be_hidden()
    expect(page.locator("#trouble")).to_be_hidden()
    held[0].abort()


def test_second_file_that_is_too_large_ends_the_first_one_too(page: Page, tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    large.write_bytes(b"x" * ((1 << 20) + 1))
    held: list[Route] = []
    page.route("**/upload?name=first.csv", lambda route: held.append(route))
    with page.expect_request("**/upload?name=first.csv"):
        page.locator("#file").set_input_files(export(tmp_path, "first.csv"))
    page.locator("#file").set_input_files(large)
    expect(page.locator("#trouble")).to_contain_text("1 MB")
    expect(page.locator("#receiving")).to_be_hidden()
    held[0].abort()


def test_answer_about_a_file_that_was_put_away_is_not_shown(page: Page, tmp_path: Path) -> None:
    found = complaints(page)
    held: list[Route] = []
    page.route("**/look", lambda route: held.append(route))
    with page.expect_request("**/look"):
        page.locator("#file").set_input_files(export(tmp_path, "first.csv"))
    with page.expect_response(lambda response: response.request.method == "DELETE"):
        page.locator("#seen .again").click()
    with page.expect_response("**/look") as answer:
        held[0].continue_()
    assert answer.value.status == 404
    page.unroute("**/look")
    assert page.evaluate("fetch('/upload/options').then(answer => answer.status)") == 200, "a turn later"
    expect(page.locator("#trouble")).to_be_hidden()
    page.locator("#file").set_input_files(export(tmp_path, "second.csv"))
    expect(page.locator("#name")).to_have_text("second.csv")
    expect(page.locator("#failed li").last).to_contain_text("does not say its time zone")
    assert all("404" in one for one in found)
