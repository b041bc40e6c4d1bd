"""A browser for the tests of pages, and a running listener on an embedded stack."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.stack.conftest import embedded, embedded_broker

__all__ = ["embedded", "embedded_broker"]


@pytest.fixture(scope="module")
def browser(chromium: Browser) -> Browser:
    """Headless Chromium. Skips where there is none; fails there in CI."""
    return chromium
