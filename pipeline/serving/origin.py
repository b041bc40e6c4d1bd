"""Whether a request that changes something was made by our own page, and not by another site in the same browser."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web

PAGE_HEADER, PAGE_WORD = "X-Callfunnel", "page"
"""A header that no other site can have a browser send without asking first, and nobody answers that question."""


def is_of_page(request: web.Request, *ours: str) -> bool:
    """It bears the page's header, and comes from one of our addresses."""
    return request.headers.get(PAGE_HEADER) == PAGE_WORD and is_from(request, *ours)


def is_from(request: web.Request, *ours: str) -> bool:
    """The browser was on one of our addresses; other clients say nothing of it."""
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin)[:2] in [urlsplit(one)[:2] for one in ours]


def own_address(request: web.Request) -> str:
    """How whoever asks reached this server."""
    return f"{request.scheme}://{request.host}"
