"""A worker's life: check the tables and topics, run the Faust application, and end when it stalls."""

from __future__ import annotations

import gc
import logging
from pathlib import Path

from pipeline.admin import ensure_topics
from pipeline.app import make_app, make_steps
from pipeline.endpoints import Endpoints
from pipeline.migrate import pending
from pipeline.settings import read_settings
from pipeline.store import Store, connect
from schemas.trouble import Terminal

log = logging.getLogger("callfunnel.worker")


def work(endpoints: Endpoints, datadir: Path, ready_file: Path | None, log_level: str) -> None:
    """Work until SIGTERM or SIGINT. Raises Terminal when tables are missing or old."""
    settings = read_settings()
    client = connect(endpoints.clickhouse)
    if todo := pending(client):
        raise Terminal(f"the database lacks {todo[0].name}: run `callfunnel migrate`")
    ensure_topics(endpoints.kafka, endpoints.prefix)
    app = make_app(endpoints.kafka, make_steps(Store(client), settings), datadir=str(datadir), prefix=endpoints.prefix)

    @app.on_rebalance_complete.connect  # type: ignore[untyped-decorator]
    async def ready(*_: object, **__: object) -> None:
        if ready_file is not None:
            ready_file.touch()

    _spare_the_collector()
    _run(app, log_level)


def _spare_the_collector() -> None:
    """Collect seldom: a chunk makes a hundred thousand values and no cycles, and walking them costs a fifth of the CPU."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def _run(app: object, log_level: str) -> None:
    import faust

    worker = faust.Worker(app, loglevel=log_level, blocking_timeout=30.0, redirect_stdouts=False)
    worker.execute_from_commandline()
