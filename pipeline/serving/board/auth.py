"""Who may see the board page: a browser that once came with the token. Pure."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from connectors.http.gates import same

HEADERS: Mapping[str, str] = {
    # Plotly writes style elements; scripts are files of this server, and nothing else is ever asked.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:;"
        " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""Of every answer."""


def new_token() -> str:
    return secrets.token_urlsafe(24)


def cookie_name(port: int) -> str:
    """Browsers keep cookies by host, not by port: two stacks on one machine must not throw each other's out."""
    return f"callfunnel_board_{port}"


def is_token(given: str | None, token: str) -> bool:
    """Takes the same time wherever they differ."""
    return given is not None and same(given, token)
