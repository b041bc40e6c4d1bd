"""Who may come in, and how often. Secrets are compared in constant time and never told."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import math
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import ip_address

from schemas.errors import Terminal

FEWEST_CHARACTERS = 16
_WRONG_PER_S, _WRONG_AT_ONCE = 0.5, 20.0
_MOST_KEYS = 10_000


def same(given: str, wanted: str) -> bool:
    """Whether a secret is right; takes the same time however much of it is, and whatever its length."""
    return hmac.compare_digest(_digest(given), _digest(wanted)) and wanted != ""


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


def basic(header: str) -> tuple[str, str]:
    """(user, password) of an Authorization header; two empty ones when it has none."""
    kind, _, text = header.partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(text.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return user, password


class Token:
    """The one secret of the generic routes and of the pages. Raises Terminal when it is short enough to be guessed."""

    def __init__(self, token: str, variable: str) -> None:
        if wrong := too_short(token):
            raise Terminal(f"{variable}: a token of {wrong}")
        self._digest = _digest(token)

    def is_in(self, authorization: str) -> bool:
        """As a Bearer token, or as the password of any user."""
        kind, _, text = authorization.partition(" ")
        return self.admits(text.strip() if kind.lower() == "bearer" else basic(authorization)[1])

    def admits(self, given: str) -> bool:
        """In constant time, as `same`."""
        return hmac.compare_digest(_digest(given), self._digest)


class Rates:
    """So many requests a second by key, with a second's worth at once. Remembers the latest keys only."""

    def __init__(self, per_s: float, clock: Callable[[], float], *, burst: float = 0.0) -> None:
        self._per_s = per_s
        self._burst = max(burst or per_s, 1.0)
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, key: str) -> int:
        """0 when the request may pass, which is then counted; else whole seconds to come again in."""
        now = self._clock()
        left, at = self._left.pop(key, (self._burst, now))
        left = min(self._burst, left + (now - at) * self._per_s)
        passes = left >= 1
        self._left[key] = (left - 1 if passes else left, now)
        if len(self._left) > _MOST_KEYS:
            self._left.popitem(last=False)
        return 0 if passes else max(1, math.ceil((1 - left) / self._per_s))


def wrong_secrets(clock: Callable[[], float]) -> Rates:
    """Of requests with a wrong secret, by address. Only those are counted: a right one is never held back by others."""
    return Rates(_WRONG_PER_S, clock, burst=_WRONG_AT_ONCE)


def too_short(secret: str) -> str:
    """What is wrong with a secret that can be guessed; "" when it is long enough."""
    if len(secret) >= FEWEST_CHARACTERS:
        return ""
    return (
        f"{len(secret)} characters can be guessed: take {FEWEST_CHARACTERS} or more (`openssl rand -hex 24` makes them)"
    )


def peer(remote: str, forwarded_for: str, behind_proxy: bool) -> str:
    """The address that asks: of a proxy on this machine, the last one that it names, when we were told of a proxy."""
    last = forwarded_for.rpartition(",")[2].strip()
    return last if behind_proxy and last and is_loopback(remote) else remote


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
