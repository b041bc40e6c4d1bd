"""The door of the board page: nobody without the token, every header on every answer, bounded, each question once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http.cookies import SimpleCookie
from typing import Any

import pytest
from aiohttp import CookieJar
from aiohttp.test_utils import TestClient, TestServer

from pipeline.serving.board.server import (
    HEADERS,
    MOST_BODY,
    MOST_URL,
    NotThere,
    NotUnderstood,
    OnlyShown,
    Pairs,
    Server,
    cookie_name,
)
from pipeline.serving.login import is_token, new_token
from schemas.errors import Transient

TOKEN = "a-token-of-the-test"
PORT = 8090
OUTSIDE = "https://boards.example.com"
OURS = {"X-Callfunnel": "page"}
COOKIE = cookie_name(PORT)
Client = TestClient[Any, Any]


class Fake:
    """Screens that say what they were asked."""

    first = "today"

    def __init__(self) -> None:
        self.asked: list[tuple[str, Pairs]] = []
        self.marked: list[tuple[str, bytes, str, str]] = []
        self.assets = {"board.js": ("text/javascript", b"1"), "plotly.js": ("text/javascript", b"x" * (2 << 20))}

    def page(self, board: str, pairs: Pairs, language: str) -> str:
        self.asked.append((board, pairs))
        if board == "nowhere":
            raise NotThere
        if board == "odd":
            raise NotUnderstood("no day such as x")
        if board == "away":
            raise Transient("clickhouse: connection refused")
        return f"<p>{board} {language}</p>"

    def panel(self, board: str, panel: str, pairs: Pairs, language: str) -> bytes:
        self.asked.append((f"{board}/{panel}", pairs))
        if panel == "away":
            raise Transient("clickhouse: connection refused")
        return b'{"html":"1"}'

    def mark(self, incident: str, body: bytes, who: str, language: str) -> None:
        if incident == "over":
            raise NotThere("it is over")
        if incident == "shown":
            raise OnlyShown("only shown")
        self.marked.append((incident, body, who, language))

    def notice(self, title: str, language: str, words: str = "") -> str:
        return f"<p>{title} {words}</p>"


def told(story: Callable[[Client, Fake], Awaitable[None]]) -> None:
    """Run a story against a server, as a browser of this machine."""

    async def run() -> None:
        screens = Fake()
        server = Server(screens, TOKEN, PORT, monotonic=lambda: 5.0, address=OUTSIDE)
        jar = CookieJar(unsafe=True)  # cookies of 127.0.0.1
        async with TestClient(TestServer(server.application()), cookie_jar=jar) as client:
            await story(client, screens)

    asyncio.run(run())


async def enter(client: Client) -> None:
    await client.get("/", params={"token": TOKEN})


@pytest.mark.parametrize("path", ["/", "/today", "/panel/today/today_numbers", "/assets/board.js", "/?token=wrong"])
def test_nobody_without_the_token_sees_anything(path: str) -> None:
    async def story(client: Client, screens: Fake) -> None:
        answer = await client.get(path, allow_redirects=False)
        assert answer.status == 401
        assert "login" in await answer.text()
        assert not answer.cookies
        assert screens.asked == []

    told(story)


@pytest.mark.parametrize("token", ["", "a-token-of-the-tes", "a-token-of-the-test2", "\u0436" * 19])
def test_a_cookie_that_is_almost_the_token_is_none(token: str) -> None:
    assert not is_token(token, TOKEN)


def test_a_token_cannot_be_guessed() -> None:
    assert len({new_token() for _ in range(100)}) == 100
    assert len(new_token()) >= 32


def test_the_token_becomes_a_cookie_and_leaves_the_address() -> None:
    async def story(client: Client, _: Fake) -> None:
        answer = await client.get("/", params={"token": TOKEN, "now": "last"}, allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (303, "/today?now=last")
        cookie: SimpleCookie = answer.cookies
        assert cookie[COOKIE]["httponly"]
        assert (cookie[COOKIE]["samesite"], cookie[COOKIE]["path"]) == ("Strict", "/")
        page = await client.get("/today")
        assert (page.status, await page.text()) == (200, "<p>today en</p>")
        home = await client.get("/", allow_redirects=False)
        assert (home.status, home.headers["Location"]) == (303, "/today")

    told(story)


def test_two_stacks_have_cookies_of_their_own() -> None:
    assert cookie_name(8090) != cookie_name(8091)


@pytest.mark.parametrize(
    "path", ["/ping", "/", "/today", "/nowhere", "/panel/today/x", "/assets/none", "/away", "/a/b/c"]
)
def test_every_answer_bears_the_headers(path: str) -> None:
    async def story(client: Client, _: Fake) -> None:
        for _again in range(2):
            answer = await client.get(path, allow_redirects=False)
            assert {name: answer.headers.get(name) for name in HEADERS} == dict(HEADERS)
            assert "Cache-Control" in answer.headers
            await enter(client)

    told(story)


def test_scripts_come_from_this_server_alone() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "default-src 'none'" in policy
    assert "http" not in policy
    assert "unsafe-eval" not in policy


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/nowhere", 404, "not_found"),
        ("/odd", 400, "no day such as x"),
        ("/away", 503, "connection refused"),
        ("/panel/today/away", 503, "connection refused"),
        ("/assets/none", 404, "not_found"),
        ("/a/b/c", 404, "Not Found"),
    ],
)
def test_what_goes_wrong_is_said_and_is_not_remembered(path: str, status: int, words: str) -> None:
    async def story(client: Client, screens: Fake) -> None:
        await enter(client)
        before = len(screens.asked)
        for _ in range(2):
            answer = await client.get(path)
            assert answer.status == status
            assert words in await answer.text()
        assert len(screens.asked) - before in (0, 2)

    told(story)


def test_the_same_question_within_seconds_is_asked_once() -> None:
    async def story(client: Client, screens: Fake) -> None:
        await enter(client)
        screens.asked.clear()
        for _ in range(4):
            answer = await client.get("/panel/today/today_numbers?lang=ru")
            assert await answer.json() == {"html": "1"}
        await client.get("/panel/today/today_numbers?lang=en")
        assert len(screens.asked) == 2

    told(story)


def test_only_reading_and_only_short_addresses() -> None:
    async def story(client: Client, screens: Fake) -> None:
        await enter(client)
        screens.asked.clear()
        assert (await client.post("/today", data=b"x")).status == 405
        assert (await client.get("/today?x=" + "y" * MOST_URL)).status == 414
        assert screens.asked == []

    told(story)


def test_a_browser_that_speaks_russian_is_answered_so() -> None:
    async def story(client: Client, _: Fake) -> None:
        await enter(client)
        answer = await client.get("/today", headers={"Accept-Language": "de, ru-RU;q=0.9, en;q=0.8"})
        assert await answer.text() == "<p>today ru</p>"

    told(story)


def test_plotly_is_kept_by_the_browser_and_compressed() -> None:
    async def story(client: Client, _: Fake) -> None:
        await enter(client)
        answer = await client.get("/assets/plotly.js")
        assert (answer.headers["Cache-Control"], answer.headers["Content-Encoding"]) == (
            "private, max-age=3600",
            "deflate",
        )
        assert len(await answer.read()) == 2 << 20

    told(story)


def test_what_is_said_of_a_warning_is_kept_and_seen_at_once() -> None:
    async def story(client: Client, screens: Fake) -> None:
        await enter(client)
        await client.get("/panel/today/today_attention")
        answer = await client.post("/warnings/a1b2?lang=ru", data=b'{"kind":"ack"}', headers=OURS)
        assert (answer.status, screens.marked) == (204, [("a1b2", b'{"kind":"ack"}', "127.0.0.1", "ru")])
        screens.asked.clear()
        await client.get("/panel/today/today_attention")
        assert len(screens.asked) == 1, "what was remembered from before is not shown"
        for incident, status, words in (("over", 404, "it is over"), ("shown", 403, "only shown")):
            answer = await client.post(f"/warnings/{incident}", data=b"{}", headers=OURS)
            assert (answer.status, await answer.text()) == (status, words)

    told(story)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"X-Callfunnel": "form"}, 403),
        ({**OURS, "Origin": "https://evil.example"}, 403),
        ({**OURS, "Origin": "null"}, 403),
        ({**OURS, "Origin": "http://127.0.0.1:1"}, 403),
        ({**OURS, "Origin": "http://boards.example.com"}, 403),
        ({**OURS, "Origin": OUTSIDE}, 204),
        (OURS, 204),
    ],
)
def test_no_other_site_says_anything_of_a_warning(headers: dict[str, str], status: int) -> None:
    async def story(client: Client, screens: Fake) -> None:
        assert (await client.post("/warnings/a1b2", data=b"{}", headers=headers)).status == 401, (
            "nobody without the token"
        )
        await enter(client)
        answer = await client.post("/warnings/a1b2", data=b"{}", headers=headers)
        assert (answer.status, len(screens.marked)) == (status, int(status == 204))
        ours = {**headers, "Origin": str(client.make_url("")).rstrip("/")} if headers == OURS else headers
        assert (await client.post("/warnings/a1b2", data=b"{}", headers=ours)).status == status
        assert (await client.get("/warnings/a1b2", headers=OURS)).status == 405

    told(story)


def test_a_long_note_is_refused() -> None:
    async def story(client: Client, screens: Fake) -> None:
        await enter(client)
        answer = await client.post("/warnings/a1b2", data=b"x" * (MOST_BODY + 1), headers=OURS)
        assert (answer.status, screens.marked) == (413, [])

    told(story)
