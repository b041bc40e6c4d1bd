"""The report as PDF: the HTML file, printed by a browser of the Chromium family that is installed.

Its charts are drawn by Plotly in the page: programs that make PDF of HTML without running scripts leave them out, and
drawing them a second time would be a second report.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from schemas.errors import Terminal

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "brave-browser")
_OPTIONS = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions", "--no-pdf-header-footer",
)  # fmt: skip
_SHEET = "1047,740"
"""Pixels of A4 across without its margins (report.css)."""
_DRAWN_WITHIN_MS = 20_000
"""Of the page's own time, which runs as fast as its scripts."""
_MOST_S = 180
ADVICE = "or print the HTML file from any browser"


def printed(html: bytes, env: Mapping[str, str] = os.environ) -> bytes:
    """The bytes of the .pdf file. Raises Terminal when no browser is there, or it makes none."""
    browser = _browser(env)
    with tempfile.TemporaryDirectory(prefix="callfunnel-report-") as name:
        folder = Path(name)
        page, paper = folder / "report.html", folder / "report.pdf"
        page.write_bytes(html)  # in a folder of its owner alone
        as_root = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses to run as root with one
        command = [
            *(browser, *_OPTIONS, *as_root, f"--user-data-dir={folder / 'profile'}", f"--window-size={_SHEET}"),
            *(f"--virtual-time-budget={_DRAWN_WITHIN_MS}", f"--print-to-pdf={paper}", f"{page.as_uri()}#paper"),
        ]
        try:
            done = subprocess.run(command, capture_output=True, timeout=_MOST_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Terminal(f"{browser} made no PDF ({type(error).__name__}): try another browser, {ADVICE}") from None
        content = paper.read_bytes() if paper.exists() else b""
    if not content.startswith(b"%PDF"):
        raise Terminal(f"{browser} made no PDF (exit code {done.returncode}): try another browser, {ADVICE}")
    return content


def _browser(env: Mapping[str, str]) -> str:
    if named := env.get("CALLFUNNEL_BROWSER"):
        if found := shutil.which(named, path=env.get("PATH")):
            return found
        raise Terminal(f"CALLFUNNEL_BROWSER: there is no program {named}")
    for name in _BROWSERS:
        if found := shutil.which(name, path=env.get("PATH")):
            return found
    raise Terminal(
        f"a PDF is printed by Chromium or Chrome, and neither is installed: install one, name it in CALLFUNNEL_BROWSER,"
        f" {ADVICE}"
    )
