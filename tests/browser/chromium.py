"""A headless Chromium, where there is one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Error, Page, TimeoutError, expect, sync_playwright

PATIENCE_MS = 90_000
"""For a page to show something, or to let itself be clicked: a machine that also runs other tests takes its time."""
expect.set_options(timeout=PATIENCE_MS)


class Missing(Exception):
    """Why there is no browser here."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Raises Missing."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        raise Missing("no chromium on the PATH")
    with sync_playwright() as playwright:
        try:
            arguments = ["--no-sandbox", "--disable-gpu"]
            browser = playwright.chromium.launch(executable_path=path, args=arguments, timeout=PATIENCE_MS)
        except Error as error:
            raise Missing(f"{path} does not start: {error.message.splitlines()[0]}") from None
        browser.on("context", lambda context: context.set_default_timeout(PATIENCE_MS))
        try:
            yield browser
        finally:
            browser.close()


def complaints(page: Page) -> list[str]:
    """What the page's console says of errors and warnings from now on."""
    found: list[str] = []
    page.on("console", lambda said: found.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def picture(page: Page, path: Path, *, full_page: bool = False) -> None:
    """Keep what the page looks like, for people. No test depends on it: a compositor that is too busy leaves none."""
    for _ in range(3):
        try:
            page.screenshot(path=path, full_page=full_page, timeout=20_000)
            return
        except TimeoutError:
            continue
        except Error as error:
            if "Unable to capture screenshot" not in error.message:
                raise
    print(f"{path.name}: Chromium was too busy for a picture")
