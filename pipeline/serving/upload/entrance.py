"""Logging in. A cookie says who asks; a header that no other site can send says that it was the page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs

from aiohttp import web

from connectors.http.serving import Guard, Problem, answer
from pipeline.serving.login import Login, page_headers
from pipeline.serving.origin import is_from, is_of_page, own_address
from pipeline.serving.sessions import LASTS_S, Sessions

COOKIE = "callfunnel"
_PAGE = Path(__file__).with_name("page")
_FILES = {"style.css": "text/css", "script.js": "text/javascript", "words.js": "text/javascript"}
# With no-referrer the login form's Origin is "null".
_HEADERS = page_headers(referrer="same-origin")
_MOST_FORM = 4_096
_NOT_OURS = "this is for the page of the listener itself"


class PageAuth:
    """One listener's, in its event loop."""

    def __init__(self, guard: Guard, clock: Callable[[], float]) -> None:
        self._guard = guard
        self._login = Login(
            COOKIE,
            guard.token.admits,
            Sessions(clock),
            lambda done, who: guard.on_login(done, who),
            lasts_s=LASTS_S,
            is_secure=guard.address.is_secure,
        )

    def add(self, router: web.UrlDispatcher) -> None:
        router.add_get("/", self._home)
        router.add_post("/login", self._log_in)
        router.add_post("/logout", self._log_out)
        router.add_get("/page/{file}", self._file)

    def admit(self, request: web.Request) -> None:
        """Raises the answer for who is not logged in, and for what another site has made a browser send."""
        if not self._login.is_known(request):
            raise self._guard.refused(request, 401, "log in first")
        self._guard.count(request, "page")
        if request.method != "GET" and not is_of_page(request, self._ours(request)):
            raise Problem(403, _NOT_OURS)

    def _ours(self, request: web.Request) -> str:
        return self._guard.address.public_url or own_address(request)

    async def _home(self, request: web.Request) -> web.Response:
        self._guard.count(request, "page")
        return _html("app.html" if self._login.is_known(request) else "login.html")

    async def _file(self, request: web.Request) -> web.Response:
        """What the login page is made of: no secret of anybody."""
        name = request.match_info["file"]
        if name not in _FILES:
            raise Problem(404, "Not Found")
        return web.Response(body=(_PAGE / name).read_bytes(), content_type=_FILES[name], charset="utf-8")

    async def _log_in(self, request: web.Request) -> web.Response:
        self._guard.count(request, "page")
        if not is_from(request, self._ours(request)) or request.content_type != "application/x-www-form-urlencoded":
            raise Problem(403, _NOT_OURS)
        form = parse_qs((await self._guard.body(request, _MOST_FORM)).decode("utf-8", "replace"))
        if not self._login.matches(form.get("token", [""])[0].strip()):
            self._login.refuse(self._guard.peer(request))
            return _html("wrong.html", self._guard.refused(request, 401, "a login with a wrong token").status)
        response = web.Response(status=303, headers={"Location": "/"})
        self._login.let_in(response, self._guard.peer(request))
        return response

    async def _log_out(self, request: web.Request) -> web.Response:
        self.admit(request)
        response = answer({})
        self._login.log_out(request, response)
        return response


def _html(name: str, status: int = 200) -> web.Response:
    """A page; `wrong.html` is the login page that says so."""
    page = (_PAGE / name.replace("wrong", "login")).read_bytes()
    if name == "wrong.html":
        page = page.replace(b'id="wrong" hidden', b'id="wrong"')
    return web.Response(status=status, body=page, content_type="text/html", charset="utf-8", headers=_HEADERS)
