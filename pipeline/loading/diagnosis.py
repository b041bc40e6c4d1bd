"""What a load waits for when nothing moves: what was seen of the stack, and what that means. Pure."""

from __future__ import annotations

import msgspec

_LEAST_FREE = 100 << 20
"""Bytes. The store merges parts, so that it refuses inserts before the last byte is taken."""


class StackState(msgspec.Struct, frozen=True, kw_only=True):
    """A stack at one moment. None: it could not be seen, or there is no such thing (servers of one's own)."""

    kafka: str
    data: str = ""
    """The data folder of the embedded stack, "" for servers."""
    broker_answers: bool = True
    store: str = ""
    """What keeps the store from answering a query, in words; "" when it answers."""
    refusal: str = ""
    """Why the store has refused inserts a moment ago, "" when it has not."""
    members: int | None = None
    """Workers that take part."""
    supervisor_pid: int = 0
    states: dict[str, str] = {}
    """What supervisor, broker, store and workers are doing: running, sleeping, stopped, gone ..."""
    free_bytes: int | None = None
    disk: str = ""
    """What keeps the disk of the data folder from answering, in words."""


def diagnose(seen: StackState) -> str:
    """What is waited for and what to do, in a line; "" when nothing is wrong with what was seen. The cause before what
    follows from it: a full disk makes a store refuse, and a store that hangs makes workers wait.
    """
    embedded = bool(seen.data)
    if seen.disk:
        return f"the disk of {seen.data} does not answer ({seen.disk}): look at this disk or mount"
    if seen.free_bytes is not None and seen.free_bytes < _LEAST_FREE:
        free = f"{seen.free_bytes / 1e6:,.0f} MB free"
        return f"the disk of {seen.data} is full ({free}): make room, and it goes on by itself"
    unwell = _unwell_process(seen)
    if unwell:
        return unwell
    if not seen.broker_answers:
        todo = _REPLACED if embedded else f"start it, or check CALLFUNNEL_KAFKA ({seen.kafka})"
        return f"the broker does not answer, so it hangs or is very busy: {todo}"
    if seen.store:
        todo = _REPLACED if embedded else "start it, or check CALLFUNNEL_CLICKHOUSE"
        return f"the store does not answer ({seen.store}), so it hangs or is very busy: {todo}"
    if seen.refusal:
        return f"the store refuses inserts ({seen.refusal}): mend that, and it goes on by itself"
    if seen.members == 0:
        todo = (
            "`up` is starting one; if it stays so, see logs/worker-1.log" if embedded else "start `callfunnel worker`"
        )
        return f"no worker is running: {todo}"
    return ""


_REPLACED = "`callfunnel up` replaces what hangs within a minute"


def _unwell_process(seen: StackState) -> str:
    """Of the embedded stack: a process that is stopped or gone."""
    supervisor = seen.states.get("supervisor", "")
    for name, state in seen.states.items():
        if name == "supervisor" or state not in ("stopped", "gone", "dead"):
            continue
        if supervisor == "stopped":
            todo = f"`callfunnel up` is stopped too, and cannot replace it: `kill -CONT {seen.supervisor_pid}`"
            return f"{name} is {state}, and {todo}"
        return f"{name} is {state}: {_REPLACED}"
    if supervisor == "stopped" and (seen.store or not seen.broker_answers or not seen.members):
        return f"`callfunnel up` is stopped, and replaces nothing: `kill -CONT {seen.supervisor_pid}`"
    return ""
