"""The board page over HTTP: who may see it, pages, panels, and the files that a page needs. What is shown is `Screens`.

GET /?token=...              lets in: a cookie, and the first board
GET /<board>?...             a board's page
GET /panel/<board>/<id>?...  a panel as JSON: {"html"} or {"figure"}
POST /warnings/<incident>    what a reader says of a warning, as JSON: see `incidents.MarkBody`
GET /assets/<name>           scripts and styles
GET /ping                    it serves
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol

from aiohttp import web

from connectors.http.banner import hide
from connectors.http.crowd import Crowd
from connectors.http.gates import wrong_secrets
from connectors.http.served import served
from connectors.http.serving import Address
from pipeline.drawing.languages import accepted_language
from pipeline.serving.board.answer_cache import AnswerCache
from pipeline.serving.login import Login, TokenSessions, is_token, page_headers
from pipeline.serving.origin import is_of_page, own_address
from schemas.errors import CallfunnelError

Pairs = Sequence[tuple[str, str]]

MOST_URL = 8_000
MOST_BODY = 4_096
HEADERS: Mapping[str, str] = {
    # Plotly writes style elements.
    **page_headers(styles="'self' 'unsafe-inline'", images="'self' data: blob:"),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Of every answer."""
_FRESH_S = 10
"""An answer is at most so old when it is shown."""
_REMEMBER_BYTES = 32 << 20
_ASKING = 2
"""Questions at a time: as many as the embedded store has handles for the board page."""
_MOST_WAITING = 200
_IDLE_S = 75.0
"""A connection without a request is kept so long."""


class NotThere(Exception):
    """There is no such board, panel or warning."""


class NotUnderstood(ValueError):
    """The address holds something that does not exist; the message says what."""


class OnlyShown(Exception):
    """This page shows, and keeps nothing."""


class Screens(Protocol):
    """What is shown. Each may block; called from threads."""

    first: str
    """The board that opens."""

    @property
    def assets(self) -> Mapping[str, tuple[str, bytes]]:
        """Name -> content type, content."""

    def page(self, board: str, pairs: Pairs, language: str) -> str:
        """HTML. Raises NotThere, NotUnderstood, Trouble."""

    def panel(self, board: str, panel: str, pairs: Pairs, language: str) -> bytes:
        """JSON. Raises NotThere, NotUnderstood, Trouble."""

    def mark(self, incident: str, body: bytes, who: str, language: str) -> None:
        """Keep what somebody (a client's address) says of a warning. Raises OnlyShown, NotThere, NotUnderstood,
        Trouble."""

    def notice(self, title: str, language: str, message: str = "") -> str:
        """HTML that only says something: `login`, `not_found`, `wrong_address`, `failed`."""


class Server:
    """One board page. `token` lets in."""

    def __init__(
        self,
        screens: Screens,
        token: str,
        port: int,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        on_login: Callable[[bool, str], None] = lambda done, who: None,
        address: str = "",
    ) -> None:
        """`address`: what a reader's browser calls it, where that is not what reaches it."""
        self._screens = screens
        self._address = address
        self._marks = 0
        self._monotonic = monotonic
        matches = partial(is_token, token=token)
        self._login = Login(cookie_name(port), matches, TokenSessions(token), on_login)
        self._wrong = wrong_secrets(monotonic)
        self.crowd = Crowd(_IDLE_S)
        self._remembered = AnswerCache(_REMEMBER_BYTES)
        self._threads = ThreadPoolExecutor(_ASKING, thread_name_prefix="panel")
        self._waiting = 0

    def application(self) -> web.Application:
        hide()
        application = web.Application(middlewares=[self.crowd.counted, self._guarded], client_max_size=MOST_BODY)
        application.router.add_get("/ping", self._ping)
        application.router.add_get("/", self._enter)
        application.router.add_get("/assets/{name}", self._asset)
        application.router.add_get("/panel/{board}/{panel}", self._panel)
        application.router.add_post("/warnings/{incident}", self._mark)
        application.router.add_get("/{board}", self._page)
        return application

    @web.middleware
    async def _guarded(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Nobody without the token sees anything; every answer bears the headers."""
        answer: web.StreamResponse
        if len(request.path_qs) > MOST_URL:
            answer = web.Response(status=414, text="the address is too long\n")
        elif request.path not in ("/", "/ping") and not self._login.is_known(request):
            answer = self._refused(request, self._login.cookie_of(request))
        else:
            answer = await self._answered(request, handler)
        for name, value in HEADERS.items():
            answer.headers.setdefault(name, value)
        answer.headers.setdefault("Cache-Control", "no-store")
        return answer

    async def _answered(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            return await handler(request)
        except NotThere as missing:
            return self._notice(request, 404, "not_found", str(missing))
        except OnlyShown as refused:
            return self._notice(request, 403, "failed", str(refused))
        except NotUnderstood as wrong:
            return self._notice(request, 400, "wrong_address", str(wrong))
        except CallfunnelError as error:
            return self._notice(request, 503, "failed", str(error))
        except web.HTTPException as refused:
            return web.Response(status=refused.status, text=f"{refused.reason}\n")

    def _notice(self, request: web.Request, status: int, title: str, message: str = "") -> web.Response:
        """To a person a page, to a script of ours a line."""
        if request.path.startswith(("/panel/", "/assets/", "/warnings/")):
            return web.Response(status=status, text=message or title)
        html = self._screens.notice(title, _language(request), message)
        return web.Response(status=status, text=html, content_type="text/html")

    async def _ping(self, _: web.Request) -> web.Response:
        return web.Response(text="Ok.\n")

    async def _enter(self, request: web.Request) -> web.Response:
        """With the token: a cookie, and on without it, so that it stays in no history and on no picture."""
        pairs = [(name, value) for name, value in request.query.items() if name != "token"]
        on = request.rel_url.with_path(f"/{self._screens.first}").with_query(pairs)
        answer = web.Response(status=303, headers={"Location": str(on)})
        if self._login.matches(request.query.get("token", "")):
            self._login.let_in(answer, request.remote or "")
            return answer
        if self._login.is_known(request):
            return answer
        return self._refused(request, request.query.get("token") or self._login.cookie_of(request))

    def _refused(self, request: web.Request, given: str) -> web.Response:
        """Who gives no token is asked to log in; who gives many wrong ones has to wait."""
        if "token" in request.query:
            self._login.refuse(request.remote or "")
        wait_s = self._wrong.wait_s(request.remote or "") if given else 0
        answer = self._notice(request, 429 if wait_s else 401, "login")
        if wait_s:
            answer.headers["Retry-After"] = str(wait_s)
        return answer

    async def _asset(self, request: web.Request) -> web.Response:
        found = self._screens.assets.get(request.match_info["name"])
        if found is None:
            raise NotThere
        kind, content = found
        # Asked again after each start of the server at most once: an update must not meet an old script.
        headers = {"Cache-Control": "private, max-age=3600"} if len(content) > 1 << 20 else {}
        answer = web.Response(body=content, content_type=kind, charset="utf-8", headers=headers)
        answer.enable_compression()
        return answer

    async def _page(self, request: web.Request) -> web.Response:
        board, pairs, lang = request.match_info["board"], list(request.query.items()), _language(request)
        html = await self._ask(("page", board, *pairs, lang), lambda: self._screens.page(board, pairs, lang).encode())
        return web.Response(body=html, content_type="text/html", charset="utf-8")

    async def _panel(self, request: web.Request) -> web.Response:
        board, panel = request.match_info["board"], request.match_info["panel"]
        pairs, lang = list(request.query.items()), _language(request)
        answer = await self._ask((board, panel, *pairs, lang), lambda: self._screens.panel(board, panel, pairs, lang))
        response = web.Response(body=answer, content_type="application/json", charset="utf-8")
        response.enable_compression()
        return response

    async def _mark(self, request: web.Request) -> web.Response:
        """What was remembered of panels is not shown any more: whoever said it sees it at once."""
        if not is_of_page(request, own_address(request), self._address):
            raise web.HTTPForbidden(reason="this is for the board page itself")
        incident, lang, who = request.match_info["incident"], _language(request), request.remote or ""
        body = await request.read()
        keep = partial(self._screens.mark, incident, body, who, request.query.get("lang", lang))
        await asyncio.get_running_loop().run_in_executor(self._threads, keep)
        self._marks += 1
        return web.Response(status=204)

    async def _ask(self, key: tuple[object, ...], work: Callable[[], bytes]) -> bytes:
        """The answer of the last seconds, or a new one."""

        async def ask() -> bytes:
            if self._waiting >= _MOST_WAITING:
                raise web.HTTPServiceUnavailable(reason="too many questions wait")
            self._waiting += 1
            try:
                return await asyncio.get_running_loop().run_in_executor(self._threads, work)
            finally:
                self._waiting -= 1

        return await self._remembered.get((int(self._monotonic() // _FRESH_S), self._marks, *key), ask)


def _language(request: web.Request) -> str:
    """Of a browser that has not chosen."""
    return accepted_language(request.headers.get("Accept-Language", ""))


async def serve(server: Server, port: int, stopping: asyncio.Event) -> None:
    """Serve on loopback until told to stop."""
    address = Address(host="127.0.0.1", port=port)
    async with served(server.application(), server.crowd, address, drain_s=2):
        await stopping.wait()


def cookie_name(port: int) -> str:
    """Browsers keep cookies by host, not by port: two stacks on one machine must not throw each other's out."""
    return f"callfunnel_board_{port}"
