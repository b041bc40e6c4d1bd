"""What needs somebody now, in a browser: acknowledged, snoozed and taken back, by whoever may."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from pipeline.audit import lines
from pipeline.embedded.part import StackPart
from pipeline.embedded.ports import free_port, listens
from pipeline.warnings.kept import WarningReader, WarningWriter
from pipeline.warnings.notices import latest_marks
from schemas.warnings import Incident, MarkKind, WarningWatch
from tests.browser.chromium import picture
from tests.conftest import STARTS_S
from tests.pipeline.property.tables import Database
from tests.serving.board.conftest import scrolls_sideways, watched
from tests.warnings.worlds import incident

pytestmark = pytest.mark.stack
TOKEN = "a-token-of-the-test"
_TESTS = count()


class Shown:
    """A page of a store in which Anna's drop and Ivan's silence stand."""

    def __init__(self, database: Database, page: Page, address: str, audit: Path) -> None:
        self.database, self.page, self.address, self.audit = database, page, address, audit
        now = datetime.now(UTC).replace(microsecond=0)
        writer = WarningWriter(database.store)
        self.known: list[Incident] = [
            incident(incident_id="a1b2c3d4e5", since=now - timedelta(minutes=40), last_at=now, changed_at=now),
            incident("manager_silent", "ivan", incident_id="b1b2c3d4e5", since=now, last_at=now, changed_at=now),
        ]
        writer.keep_incidents(self.known)
        writer.keep_watch(WarningWatch(watched_at=now, as_of=now))

    def open(self, address: str = "") -> None:
        # A stage that is nobody's: what was remembered for another test is not shown.
        self.page.goto(f"{address or self.address}/?token={TOKEN}&lang=ru&stage=test{next(_TESTS)}")
        self.page.wait_for_selector("main[data-ready]")

    def mark_of(self, incident_id: str) -> tuple[MarkKind, str, str]:
        found = latest_marks(WarningReader(self.database.numbers).marks(self.known))[incident_id]
        return found.kind, found.by, found.note


@pytest.fixture(scope="module")
def database(store_dsn: str) -> Database:
    return Database(store_dsn)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("incidents")


def board(folder: Path, store_dsn: str, *options: str) -> tuple[StackPart, str]:
    """A page of its own; its address."""
    port = free_port(0, "--port")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CALLFUNNEL_")}
    config = folder / "callfunnel.toml"
    config.write_text('time_zone = "Europe/Moscow"\n', encoding="utf-8")
    env = {"CALLFUNNEL_CLICKHOUSE": store_dsn, "CALLFUNNEL_KAFKA": "127.0.0.1:9", "CALLFUNNEL_CONFIG": str(config)}
    env |= {"CALLFUNNEL_AUDIT": str(folder / "audit.log"), "CALLFUNNEL_BOARD_TOKEN": TOKEN}
    part = StackPart(
        f"board{port}",
        [sys.executable, "-m", "pipeline.cli", "board", "--port", str(port), *options],
        logs=folder,
        env={**clean, **env},
        ready=lambda: listens(port),
    )
    part.start()
    part.wait_ready(STARTS_S)
    return part, f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def address(folder: Path, store_dsn: str) -> Iterator[str]:
    part, address = board(folder, store_dsn)
    try:
        yield address
    finally:
        part.stop(15)


@pytest.fixture(params=[(1366, 768), (390, 844)], ids=["desk", "telephone"])
def shown(
    database: Database, chromium: Browser, address: str, folder: Path, request: pytest.FixtureRequest
) -> Iterator[Shown]:
    database.empty()
    width, height = request.param
    context = chromium.new_context(viewport={"width": width, "height": height}, locale="ru-RU")
    try:
        yield Shown(database, context.new_page(), address, folder / "audit.log")
    finally:
        context.close()


def test_it_is_acknowledged_snoozed_and_taken_back(shown: Shown, tmp_path: Path) -> None:
    page = shown.page
    wrong = watched(page)
    shown.open()
    waiting, folded = page.locator(".incidents > ul > .incident"), page.locator(".incidents .rest .incident")
    assert waiting.count() == 2
    picture(page, tmp_path / "waiting.png")
    page.locator("[name=by]").fill("Вера")
    anna, ivan = (waiting.filter(has_text=name) for name in ("Анна Петрова", "Иван Сидоров"))
    anna.locator("> .acts > button").click()
    folded.first.wait_for(state="attached")
    assert shown.mark_of("a1b2c3d4e5") == (MarkKind.ACK, "Вера", "")
    assert page.locator("[name=by]").input_value() == "Вера", "it is remembered"

    ivan.locator("summary").click()
    ivan.locator("textarea").fill("в пробке, +7 916 123-45-67")
    ivan.locator("[data-snooze=day]").click()
    page.locator(".incidents .problem:visible").wait_for()
    assert "выберите день" in page.inner_text(".incidents .problem:visible")
    assert ivan.locator("textarea").input_value().startswith("в пробке"), "what was written stays"
    picture(page, tmp_path / "open.png")
    ivan.locator("[data-snooze=hour]").click()
    folded.nth(1).wait_for(state="attached")
    assert shown.mark_of("b1b2c3d4e5") == (MarkKind.SNOOZE, "Вера", "в пробке, ***67")
    assert "уже кто-то занимается" in page.inner_text(".incidents .calm")

    page.locator(".incidents .rest summary").click()
    said = folded.all_inner_texts()
    assert any("Принято: Вера, " in text for text in said)
    assert any("Отложено до " in text and "заметка: в пробке, ***67" in text for text in said)
    picture(page, tmp_path / "folded.png")
    folded.filter(has_text="Анна").locator("button").click()
    waiting.first.wait_for()
    assert shown.mark_of("a1b2c3d4e5")[0] is MarkKind.WAKE
    assert scrolls_sideways(page) == []
    assert [one for one in wrong if "400" not in one] == [], "the refused day is the only thing that was wrong"
    marks = [line for line in lines(shown.audit) if line.action == "mark"][-3:]
    assert [(line.who, line.about["kind"], line.about["by"]) for line in marks] == [
        ("127.0.0.1", kind, "Вера") for kind in ("ack", "snooze", "wake")
    ]


def test_somebody_who_writes_is_not_disturbed_by_what_is_new(shown: Shown) -> None:
    page = shown.page
    shown.open()
    ivan = page.locator(".incident").filter(has_text="Иван")
    ivan.locator("summary").click()
    ivan.locator("textarea").fill("пишу")
    now = datetime.now(UTC)
    WarningWriter(shown.database.store).keep_incidents([incident("drift", incident_id="c1b2c3d4e5", changed_at=now)])
    with page.expect_response("**/panel/today/today_attention**"):
        page.locator(".incident").filter(has_text="Анна").locator("> .acts > button").click()
    assert ivan.locator("textarea").input_value() == "пишу"


def test_a_warning_that_ended_meanwhile_says_so(shown: Shown) -> None:
    shown.open()
    over = [incident(incident_id="a1b2c3d4e5", state="resolved", changed_at=datetime.now(UTC))]
    WarningWriter(shown.database.store).keep_incidents(over)
    shown.page.locator(".incident").filter(has_text="Анна").locator("> .acts > button").click()
    shown.page.locator(".incidents .problem:visible").wait_for()
    assert "Это предупреждение уже закончилось" in shown.page.inner_text(".incidents .problem:visible")


def test_a_screen_on_a_wall_only_shows(shown: Shown, folder: Path, store_dsn: str) -> None:
    part, address = board(folder, store_dsn, "--read-only")
    try:
        shown.open(address)
        assert shown.page.locator(".incident").count() == 2
        assert shown.page.locator(".incident button").count() == 0
        status = shown.page.evaluate(
            """() => fetch("/warnings/a1b2c3d4e5", {method: "POST", headers: {"X-Callfunnel": "page"},
                body: '{"kind":"ack"}'}).then(answer => answer.status)"""
        )
        assert status == 403
        assert WarningReader(shown.database.numbers).marks(shown.known) == []
    finally:
        part.stop(15)
