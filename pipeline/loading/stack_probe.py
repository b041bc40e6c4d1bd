"""Probes the stack of a load that does not move. Every question has a time limit."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from pipeline.embedded.health_checks import any_broker_answers
from pipeline.embedded.part import process_state
from pipeline.endpoints import Endpoints, read_running
from pipeline.folder_state import folder_state
from pipeline.in_time import InTime
from pipeline.loading.diagnosis import StackState
from pipeline.store import Store, connect
from pipeline.transport import Transport
from schemas.errors import CallfunnelError

_WITHIN_S = 5.0
_ANSWERS_S = 3.0

_REFUSALS = """
SELECT concat(name, ': ', substring(last_error_message, 1, 200)) AS message FROM system.errors
WHERE last_error_time > now() - 20 AND name IN
    ('NOT_ENOUGH_SPACE', 'CANNOT_WRITE_TO_FILE_DESCRIPTOR', 'CANNOT_OPEN_FILE', 'CANNOT_CREATE_DIRECTORY',
     'TOO_MANY_PARTS', 'TABLE_IS_READ_ONLY', 'QUOTA_EXCEEDED', 'MEMORY_LIMIT_EXCEEDED')
ORDER BY last_error_time DESC LIMIT 1
"""
"""The messages of ClickHouse about inserts that it refused a moment ago, and will again until something is done."""


class _Refusal(msgspec.Struct, frozen=True):
    message: str


Facts = dict[str, Any]
"""Fields of Seen."""


def probe(endpoints: Endpoints) -> StackState:
    """The stack now. Takes some seconds at most; never raises."""
    questions: dict[str, Callable[[], Facts]] = {
        "broker": lambda: _broker(endpoints),
        "store": lambda: _store(endpoints),
    }
    late: dict[str, Facts] = {
        "broker": {"broker_answers": False},
        "store": {"store": f"no answer within {_WITHIN_S:.0f} s"},
    }
    if endpoints.data:
        questions["disk"] = lambda: _disk(Path(endpoints.data))
        questions["processes"] = lambda: _processes(Path(endpoints.data))
    answers = InTime(questions, _WITHIN_S)
    seen: Facts = {}
    for name in questions:
        try:
            seen |= answers.answer(name)
        except TimeoutError:
            seen |= late.get(name, {})
    return StackState(kafka=endpoints.kafka, data=endpoints.data, **seen)


def _broker(endpoints: Endpoints) -> Facts:
    if not any_broker_answers(endpoints.kafka, _ANSWERS_S):
        return {"broker_answers": False}
    try:
        with closing(Transport(endpoints)) as transport:
            return {"members": transport.members()}
    except CallfunnelError:
        return {}


def _store(endpoints: Endpoints) -> Facts:
    try:
        store = Store(connect(endpoints.clickhouse, first_answer_s=_ANSWERS_S))
    except CallfunnelError as error:
        return {"store": str(error).removeprefix("clickhouse: ")}
    try:
        found = store.rows(msgspec.json.Decoder(_Refusal), _REFUSALS)
    except CallfunnelError:
        return {}  # a user who may not see the errors of the server
    return {"refusal": found[0].message} if found else {}


def _disk(data: Path) -> Facts:
    state = folder_state(data, _ANSWERS_S)
    return {"disk": state.error, "free_bytes": None if state.error else state.free_bytes}


def _processes(data: Path) -> Facts:
    running = read_running(data)
    if running is None:
        return {}
    parts = {name: process_state(pid) for name, pid in running.parts.items() if name != "board"}
    return {"supervisor_pid": running.pid, "states": {"supervisor": process_state(running.pid), **parts}}
