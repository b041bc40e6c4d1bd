"""What adapters of cloud exchanges have in common: people, whom calls name, and calls; a secret that stays. Pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from datetime import datetime, timedelta
from typing import Any, ClassVar

from connectors.api.adapter import (
    Account,
    AccountLimits,
    ApiRequest,
    ApiResponse,
    FreshContext,
    Order,
    PullOptions,
    PullStream,
    PullWindow,
    Reader,
    Verdict,
)
from connectors.api.people import managers_page
from connectors.api.survey import AccountSurvey, Survey, VendorUser
from connectors.api.tokens import Refreshing

UsersReader = Generator[ApiRequest, Any, list[VendorUser]]
"""Asks for all users."""
_DAY = timedelta(days=1)


class ExchangeAdapter(ABC):
    """An `Adapter`, but for what a vendor says of itself."""

    kind: ClassVar[str]
    limits: AccountLimits
    users_every: ClassVar[timedelta] = timedelta(hours=1)

    def __init__(self, options: PullOptions) -> None:
        self._options = options

    @abstractmethod
    def account(self, secret: str) -> Account:
        """Raises Terminal when the secret does not look like one; its words do not hold it."""

    @abstractmethod
    def users(self) -> UsersReader: ...

    @abstractmethod
    def calls(self) -> PullStream: ...

    @abstractmethod
    def classify(self, response: ApiResponse, now: datetime) -> Verdict: ...

    def refreshing(self, secret: str) -> Refreshing | None:
        return None

    def streams(self) -> tuple[PullStream, ...]:
        return (PullStream("users", Order.WHOLE, self._users, every=self.users_every), self.calls())

    def _users(self, window: PullWindow, cursor: str, fresh: FreshContext) -> Reader:
        users = yield from self.users()
        yield managers_page(users, self.kind, fresh(), self._options)


def calls_by_time(
    read: Callable[[PullWindow, str, FreshContext], Reader],
    *,
    step: timedelta = 7 * _DAY,
    settle: timedelta = 2 * _DAY,
    slack: timedelta = timedelta(seconds=1),
) -> PullStream:
    """Calls that are found by the time of their start: they appear when they have ended, and whatever users are mapped
    to, they name extensions.
    """
    overlap = timedelta(hours=2)
    return PullStream(
        "calls", Order.BY_TIME, read, overlap=overlap, step=step, settle=settle, slack=slack, is_mapped=False
    )


def survey_of(users: Callable[[], UsersReader]) -> Callable[[datetime], Survey]:
    """Users alone, of a vendor that does not say how many calls there are."""

    def survey(begin: datetime) -> Survey:
        found = yield from users()
        return AccountSurvey(users=tuple(found))

    return survey
