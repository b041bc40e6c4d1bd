"""The store's look at itself: broken parts before it serves, and the ledger of what came while it served."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from pipeline.embedded.engine import LIMITS, Engine, EngineError
from pipeline.parts.block_ledger import LiveLedger
from pipeline.parts.losses import SETTLE, describe_losses, find_losses
from pipeline.store import AS_WIRE, FROM_WIRE
from schemas.errors import CallfunnelError, Transient

T = TypeVar("T")

_EACH_S = 60.0


class EngineStore:
    """Rows in and out of the engine of this process. Raises Transient."""

    def __init__(self, engine: Engine) -> None:
        # A handle of its own: what is asked here waits for nobody, and takes nobody's turn.
        self._handle = engine.open(LIMITS["callfunnel"])
        self._one_at_a_time = threading.Lock()

    def rows(self, decoder: msgspec.json.Decoder[T], sql: str) -> list[T]:
        try:
            with self._one_at_a_time:
                answer = self._handle.query(sql, "JSONEachRow", {}, _texts(AS_WIRE))
        except EngineError as error:
            raise Transient(f"store: {error}") from None
        return decoder.decode_lines(answer)

    def keep(self, table: str, lines: Sequence[bytes]) -> None:
        if not lines:
            return
        try:
            with self._one_at_a_time:
                self._handle.insert(f"INSERT INTO {table}", "JSONEachRow", b"\n".join(lines), _texts(FROM_WIRE))
        except EngineError as error:
            raise Transient(f"store: {error}") from None


def _texts(settings: dict[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in settings.items()}


class StoreLedger:
    """Use as a context around serving. What is broken is written down before anything else can be written."""

    def __init__(self, engine: Engine) -> None:
        self._store = EngineStore(engine)
        self._daily = LiveLedger(self._store)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="ledger", daemon=True)

    def __enter__(self) -> StoreLedger:
        if losses := find_losses(self._store):
            logging.error(
                "store: parts are broken or missing; %s when they are mended\n%s", SETTLE, describe_losses(losses)
            )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _keep(self) -> None:
        """The body of a thread: now and then, and once more at the end."""
        while not self._over.wait(_EACH_S):
            self._enter()
        self._enter()

    def _enter(self) -> None:
        try:
            self._daily.enter()
        except CallfunnelError as error:
            logging.warning("store: %s; what came is entered next time", error)
