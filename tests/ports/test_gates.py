"""What every HTTP port answers to whoever has no right secret: a refusal, slower and slower, and nothing of itself."""

from __future__ import annotations

import pytest

from connectors.http.crowd import Crowd
from connectors.http.gates import FEWEST_CHARACTERS, too_short
from connectors.registry import HOOKS
from pipeline.cli.listen_http import hooks
from pipeline.listening.session import Exchange
from pipeline.settings import read_settings
from schemas.errors import Terminal
from tests.ports.served import PORTS, SECRET, run_story, served

NOT_TEXT = [b"\xff\xfe", b"\xd0", b"\xed\xa0\x80", b"a\xffb" * 100, "пароль".encode("cp1251")]
MALFORMED = [b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\r\n\r\n", b"GET /\xff HTTP/1.1\r\nHost: h\r\n\r\n",
             b"GET / HTTP/1.1\r\nHost: h\r\nBad Header\r\n\r\n", b"BREW / HTTP/1.1\r\nHost: h\r\n\r\n"]  # fmt: skip


@pytest.mark.parametrize("name", PORTS)
def test_secret_that_is_not_text_is_refused_as_any_other_wrong_one(name: str) -> None:
    async def story() -> None:
        async with served(name) as one:
            for secret in NOT_TEXT:
                assert (await one.with_secret(secret)).status in (401, 403), secret
            assert (await one.with_secret(SECRET.encode())).status == 200

    run_story(story)


@pytest.mark.parametrize("where", ["X-ClickHouse-Key", "X-ClickHouse-User", "Authorization", "url", "sql"])
def test_store_refuses_bytes_that_are_not_text_wherever_they_stand(where: str) -> None:
    head = b"POST /?query=%ff&password=%ff HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n"
    lines = {
        "X-ClickHouse-Key": b"X-ClickHouse-User: reader\r\nX-ClickHouse-Key: \xff\xfe\r\n",
        "X-ClickHouse-User": b"X-ClickHouse-User: \xff\xfe\r\n",
        "Authorization": b"Authorization: Basic \xff\xfe\r\n",
        "url": b"",
        "sql": b"X-ClickHouse-User: reader\r\nX-ClickHouse-Key: " + SECRET.encode() + b"\r\n",
    }

    async def story() -> None:
        async with served("store") as one:
            if where == "sql":
                body = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n" + lines[where] + b"\r\nSELECT \xff\xfe"
                answer = await one.ask(body)
                assert answer.status < 500 or b"not UTF-8" in answer.body
            else:
                assert (await one.ask(head + lines[where] + b"\r\nx")).status == 403

    run_story(story)


@pytest.mark.parametrize("name", PORTS)
def test_wrong_secrets_are_slowed_down_and_the_right_one_never_is(name: str) -> None:
    async def story() -> None:
        async with served(name) as one:
            answers = [(await one.with_secret(b"wrong-%d" % number)) for number in range(30)]
            assert {answer.status for answer in answers[:20]} <= {401, 403}
            assert {answer.status for answer in answers[20:]} == {429}
            assert "retry-after:" in answers[-1].head.lower()
            assert (await one.with_secret(SECRET.encode())).status == 200
            one.clock.now_s += 2.0
            assert (await one.with_secret(b"wrong")).status in (401, 403)
            assert (await one.with_secret(b"wrong")).status == 429

    run_story(story)


@pytest.mark.parametrize("name", PORTS)
def test_no_answer_says_which_program_of_which_version_it_is(name: str) -> None:
    async def story() -> None:
        async with served(name) as one:
            answers = [await one.with_secret(SECRET.encode()), await one.with_secret(b"wrong")]
            answers += [await one.ask(request) for request in MALFORMED]
            answers.append(await one.ask(b"GET /nowhere/at/all HTTP/1.1\r\nHost: h\r\n\r\n"))
            for answer in answers:
                assert not any(word in answer.head.lower() for word in ("aiohttp", "python", "clickhouse/")), answer
                assert b"Traceback" not in answer.body
                assert b"aiohttp" not in answer.body.lower()

    run_story(story)


@pytest.mark.parametrize("kind", sorted(HOOKS))
def test_secret_of_a_webhook_that_can_be_guessed_is_refused_with_what_to_do(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = {"freeswitch": "longest-of-users:short", "mango": "a-very-long-key-of-the-api:short"}.get(kind, "x" * 15)
    monkeypatch.setenv("HOOK", short)
    with pytest.raises(Terminal, match=r"HOOK: .*can be guessed: take 16 or more \(`openssl rand -hex 24` makes them"):
        hooks([(kind, "cloud", "HOOK")], Exchange("office", "UTC", ""), read_settings({}))
    long = {"freeswitch": "u:" + "x" * 16, "mango": "k:" + "x" * 16}.get(kind, "x" * 16)
    monkeypatch.setenv("HOOK", long)
    assert len(hooks([(kind, "cloud", "HOOK")], Exchange("office", "UTC", ""), read_settings({}))) == 1


def test_length_of_secrets() -> None:
    assert too_short("x" * FEWEST_CHARACTERS) == ""
    assert "15 characters" in too_short("x" * 15)


class Peer:
    """A connection that remembers that it was closed."""

    closed = False

    def force_close(self) -> None:
        self.closed = True


def test_who_waits_longest_without_a_request_gives_way_and_everybody_after_a_while() -> None:
    now = [0.0]
    crowd = Crowd(10.0, 2, lambda: now[0])
    first, second, third = Peer(), Peer(), Peer()
    assert crowd.tend([first]) == 0
    now[0] = 1.0
    assert crowd.tend([first, second]) == 0
    now[0] = 2.0
    assert crowd.tend([first, second, third]) == 1
    assert (first.closed, second.closed, third.closed) == (True, False, False)
    now[0] = 11.5
    assert crowd.tend([second, third]) == 1
    assert (second.closed, third.closed) == (True, False)
