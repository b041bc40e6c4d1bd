"""What carries requests to one account, and which host that is: no secret is in any message.

`connectors.api.http_transport` is the one over HTTP. It is apart, since it takes half a second to import, and every
command knows the vendors.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol
from urllib.parse import SplitResult, urlsplit

from connectors.api.adapter import Account, ApiRequest, ApiResponse
from connectors.http.gates import is_loopback
from schemas.errors import Terminal


class Stopping(Exception):
    """The listener was asked to end while an answer was awaited."""


class ApiTransport(Protocol):
    """Sends one request. Raises Transient when no whole answer comes, Stopping."""

    def send(self, account: Account, request: ApiRequest) -> ApiResponse: ...


class Host(NamedTuple):
    """Where an account is, for people and for the pin: no path, no secret."""

    scheme: str
    name: str
    port: int

    def __str__(self) -> str:
        usual = {"https": 443, "http": 80}[self.scheme]
        return self.name if self.port == usual else f"{self.name}:{self.port}"


def host_of(address: str, what: str) -> Host:
    """The host of an address. Raises Terminal, in words that hold nothing of the address but its host."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise Terminal(f"{what}: it is not an address: https://HOST/...") from None
    if not parts.hostname or parts.scheme not in ("https", "http"):
        raise Terminal(f"{what}: it is not an address: https://HOST/...")
    if parts.username or parts.password:
        raise Terminal(f"{what}: an address with a user in it: leave out what stands before @")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise Terminal(f"{what}: http to {parts.hostname} shows the secret to everybody on the way: give https://")
    return Host(parts.scheme, parts.hostname, port or _usual_port(parts))


def _usual_port(parts: SplitResult) -> int:
    return 443 if parts.scheme == "https" else 80
