"""What no worker lets in: numbers that were forgotten, and records of days whose facts are not kept any more.

One filter around every step, so that no source can bypass it. Each chunk asks the store first how long the list is: a
chunk that begins after a number is on the list cannot bring it in.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import msgspec

from pipeline.agents.step import ChunkOutcome, Frame, Outgoing, Step, outgoing_reject
from pipeline.clock import Clock, as_datetime, wall_clock
from pipeline.privacy.key import digest, key_id, read_key
from pipeline.privacy.numbers import replace
from pipeline.store import Store
from schemas.errors import Terminal
from schemas.records import Reason, Rejected
from schemas.topics import ACTIVITIES, CALL_LEGS, MANAGERS, PROPOSALS, Topic

log = logging.getLogger("callfunnel.worker")

REFUSED_FROM = (
    "SELECT count() AS forgotten,"
    " toInt64((SELECT max(toUnixTimestamp64Milli(first)) FROM retained_from FINAL)) AS refused_ms,"
    " toInt64((SELECT max(toUnixTimestamp64Milli(first)) FROM retained_from FINAL WHERE is_done)) AS gone_ms"
    " FROM forgotten"
)
MARGIN_MS = 86_400_000
"""A call may have begun a day before its leg: a leg is refused when its call's other legs may be gone."""
_IDENTITIES = frozenset(
    {"v", "source", "call_id", "record_id", "activity_id", "rejected_id", "organisation_id", "manager_id"}
    | {"proposal_id", "import_id", "cause", "door", "session", "topic", "copies_of"}
    | {"at", "started_at", "answered_at", "ended_at", "changed_at", "sent_at", "valid_from", "valid_to"}
    | {"heartbeat_at", "seen_at", "last_event_at", "month", "day", "first", "last"}
)
"""Fields of text that are not looked into: what identifies a record never changes, and a day is not a number."""
_LARGEST_MEMORY = 500_000


class _State(msgspec.Struct, frozen=True):
    forgotten: int = 0
    refused_ms: int = 0
    gone_ms: int = 0


class _Entry(msgspec.Struct):
    kind: str
    digest: str
    token: str
    key_id: str


class ForgottenList:
    """The list as one worker knows it; read again when it has grown. Not shared between threads."""

    def __init__(self, store: Store, key: Path | None) -> None:
        self._store = store
        self._key_file = key
        self._states = msgspec.json.Decoder(_State)
        self._entries = msgspec.json.Decoder(_Entry)
        self._key = b""
        self._tokens: dict[str, str] = {}
        self._known: dict[str, str | None] = {}
        self.state = _State()

    def refresh(self) -> None:
        """Have the list as it is now. Raises Terminal when the key to it is not here."""
        state = self._store.rows(self._states, REFUSED_FROM)[0]
        if state.forgotten != self.state.forgotten:
            self._tokens = self._read() if state.forgotten else {}
            self._known.clear()
        self.state = state

    def _read(self) -> dict[str, str]:
        entries = self._store.rows(self._entries, "SELECT kind, digest, token, key_id FROM forgotten")
        key = read_key(self._key_file)
        ours = key_id(key) if key else ""
        if others := {entry.key_id for entry in entries} - {ours}:
            where = f"it is not {self._key_file}" if key else f"there is none at {self._key_file or 'a known place'}"
            raise Terminal(
                f"numbers were forgotten with the key {min(others)}, and {where}: copy the key to every worker and name"
                " it in CALLFUNNEL_PRIVACY_KEY, or run `callfunnel forget --destroy-key` to let such numbers in again"
            )
        self._key = key or b""
        return {entry.digest: entry.token for entry in entries}

    @property
    def is_empty(self) -> bool:
        return not self._tokens

    def token_of(self, digits: str) -> str | None:
        """What stands for a number, None when it was not forgotten."""
        known = self._known.get(digits, "")
        if known != "":
            return known
        if len(self._known) > _LARGEST_MEMORY:
            self._known.clear()
        found = self._known[digits] = self._tokens.get(digest(self._key, "phone", digits))
        return found

    def cleaned(self, text: str) -> str:
        """The text, with what stands for each number in it that was forgotten."""
        return text if self.is_empty else replace(text, self.token_of)[0]

    def name_of(self, manager_id: str) -> str | None:
        """What stands for a manager's name, None when the manager was not forgotten."""
        return self._tokens.get(digest(self._key, "manager", manager_id))


class PrivacyFilter:
    """A step behind the filter. Not shared between threads."""

    def __init__(self, step: Step, forgotten: ForgottenList, clock: Clock = wall_clock) -> None:
        self.topic: Topic = step.topic
        self._step = step
        self._forgotten = forgotten
        self._clock = clock
        self._refuses = step.topic in (CALL_LEGS, PROPOSALS, ACTIVITIES)

    def settle_chunk(self, frames: Sequence[Frame]) -> ChunkOutcome:
        forgotten = self._forgotten
        forgotten.refresh()
        if not forgotten.is_empty:
            frames = [drop_forgotten(frame, self.topic, forgotten) for frame in frames]
        before_ms = self._before_ms
        if not self._refuses or not before_ms:
            return self._step.settle_chunk(frames)
        kept, refused = self._refuse(frames, before_ms)
        outcome = self._step.settle_chunk(kept)
        return ChunkOutcome(chain(refused, outcome.outgoing), outcome.then) if refused else outcome

    @property
    def _before_ms(self) -> int:
        """What began before is refused. A cell is counted until its facts are gone: then there is nothing to count."""
        state = self._forgotten.state
        if self.topic is ACTIVITIES:
            return state.gone_ms
        return state.refused_ms + MARGIN_MS if state.refused_ms else 0

    def _refuse(self, frames: Sequence[Frame], before_ms: int) -> tuple[list[Frame], list[Outgoing]]:
        kept: list[Frame] = []
        refused: list[Outgoing] = []
        for frame in frames:
            lines = (frame.value or b"").split(b"\n")
            late = [line for line in lines if 0 <= began_ms(line, self.topic) < before_ms]
            if late:
                refused += [outgoing_reject(self._reject(line, frame.origin, before_ms)) for line in late]
                frame = frame._replace(value=b"\n".join(line for line in lines if line not in set(late)))
            kept.append(frame)
        return kept, refused

    def _reject(self, line: bytes, origin: str, before_ms: int) -> Rejected:
        record = msgspec.json.decode(line, type=dict[str, object])
        now = self._clock()
        first = datetime.fromtimestamp(before_ms / 1000, UTC)
        identity = record.get("activity_id") or f"{record.get('source', '')}:{record.get('record_id', '')}"
        return Rejected(
            rejected_id=f"retention:{self.topic.name}:{record.get('proposal_id') or identity}",
            source=str(record.get("source", "")),
            reason=Reason.PAST_RETENTION,
            field=_TIMES[self.topic.name],
            detail=f"facts are kept from {first:%Y-%m-%d} on ([retention]): what was counted before stays as it is",
            payload="",  # what retention took away is not kept here either
            origin=str(record.get("origin", "")) or origin,
            topic="",
            at=as_datetime(now),
            import_id=str(record.get("import_id", "")),
            version=now,
        )


_TIMES = {CALL_LEGS.name: "started_at", PROPOSALS.name: "sent_at", ACTIVITIES.name: "at"}


class _Began(msgspec.Struct):
    started_at: datetime | None = None
    sent_at: datetime | None = None
    at: datetime | None = None


_BEGAN = msgspec.json.Decoder(_Began)


def began_ms(line: bytes, topic: Topic) -> int:
    """When what a line tells of began, milliseconds since the epoch; -1 when it does not say so."""
    try:
        at = getattr(_BEGAN.decode(line), _TIMES[topic.name])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return -1  # the step says what is wrong with it
    return int(at.timestamp() * 1000) if at is not None and at.tzinfo is not None else -1


def drop_forgotten(frame: Frame, topic: Topic, forgotten: ForgottenList) -> Frame:
    """The frame with what stands for forgotten numbers and names; the same frame when it holds none."""
    if not frame.value:
        return frame
    is_roster = topic is MANAGERS
    text = frame.value.decode("utf-8", "surrogateescape")
    if not is_roster and not replace(text, forgotten.token_of)[1]:
        return frame
    lines = [_replaced(line, forgotten, is_roster=is_roster) for line in frame.value.split(b"\n")]
    return frame._replace(value=b"\n".join(lines))


def _replaced(line: bytes, forgotten: ForgottenList, *, is_roster: bool) -> bytes:
    try:
        record = msgspec.json.decode(line, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # Not a record: it becomes a reject, whose payload is this text.
        return forgotten.cleaned(line.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    changed = {name: _value(value, forgotten) for name, value in record.items() if name not in _IDENTITIES}
    if is_roster and (name := forgotten.name_of(str(record.get("manager_id", "")))):
        changed["name"] = name
    changed = {name: value for name, value in changed.items() if value != record[name]}
    return msgspec.json.encode({**record, **changed}) if changed else line


def _value(value: object, forgotten: ForgottenList) -> object:
    if isinstance(value, str):
        return forgotten.cleaned(value)
    if isinstance(value, list):
        return list(dict.fromkeys(_value(one, forgotten) for one in value))
    return value
