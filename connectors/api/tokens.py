"""Access tokens that end, and refresh tokens that are good once: whoever uses one gets the next, and must keep it.

Two processes that refresh lose the access for good. So there is one file for each source, one process holds it, and a
new pair is on the disk before it is used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from connectors.api.adapter import Account, ApiRequest, ApiResponse
from connectors.live.checkpoint import Checkpoint
from schemas.errors import Terminal, Transient

_BEFORE = timedelta(minutes=5)
"""How long before its end an access token is renewed."""
_REFUSED = (400, 401, 403)


class TokenPair(msgspec.Struct, frozen=True):
    """What is kept of a grant."""

    access: str
    refresh: str
    ends_at: datetime
    seed: str
    """A digest of the refresh token that somebody gave: another one begins anew."""


class Refreshing(NamedTuple):
    """How a vendor's tokens are refreshed, out of the secret that somebody gave."""

    seed: str
    """The refresh token to begin with."""
    endpoint: Account
    request: Callable[[str], ApiRequest]
    """A refresh token to the request that uses it up."""
    account: Callable[[str], Account]
    """An access token to how the account is reached."""


class RotatingToken:
    """`account` gives how to ask now, `renew` after a refusal. Both raise Transient, and Terminal for a dead grant."""

    def __init__(
        self,
        refreshing: Refreshing,
        kept: Checkpoint[TokenPair],
        send: Callable[[Account, ApiRequest], ApiResponse],
        now: Callable[[], datetime],
    ) -> None:
        self._refreshing = refreshing
        self._kept = kept
        self._send = send
        self._now = now
        self._seed = hashlib.blake2b(refreshing.seed.encode(), digest_size=12).hexdigest()

    def account(self) -> Account:
        pair = self._pair()
        if pair is None or pair.ends_at - _BEFORE <= self._now():
            return self.renew()
        return self._refreshing.account(pair.access)

    def renew(self) -> Account:
        """Use the refresh token up, and keep what comes before anything else is done."""
        pair = self._pair()
        request = self._refreshing.request(self._refreshing.seed if pair is None else pair.refresh)
        response = self._send(self._refreshing.endpoint, request)
        if response.status in _REFUSED:
            raise Terminal(
                f"the refresh token is not taken (status {response.status}): it was used elsewhere, or is over: connect"
                " the integration anew and give its new one"
            )
        new = self._read(response, self._refreshing.seed if pair is None else pair.refresh)
        self._kept.write(new)
        return self._refreshing.account(new.access)

    def _pair(self) -> TokenPair | None:
        pair = self._kept.read()
        return pair if pair is not None and pair.seed == self._seed else None

    def _read(self, response: ApiResponse, used: str) -> TokenPair:
        """A grant that names no next refresh token (client credentials) is renewed by what was used."""
        found: Any = None
        if response.status == 200:
            try:
                found = msgspec.json.decode(response.body, type=_Granted)
            except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
                found = None
        if found is None:
            raise Transient(f"the tokens were not renewed (status {response.status})")
        ends_at = self._now() + timedelta(seconds=found.expires_in)
        return TokenPair(found.access_token, found.refresh_token or used, ends_at, self._seed)


class _Granted(msgspec.Struct):
    """RFC 6749, 5.1."""

    access_token: str
    expires_in: int
    refresh_token: str = ""
