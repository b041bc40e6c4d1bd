"""Listeners of a stack: started, started again with a pause that fits why they ended, stopped with the stack."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pipeline.embedded.listeners import Listeners


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_listener_that_dies_starts_again_soon_and_one_that_is_refused_much_later(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    now = [0.0]
    mark = tmp_path / "pid"
    scripts = {
        "killed": f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(600)",
        "refused": "import sys; print('callfunnel: B24 is not set'); sys.exit(2)",
    }
    listeners = Listeners(
        scripts,
        tmp_path,
        os.environ,
        command=lambda name, _: [sys.executable, "-c", scripts[name]],
        monotonic=lambda: now[0],
    )
    listeners.start()
    try:
        news: list[str] = []

        def has_news() -> bool:
            news.extend(listeners.tick())
            return bool(news)

        until(has_news)
        assert news[0].startswith("listen api refused stopped: B24 is not set; it is started again in 900 s")
        until(lambda: mark.exists() and mark.read_text())
        news.clear()
        os.kill(int(mark.read_text()), signal.SIGKILL)
        until(has_news)
        assert news[0].startswith("listen api killed stopped: ")
        assert "started again in 5 s" in news[0]
        mark.unlink()
        now[0] = 6.0
        assert listeners.tick() == []
        until(lambda: mark.exists() and mark.read_text())
    finally:
        listeners.stop()
    with_pid = int(mark.read_text())
    assert not Path(f"/proc/{with_pid}").exists()
