"""What answers over HTTP does not say which program, of which version, it is."""

from __future__ import annotations

from aiohttp import web_response

NAME = "callfunnel"


def hide() -> None:
    """Every answer of this process bears our name alone, aiohttp's own ones to malformed requests too."""
    # There is no option for it, and what a handler's hook removes stays in the answers that no handler gave.
    web_response.SERVER_SOFTWARE = NAME  # type: ignore[attr-defined]  # a name it imports
