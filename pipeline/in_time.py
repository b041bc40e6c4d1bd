"""Questions that are asked at the same time, each in a thread, and waited for no longer than so long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class InTime(Generic[T]):
    """Begun at once. A question that hangs does not keep the process from ending."""

    def __init__(self, questions: Mapping[str, Callable[[], T]], within_s: float) -> None:
        self._until = time.monotonic() + within_s
        self._answers = {name: _begun(name, question) for name, question in questions.items()}

    def answer(self, name: str) -> T:
        """Waits for it. Raises TimeoutError when there is none in time, and whatever the question raised."""
        return self._answers[name].result(max(0.0, self._until - time.monotonic()))


def _begun(name: str, question: Callable[[], T]) -> Future[T]:
    answer: Future[T] = Future()

    def ask() -> None:
        try:
            result = question()
        except BaseException as error:
            answer.set_exception(error)
        else:
            answer.set_result(result)

    # Not an executor's thread: those are waited for when the interpreter ends.
    threading.Thread(target=ask, name=f"ask {name}", daemon=True).start()
    return answer
