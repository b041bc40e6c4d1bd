"""Watches: asks the rules in their rhythm, decides who is to be told, and delivers until it is delivered.

Each round: what changed of incidents is stored, then messages are put on disk, then they are sent. Dying between any
two of these and starting again says nothing twice: what was decided is in the store, and what was said is on the disk.
Only what dies between a server's answer and the note of it is sent again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime, timedelta

import msgspec

from pipeline.readouts.numbers import Numbers
from pipeline.settings import Settings
from pipeline.warnings.digest import compose_digest, read_digest
from pipeline.warnings.evaluation import evaluate
from pipeline.warnings.incidents import advance
from pipeline.warnings.kept import WarningReader, WarningWriter
from pipeline.warnings.notices import digest_day, digest_id, due_notices, latest_marks
from pipeline.warnings.outbox import Outbox, OutboxMessage, attempted, message_id
from pipeline.warnings.receivers import MessageRoute, Receiver
from pipeline.warnings.wording import MessageText, Telling, compose
from schemas.alerts import RULES, Rule
from schemas.errors import CallfunnelError, Terminal, Transient
from schemas.warnings import DeliveryState, Incident, IncidentMark, IncidentState, WarningWatch

_CALENDAR_DAYS = 40
"""Before today: a digest is of the latest working day, and nobody has longer holidays together."""

Send = Callable[[OutboxMessage], Awaitable[None]]
"""Returns once it is taken; raises Transient or Terminal."""


class _CalendarDay(msgspec.Struct):
    day: date
    is_working: int


class WarningWatcher:
    """One round after the other, by whoever holds the outbox. Not for several threads."""

    def __init__(
        self,
        numbers: Numbers,
        kept: WarningWriter,
        outbox: Outbox,
        settings: Settings,
        send: Send,
        *,
        language: str,
        say: Callable[[str], None] = lambda line: None,
        rules: Sequence[Rule] = RULES,
    ) -> None:
        self._numbers = numbers
        self._reader = WarningReader(numbers)
        self._kept = kept
        self._outbox = outbox
        self._settings = settings
        self._send = send
        self._language = language
        self._say = say
        self._rules = rules
        self._asked_at: dict[str, datetime] = {}
        self._worked: Mapping[date, bool] = {}
        self._watch: WarningWatch | None = None
        self._has_remembered = False

    def round(self, now: datetime) -> None:
        """Ask what is due, decide, have messages on the disk. Raises Transient or Terminal; nothing is lost then."""
        if not self._has_remembered:
            self._remember(now)
        self._worked = self._calendar(now)
        due = [rule for rule in self._rules if self._is_due(rule, now)]
        known = self._reader.incidents(now)
        if due:
            found = evaluate(self._numbers, self._settings, now, due)
            changed = advance(known, found.instances, found.moments, self._rules, now)
            self._kept.keep_incidents(changed)
            self._kept.keep_watch(found.watch)
            self._watch = found.watch
            if found.watch.error:
                self._say(f"some rules could not be asked: {found.watch.error}")
            self._asked_at |= {rule.id: now for rule in due if rule.id in found.moments}
            known = list(({one.incident_id: one for one in known} | {one.incident_id: one for one in changed}).values())
        marks = latest_marks(self._reader.marks(known))
        for receiver in self._settings.warnings.receivers:
            self._tell(receiver, known, marks, now)
        for receiver in self._settings.warnings.receivers:
            try:
                self._tell_yesterday(receiver, known, now)
            except (Transient, Terminal) as error:
                self._say(f"{receiver.name}: yesterday could not be told: {error}")
        self._outbox.prune(now, {one.incident_id for one in known})

    def deliver(self, now: datetime) -> None:
        """Try every message whose time has come, all addresses at the same time. Never raises for one of them.

        Raises Transient when the disk does not take what became of them: nothing is sent then, for it could not be
        remembered.
        """
        self._outbox.write_again()
        due = [message for message in self._outbox.due(now) if self._may_go(message, now)]
        for message, error in asyncio.run(self._send_all(due)) if due else ():
            after = attempted(message, now, error)
            self._outbox.record(after)
            if error is not None:
                next_step = f"again at {after.next_at:%H:%M} UTC" if after.next_at else "given up"
                self._say(f"{message.route.receiver}: not delivered ({after.attempts}): {error}: {next_step}")

    def store_deliveries(self) -> None:
        """Have the store know how deliveries go. Raises Transient or Terminal."""
        if messages := self._outbox.unstored():
            self._kept.keep_deliveries(messages)
            self._outbox.stored(messages)

    def _remember(self, now: datetime) -> None:
        """What another folder's process delivered is not said again."""
        shown = {(route.receiver, route.channel, route.shown): route for route in self._settings.warnings.routes}
        for delivery in self._reader.deliveries(now):
            if route := shown.get((delivery.receiver, delivery.channel, delivery.address)):
                self._outbox.remember(route, delivery.notices)
        self._has_remembered = True

    def _is_due(self, rule: Rule, now: datetime) -> bool:
        latest = self._asked_at.get(rule.id)
        return latest is None or now - latest >= timedelta(seconds=rule.every_s)

    def _tell(
        self, receiver: Receiver, known: Sequence[Incident], marks: Mapping[str, IncidentMark], now: datetime
    ) -> None:
        is_open = self._is_open(receiver, now)
        for route in receiver.routes:
            heard = self._outbox.heard(route)
            notices = due_notices(known, marks, heard, receiver, now, is_open=is_open)
            if notices:
                text = compose(notices, self._telling(receiver, now))
                self._put(route, [one.notice_id for one in notices], text, now)

    def _tell_yesterday(self, receiver: Receiver, known: Sequence[Incident], now: datetime) -> None:
        if not self._is_open(receiver, now):
            return
        here, closes = now.astimezone(self._settings.time_zone), self._settings.calendar.closes
        heard = {route: self._outbox.heard(route) for route in receiver.routes}
        days = {route: digest_day(receiver, here, self._worked, closes, heard[route]) for route in receiver.routes}
        wanted = [(route, day) for route, day in days.items() if day is not None]
        if not wanted:
            return
        telling = self._telling(receiver, now)
        day = wanted[0][1]
        found = read_digest(self._numbers, self._settings, receiver, day, telling.now, telling.language)
        standing = [
            one
            for one in known
            if one.state is IncidentState.FIRING and receiver.wants(one.urgency, one.labels.get("team"))
        ]
        digest = compose_digest(found, standing, telling)
        for route, _ in wanted:
            self._put(route, [digest_id(here.date())], digest, telling.now)

    def _put(self, route: MessageRoute, notices: Sequence[str], message: MessageText, now: datetime) -> None:
        self._outbox.put(
            OutboxMessage(
                message_id=message_id(route, notices),
                route=route,
                preview=message.preview,
                text=message.text,
                data={"at": now.isoformat(), **message.data},
                notices=tuple(notices),
                created_at=now,
            )
        )

    def _telling(self, receiver: Receiver, now: datetime) -> Telling:
        watch = self._watch
        return Telling(
            language=receiver.language or self._language,
            zone=self._settings.time_zone,
            now=now,
            link=self._settings.warnings.link,
            as_of=watch.as_of_files if watch is not None else None,
        )

    def _may_go(self, message: OutboxMessage, now: datetime) -> bool:
        """Whether it may be sent now: what is tried again waits for the end of quiet hours, too."""
        receivers = {route: one for one in self._settings.warnings.receivers for route in one.routes}
        receiver = receivers.get(message.route)
        if receiver is None:
            gone = msgspec.structs.replace(
                message, state=DeliveryState.FAILED, next_at=None, error="not in callfunnel.toml any more"
            )
            self._outbox.record(gone)
            return False
        return self._is_open(receiver, now)

    def _is_open(self, receiver: Receiver, now: datetime) -> bool:
        here = now.astimezone(self._settings.time_zone)
        return receiver.is_open(here, is_worked=self._worked.get(here.date(), True))

    async def _send_all(self, messages: Sequence[OutboxMessage]) -> list[tuple[OutboxMessage, CallfunnelError | None]]:
        return list(await asyncio.gather(*(self._attempt(message) for message in messages)))

    async def _attempt(self, message: OutboxMessage) -> tuple[OutboxMessage, CallfunnelError | None]:
        try:
            await self._send(message)
        except (Transient, Terminal) as error:
            return message, error
        return message, None

    def _calendar(self, now: datetime) -> dict[date, bool]:
        today = now.astimezone(self._settings.time_zone).date()
        span = {"first": f"{today - timedelta(days=_CALENDAR_DAYS)}", "last": f"{today + timedelta(days=1)}"}
        return {one.day: bool(one.is_working) for one in self._numbers.rows("calendar", _CalendarDay, span)}
