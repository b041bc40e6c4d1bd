"""Messages on disk before they are sent, and until long after: what is in here was said, or will be.

FOLDER/waiting, FOLDER/sent and FOLDER/failed hold a file for each message. A message is sent at least once: one whose
answer was lost is sent again, with the same id, which webhooks get as an idempotency key and mail as its Message-ID.
Messages to one address go in order. For one process at a time, which holds the lock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

import msgspec

from pipeline.warnings.receivers import MessageRoute
from schemas.durable_files import make_folder, sync_folder, write_whole
from schemas.errors import CallfunnelError, Terminal, Transient
from schemas.private_files import locked_file
from schemas.warnings import DeliveryState, WarningDelivery

_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(minutes=30)
_REFUSED_PAUSE = timedelta(minutes=5)
"""After an answer that says no: somebody must mend the settings, and who asks often is blocked."""
_MOST_REFUSALS = 10
_GIVEN_UP = timedelta(days=3)
_KEPT = timedelta(days=30)


class OutboxMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one address, and how its delivery goes."""

    message_id: str
    route: MessageRoute
    preview: str
    """The first line: what a phone shows, and the subject of a letter."""
    text: str
    """All of it, the first line included."""
    data: dict[str, Any]
    """The same for programs: the body of a webhook, besides id and text."""
    notices: tuple[str, ...]
    created_at: datetime
    attempts: int = 0
    refusals: int = 0
    error: str = ""
    next_at: datetime | None = None
    """Not before then; None: at once, or never again."""
    state: DeliveryState = DeliveryState.WAITING
    sent_at: datetime | None = None

    @property
    def delivery(self) -> WarningDelivery:
        """Its row in the store."""
        return WarningDelivery(
            message_id=self.message_id,
            receiver=self.route.receiver,
            channel=self.route.channel,
            # What stands in the store is read by more people than the settings are.
            address=self.route.shown,
            preview=self.preview,
            notices=list(self.notices),
            state=self.state,
            attempts=self.attempts,
            error=self.error,
            created_at=self.created_at,
            next_at=self.next_at,
            sent_at=self.sent_at,
        )


def message_id(route: MessageRoute, notices: Sequence[str]) -> str:
    """The same for the same notices to the same address."""
    return hashlib.sha256("\0".join((*route, *sorted(notices))).encode()).hexdigest()[:24]


def attempted(message: OutboxMessage, now: datetime, error: CallfunnelError | None) -> OutboxMessage:
    """The message after one more attempt. Pure."""
    attempts = message.attempts + 1
    if error is None:
        return msgspec.structs.replace(
            message, attempts=attempts, state=DeliveryState.SENT, sent_at=now, next_at=None, error=""
        )
    refusals = message.refusals + isinstance(error, Terminal)
    tried = msgspec.structs.replace(message, attempts=attempts, refusals=refusals, error=str(error)[:500])
    if refusals >= _MOST_REFUSALS or now - message.created_at >= _GIVEN_UP:
        return msgspec.structs.replace(tried, state=DeliveryState.FAILED, next_at=None)
    return msgspec.structs.replace(tried, next_at=now + _pause(attempts, error))


def _pause(attempts: int, error: CallfunnelError) -> timedelta:
    first = _REFUSED_PAUSE if isinstance(error, Terminal) else _FIRST_PAUSE
    pause = min(_LONGEST_PAUSE, first * (1 << min(attempts - 1, 10)))
    asked_s = error.retry_after_s if isinstance(error, Transient) else None
    return max(pause, timedelta(seconds=min(asked_s or 0.0, 86_400.0)))


class Outbox:
    """Use as a context: it holds the folder's lock. Raises Terminal when another process has it, or it is unusable."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock: IO[str] | None = None
        self._messages: dict[str, OutboxMessage] = {}
        self._heard: dict[MessageRoute, set[str]] = {}
        self._unwritten: set[str] = set()
        """Ids of messages whose file is not as they are."""
        self._unstored: set[str] = set()
        """Ids of messages whose row in the store is not as they are."""

    def __enter__(self) -> Outbox:
        try:
            for state in DeliveryState:
                make_folder(self._folder / state)
            self._lock = locked_file(self._folder / "lock")
        except OSError as error:
            raise Terminal(f"{self._folder}: messages cannot be kept there: {error.strerror}; see --state") from None
        if self._lock is None:
            raise Terminal(f"warnings of {self._folder} are watched already: stop the other process first")
        try:
            self._read_all()
        except Terminal:
            self._lock.close()
            raise
        return self

    def _read_all(self) -> None:
        for state in DeliveryState:
            for path in sorted((self._folder / state).glob("*.json")):
                message = _read(path)
                if message.message_id in self._messages:  # it died between the two, see _write
                    (self._folder / DeliveryState.WAITING / path.name).unlink(missing_ok=True)
                self._know(message)

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            self._lock.close()

    def heard(self, route: MessageRoute) -> Collection[str]:
        """Ids of notices that were handed over for this address."""
        return self._heard.get(route, set())

    def remember(self, route: MessageRoute, notices: Iterable[str]) -> None:
        """Take notices for handed over: the store knows of their delivery, and this folder is a new one."""
        self._heard.setdefault(route, set()).update(notices)

    def put(self, message: OutboxMessage) -> None:
        """Have it on the disk. On return it will be sent, whatever dies. The same one again changes nothing."""
        if message.message_id not in self._messages:
            self._write(message)
            self._know(message)

    def due(self, now: datetime) -> list[OutboxMessage]:
        """The oldest one of each address, where its time has come."""
        first: dict[MessageRoute, OutboxMessage] = {}
        for message in self.waiting:
            first.setdefault(message.route, message)
        return [one for one in first.values() if one.next_at is None or one.next_at <= now]

    @property
    def waiting(self) -> list[OutboxMessage]:
        """Not sent and not given up, the oldest first."""
        found = (one for one in self._messages.values() if one.state is DeliveryState.WAITING)
        return sorted(found, key=lambda one: (one.created_at, one.message_id))

    def record(self, message: OutboxMessage) -> None:
        """Replace what is known of a message. Where the disk does not take it, it is known all the same.

        Raises Transient then; `write_again` tries again, and until then nothing more should be sent.
        """
        self._know(message)
        self._unwritten.add(message.message_id)
        self.write_again()

    def write_again(self) -> None:
        """Have on the disk what could not be written. Raises Transient while that is so."""
        for name in sorted(self._unwritten):
            self._write(self._messages[name])
            self._unwritten.discard(name)

    def unstored(self) -> list[OutboxMessage]:
        """Messages whose row in the store has to be written."""
        return [self._messages[one] for one in sorted(self._unstored) if one in self._messages]

    def stored(self, messages: Iterable[OutboxMessage]) -> None:
        """Their rows are what the messages are."""
        self._unstored -= {one.message_id for one in messages}

    def prune(self, now: datetime, incidents: Collection[str]) -> None:
        """Forget what was settled long ago, except for what tells of incidents that go on."""
        for message in list(self._messages.values()):
            is_of_these = any(notice.partition(":")[0] in incidents for notice in message.notices)
            is_old = message.state is not DeliveryState.WAITING and now - message.created_at > _KEPT
            is_noted = message.message_id not in self._unstored | self._unwritten
            if is_old and is_noted and not is_of_these:
                self._path(message).unlink(missing_ok=True)
                del self._messages[message.message_id]

    def _know(self, message: OutboxMessage) -> None:
        self._messages[message.message_id] = message
        self._heard.setdefault(message.route, set()).update(message.notices)
        self._unstored.add(message.message_id)

    def _write(self, message: OutboxMessage) -> None:
        path = self._path(message)
        try:
            write_whole(path, msgspec.json.encode(message))
            if message.state is not DeliveryState.WAITING:
                # In this order: dying in between leaves both, and the settled one is read last.
                (self._folder / DeliveryState.WAITING / path.name).unlink(missing_ok=True)
                sync_folder(self._folder / DeliveryState.WAITING)
        except OSError as error:
            raise Transient(f"{path}: {error.strerror}: messages wait until there is room") from None

    def _path(self, message: OutboxMessage) -> Path:
        return self._folder / message.state / f"{message.message_id}.json"


def _read(path: Path) -> OutboxMessage:
    try:
        return msgspec.json.decode(path.read_bytes(), type=OutboxMessage)
    except OSError as error:
        raise Terminal(f"{path}: cannot be read: {error.strerror}") from None
    except msgspec.MsgspecError as error:
        raise Terminal(f"{path} is broken ({error}): remove it; the message may be sent again, or not at all") from None
