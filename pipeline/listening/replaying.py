"""While a stack runs: what listeners acknowledged that are gone is sent."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors.live.replay import Replay
from pipeline.endpoints import Running, journals_folder
from pipeline.loading.follower import Follower


@contextmanager
def replaying(running: Running, say: Callable[[str], None]) -> Iterator[None]:
    """Meanwhile what listeners acknowledged that are gone is sent, and its journals are removed."""
    logger = logging.getLogger("callfunnel.listen")
    handler = _Saying(say)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    stopping = threading.Event()
    replay = Replay(journals_folder(Path(running.data)), lambda: Follower(lambda: running.endpoints), stopping)
    thread = threading.Thread(target=replay.run, name="replay", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(30)
        logger.removeHandler(handler)


class _Saying(logging.Handler):
    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.INFO)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        self._say(record.getMessage())
