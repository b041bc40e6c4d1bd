"""Who is told of warnings, over which channels and when: `[warnings]` of callfunnel.toml."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime, time
from typing import Annotated, Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

import msgspec

from schemas.alerts import Urgency
from schemas.errors import Terminal
from schemas.screens.translations import LANGUAGES

S = TypeVar("S", bound=msgspec.Struct)

NOBODY = "[warnings] of callfunnel.toml names no receiver: write [warnings.to.NAME], see docs/warnings.md"
CHANNELS = ("email", "telegram", "slack", "webhook")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_NAME = re.compile(r"[\w.-]{1,60}")
_WINDOW = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")

_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class _Receiver(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    teams: tuple[str, ...] = ()
    about: tuple[Urgency, ...] | None = None
    email: tuple[_Text, ...] = ()
    telegram: tuple[_Text | int, ...] = ()
    slack: tuple[_Text, ...] = ()
    webhook: tuple[_Text, ...] = ()
    language: str | None = None
    quiet: str | None = None
    days_off: bool | None = None
    digest: str | None = None


class _Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    language: str = ""
    quiet: str = "20:00-08:00"
    days_off: bool = False
    digest: str = "09:00"
    link: str = ""
    to: dict[str, Any] = {}


class QuietHours(NamedTuple):
    """From `first` until `last` of the local clock, over midnight where first is later."""

    first: time
    last: time

    def hold(self, clock: time) -> bool:
        """Whether nothing is sent at this time of the day."""
        if self.first <= self.last:
            return self.first <= clock < self.last
        return clock >= self.first or clock < self.last


class MessageRoute(NamedTuple):
    """A channel to one address of one receiver: what was said there once is not said there again."""

    receiver: str
    channel: str
    address: str

    @property
    def shown(self) -> str:
        """The address for people; that of a webhook without what may be secret in it."""
        if self.channel != "webhook":
            return self.address
        digest = hashlib.sha256(self.address.encode()).hexdigest()[:6]
        return f"{urlsplit(self.address).hostname} ({digest})"

    def __str__(self) -> str:
        return f"{self.channel} {self.shown}"


class Receiver(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is told."""

    name: str
    routes: tuple[MessageRoute, ...]
    teams: tuple[str, ...] = ()
    """Whose warnings these are; () of everybody, and of the department."""
    about: frozenset[Urgency] = frozenset(Urgency)
    language: str = ""
    """"" for that of the process."""
    quiet: QuietHours | None = None
    days_off: bool = False
    """Also on days that are not worked."""
    digest: time | None = None

    def is_open(self, here: datetime, *, is_worked: bool) -> bool:
        """Whether messages may be sent at this moment of the reporting zone."""
        if not is_worked and not self.days_off:
            return False
        return self.quiet is None or not self.quiet.hold(here.time())

    def wants(self, urgency: Urgency, team: str | None) -> bool:
        """Whether a warning is theirs. `team` is None where it is about no manager."""
        return urgency in self.about and (not self.teams or team in self.teams)


class WarningPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told, and where the boards are for a reader's browser."""

    receivers: tuple[Receiver, ...] = ()
    link: str = ""

    @property
    def routes(self) -> tuple[MessageRoute, ...]:
        return tuple(route for one in self.receivers for route in one.routes)

    @property
    def delivers(self) -> bool:
        """Somebody can be told."""
        return bool(self.routes)


def warning_plan(raw: object, where: str) -> WarningPlan:
    """The table `[warnings]`, understood. Raises Terminal naming the wrong setting."""
    given = _table(raw, _Plan, where, (*_Plan.__struct_encode_fields__[:-1], "[warnings.to.NAME]"))
    if given.link:
        check_address(given.link, f"{where}.link")
    return WarningPlan(
        receivers=tuple(_receiver(name, one, given, f"{where}.to.{name}") for name, one in given.to.items()),
        link=given.link.rstrip("/"),
    )


def _table(raw: object, shape: type[S], where: str, accepted: Sequence[str]) -> S:
    try:
        return msgspec.convert(raw, shape)
    except msgspec.ValidationError as error:
        raise Terminal(f"{where}: {error}; accepted settings: {', '.join(accepted)}") from None


def _receiver(name: str, raw: object, plan: _Plan, where: str) -> Receiver:
    one = _table(raw, _Receiver, where, _Receiver.__struct_encode_fields__)
    if not _NAME.fullmatch(name):
        raise Terminal(f"{where}: a receiver's name has letters, digits, . _ - only")
    language = plan.language if one.language is None else one.language
    if language and language not in LANGUAGES:
        raise Terminal(f"{where}.language: {language!r}: one of {', '.join(LANGUAGES)}")
    if wrong := next((address for address in one.email if not re.fullmatch(r"[^@\s,]+@[^@\s,]+", address)), None):
        raise Terminal(f"{where}.email: {wrong!r} is not an address such as head@example.com")
    for address in one.webhook:
        check_address(address, f"{where}.webhook")
    routes = tuple(
        MessageRoute(name, channel, str(address)) for channel in CHANNELS for address in getattr(one, channel)
    )
    if not routes:
        raise Terminal(f"{where}: no channel: give one or more of {', '.join(CHANNELS)}")
    # A team's lead is told of people; who sees the whole department also of what keeps the numbers from coming.
    about = frozenset(one.about) if one.about is not None else frozenset({Urgency.HEAD} if one.teams else Urgency)
    return Receiver(
        name=name,
        routes=tuple(dict.fromkeys(routes)),
        teams=one.teams,
        about=about,
        language=language,
        quiet=_quiet(plan.quiet if one.quiet is None else one.quiet, f"{where}.quiet"),
        days_off=plan.days_off if one.days_off is None else one.days_off,
        digest=_clock(plan.digest if one.digest is None else one.digest, f"{where}.digest")
        if Urgency.HEAD in about
        else None,
    )


def _quiet(text: str, where: str) -> QuietHours | None:
    if not text:
        return None
    found = _WINDOW.fullmatch(text.replace(" ", ""))
    if found is None or found[1] + found[2] == found[3] + found[4]:
        raise Terminal(f'{where}: {text!r}: write "20:00-08:00", or "" for no quiet hours')
    first, last = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    return QuietHours(first, last)


def _clock(text: str, where: str) -> time | None:
    if not text:
        return None
    if not _CLOCK.fullmatch(text):
        raise Terminal(f'{where}: {text!r}: write a time such as "09:00", or "" for none')
    return time.fromisoformat(text)


def check_address(address: str, where: str) -> None:
    """HTTPS, or HTTP of this machine. The address is not repeated: it may hold a secret."""
    try:
        parts = urlsplit(address)
        is_right = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        is_right = is_right and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_right = False
    if not is_right:
        raise Terminal(f"{where}: not an address https://host/...; http:// is for servers of this machine only")
