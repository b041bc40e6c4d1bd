"""What an adapter is: one vendor's requests, answers and errors as pure functions. No adapter opens a connection.

A stream's `read` is a generator: it yields an `ApiRequest` and is sent the decoded answer, as often as it needs, and
yields a `PulledPage` for each part that is complete. Whoever drives it does the waiting, the limits and the errors.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import msgspec

from connectors.reading.source import Context
from schemas.pulling import Copies
from schemas.records import Record, Rejected

if TYPE_CHECKING:
    from connectors.api.survey import Survey
    from connectors.api.tokens import Refreshing


class ApiRequest(NamedTuple):
    """One request, relative to the account's address."""

    path: str
    group: str
    """Requests of one group share a limit: a method, or a class of them."""
    method: str = "POST"
    query: tuple[tuple[str, str], ...] = ()
    body: object = None
    """Sent as JSON; None for no body."""
    optional: bool = False
    """Where the account may not do it, the reader is sent None instead of an answer, and goes on without."""
    form: tuple[tuple[str, str], ...] = ()
    """Sent as a form, instead of a body."""
    headers: tuple[tuple[str, str], ...] = ()
    """Beside those of the account."""
    is_text: bool = False
    """The answer is a text, and the reader is sent it as such; else it is JSON."""


class ApiResponse(NamedTuple):
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


class VerdictKind(Enum):
    """What an answer means for whoever asked."""

    OK = auto()
    EMPTY = auto()
    """There is nothing: the reader is sent None."""
    NOT_READY = auto()
    """A report is still made: the same request again, later."""
    STALE = auto()
    """What was begun is over (a report's key): the window again, from its last cursor."""
    RETRY = auto()
    """The server has trouble: the same request again, with growing pauses."""
    SLOW_DOWN = auto()
    """A limit is reached: nothing of this group until `wait_s` is over."""
    EXPIRED = auto()
    """The access token is over: get a new one and repeat."""
    FORBIDDEN = auto()
    """The account may not do this: it ends the stream, others go on."""
    AUTH = auto()
    """The credential is wrong or revoked: it ends every stream, and trying again may be punished."""
    PLAN = auto()
    """The account's plan does not include the API, or is not paid: as AUTH."""
    FATAL = auto()
    """The request is wrong: it ends the stream."""


class Verdict(NamedTuple):
    kind: VerdictKind
    detail: str = ""
    """For people: what the server says, without secrets, and what to do."""
    wait_s: float = 0.0
    hold_s: float = 0.0
    """With OK: nothing more of this group for so long, since a limit is near."""


class PullWindow(NamedTuple):
    """Rows whose time lies in [since, until); None: all later ones."""

    since: datetime
    until: datetime | None
    now: datetime | None = None
    """When it is read, by the server's clock."""

    @property
    def end(self) -> datetime:
        """Where it ends, for vendors that must be told an end."""
        end = self.until or self.now
        assert end is not None, "an open window is read at a time"
        return end


class PulledRow(NamedTuple):
    """One row of an answer, and what it gives."""

    key: int
    """Where the vendor's order by id puts it; 0 where it has none."""
    at: datetime | None
    """The time that the window is about."""
    items: tuple[Record | Rejected, ...]
    name: str = ""
    """What it is told by where it has no such id: the same each time that it is read."""


class PulledPage(NamedTuple):
    rows: tuple[PulledRow, ...]
    cursor: str
    """Where the next page begins, for a `read` of the same window, also after a restart."""
    is_last: bool = False
    is_cut: bool = False
    """The vendor gives no more rows of one window than these: the window must be halved and read again."""
    notes: tuple[str, ...] = ()
    """What a person should know of the whole stream: it stands in the feed's detail."""


Reader = Generator[ApiRequest | PulledPage, Any, None]


class Order(Enum):
    """How a stream goes on from what it has read."""

    BY_ID = auto()
    """New rows have greater ids: one open window, read on from an id; the newest are read again for a while."""
    BY_TIME = auto()
    """Rows are found by the time of their last change: window after window; the newest is read again for a while."""
    WHOLE = auto()
    """Everything, each time."""


FreshContext = Callable[[], Context]
"""The context of what is read now."""


class PullStream(NamedTuple):
    """One kind of thing that an account is asked for."""

    name: str
    """calls, users, ...: stands in settings, states and messages."""
    order: Order
    read: Callable[[PullWindow, str, FreshContext], Reader]
    """(window, cursor, context) to pages; "" begins. Rows of one window come in ascending order of their keys."""
    every: timedelta = timedelta(minutes=5)
    overlap: timedelta = timedelta(hours=1)
    """How late a row may appear: what is younger is read again each time."""
    step: timedelta = timedelta.max
    """BY_TIME: how much time one window spans at most."""
    from_beginning: bool = False
    """It is read whole, whatever day history is to begin with: a customer of ten years ago is called today."""
    settle: timedelta = timedelta(0)
    """How long a row may still change without moving: what is younger is read again each `settle_every`."""
    settle_every: timedelta = timedelta(hours=6)
    slack: timedelta = timedelta(seconds=1)
    """How far outside of its window a row may lie: where the vendor's filter is about another time than the row's."""
    is_mapped: bool = True
    """Its records depend on how stages and users are mapped: with another mapping its history is read again."""


class AccountLimits(NamedTuple):
    """What the vendor allows one account."""

    per_s: float
    burst: float
    per_day: int = 0
    """Requests a day (UTC); 0: as many as the rest allows."""
    groups: Mapping[str, float] = MappingProxyType({})
    """Requests a second of single groups that have a limit of their own beside it."""


class Account(NamedTuple):
    """How an account is reached, out of its secret."""

    address: str
    """Everything before a request's path; may hold the secret, and is in no message."""
    headers: Mapping[str, str] = MappingProxyType({})
    signed: Callable[[ApiRequest], ApiRequest] = lambda request: request
    """Puts the credential into a request, where it is in no header that stays."""


class Adapter(Protocol):
    """One vendor, with the options of one source."""

    limits: AccountLimits

    def account(self, secret: str) -> Account:
        """Raises Terminal when the secret does not look like one; its words do not hold it."""

    def refreshing(self, secret: str) -> Refreshing | None:
        """How its tokens are renewed, where the secret is a refresh token; None for one that stays."""

    def streams(self) -> tuple[PullStream, ...]: ...

    def classify(self, response: ApiResponse, now: datetime) -> Verdict: ...


class SourceMapping(msgspec.Struct, frozen=True):
    """What the settings of a source made of a vendor's words, when something was read with them."""

    stages: dict[str, str] = {}
    """Their stage -> our code."""
    managers: dict[str, str] = {}
    """Their user -> our manager, "-" for nobody."""
    deals: Literal["furthest", "latest"] = "furthest"
    """Which of an organisation's deals says where it stands."""
    rest: str = ""
    """A digest of what else records depend on."""


class PullOptions(NamedTuple):
    """What `[listen.NAME]` says of one source to its adapter."""

    managers: Mapping[str, str] = MappingProxyType({})
    """The vendor's user -> our manager; "-" for a user who is not a manager. Others keep their id."""
    proposals: tuple[str, ...] = ("quotes",)
    """What counts as an individual proposal: quotes, deals."""
    general_stages: tuple[str, ...] = ()
    """Stages of the vendor in which a general proposal was sent."""
    deals: Literal["furthest", "latest"] = "furthest"
    """Which of an organisation's deals says where it stands: `connectors.api.deals`."""
    copies: Copies = "match"
    """Of a CRM: what is done with calls that an exchange has noted there."""
    before: SourceMapping | None = None
    """With what history was read before, while it is read again: what that made, and this does not, is taken back."""


class ApiConnector(NamedTuple):
    """What a vendor's folder offers to `callfunnel listen api` and `callfunnel connect`."""

    kind: str
    title: str
    secret: str
    """What its environment variable holds, in words."""
    variable: str
    """That variable, where nothing else is named."""
    adapter: Callable[[PullOptions], Adapter]
    survey: Callable[[datetime], Survey]
    """What the account has since a moment."""
    reads: str
    """For docs/connectors.md, as the rest."""
    ids: str
    rights: str
    """What the credential must be allowed, for people."""
    counterpart: str
    documented: str = ""
    """What the vendor's own documentation says."""
    seen: str = ""
    """What public code does."""
    is_exchange: bool = False
    """Its calls are its own; a CRM has copies of an exchange's."""
    has_extensions: bool = False
    """Of a CRM: its users have the extensions of an exchange."""
    unconfirmed: str = ""
    """What is guessed: `connect --check` settles it on an account."""


def manager_since(user: str, managers: Mapping[str, str]) -> datetime:
    """From when a user's row of a manager holds: for ever.

    A user who is mapped is somebody whom another list describes, with other extensions: a moment later, so that this
    row stands beside theirs and does not take its place.
    """
    return datetime(1970, 1, 1, 0, 0, 0, 1000 if user in managers else 0, UTC)


def manager_of(user: str, managers: Mapping[str, str]) -> str:
    """The manager of a vendor's user; "" for nobody and for a user who is not a manager."""
    found = managers.get(user, user)
    return "" if user in ("", "0") or found == "-" else found


def chunks(values: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """Ids as many at a time as one request asks for."""
    for first in range(0, len(values), size):
        yield values[first : first + size]
