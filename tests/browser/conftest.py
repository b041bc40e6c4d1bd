"""A browser for the tests of pages, and a running listener on an embedded stack."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import Missing, chromium
from tests.conftest import required
from tests.stack.conftest import embedded, embedded_broker

__all__ = ["embedded", "embedded_broker"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium. Skips where there is none; fails there in CI."""
    try:
        with chromium() as one:
            yield one
    except Missing as missing:
        if required("REQUIRE_BROWSER"):
            pytest.fail(f"a browser is required here: {missing}")
        pytest.skip(f"a browser: {missing}")
