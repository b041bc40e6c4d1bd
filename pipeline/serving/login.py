"""The login of a page: who shows the token gets a cookie, and is known by it. One for the boards and the upload."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Protocol

from aiohttp import web

from connectors.http.gates import same

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src {styles}; connect-src 'self'; img-src {images};"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def page_headers(*, styles: str = "'self'", images: str = "data:", referrer: str = "no-referrer") -> Mapping[str, str]:
    """Headers of a page: scripts are files of this server, nothing else is ever requested, and nobody frames it."""
    return {
        "Content-Security-Policy": _POLICY.format(styles=styles, images=images),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": referrer,
    }


class SessionNames(Protocol):
    """The values of the cookies of those who are logged in. In one event loop."""

    def begin(self) -> str:
        """A value for who has just logged in."""

    def is_open(self, name: str) -> bool: ...

    def end(self, name: str) -> None: ...


class TokenSessions:
    """The token itself is the cookie: a server that is started again with the same token knows its browsers."""

    def __init__(self, token: str) -> None:
        self._token = token

    def begin(self) -> str:
        return self._token

    def is_open(self, name: str) -> bool:
        return is_token(name, self._token)

    def end(self, name: str) -> None:
        """It is open as long as the token is the token."""


class Login:
    """The login of one server, in its event loop."""

    def __init__(
        self,
        cookie: str,
        matches: Callable[[str], bool],
        sessions: SessionNames,
        on_login: Callable[[bool, str], None],
        *,
        lasts_s: int | None = None,
        is_secure: bool = False,
    ) -> None:
        """`matches`: whether a text is the token. `on_login` is called with whether who (an address) was let in.
        Without `lasts_s` the browser forgets the cookie when it is closed."""
        self._cookie = cookie
        self.matches = matches
        self._sessions = sessions
        self._on_login = on_login
        self._lasts_s = lasts_s
        self._is_secure = is_secure

    def cookie_of(self, request: web.Request) -> str:
        """What the browser shows; "" for nothing."""
        return request.cookies.get(self._cookie, "")

    def is_known(self, request: web.Request) -> bool:
        return self._sessions.is_open(self.cookie_of(request))

    def let_in(self, response: web.StreamResponse, who: str) -> None:
        """The answer to the token: its browser is known from now on."""
        self._on_login(True, who)
        response.set_cookie(
            self._cookie,
            self._sessions.begin(),
            max_age=self._lasts_s,
            path="/",
            httponly=True,
            samesite="Strict",
            secure=self._is_secure or None,
        )

    def refuse(self, who: str) -> None:
        """A wrong token was shown."""
        self._on_login(False, who)

    def log_out(self, request: web.Request, response: web.StreamResponse) -> None:
        self._sessions.end(self.cookie_of(request))
        response.del_cookie(self._cookie, path="/", httponly=True, samesite="Strict")


def new_token() -> str:
    return secrets.token_urlsafe(24)


def is_token(given: str, token: str) -> bool:
    """Takes the same time wherever they differ."""
    return same(given, token)
