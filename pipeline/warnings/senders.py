"""Hands a message over: to a mail server, Telegram, Slack or a webhook.

Secrets come from the environment alone, and are in no error: what is raised names the host and the answer.
https://core.telegram.org/bots/api#sendmessage, https://api.slack.com/messaging/webhooks
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp

from pipeline.report.letter import Post, post_of, send
from pipeline.warnings.outbox import OutboxMessage
from pipeline.warnings.receivers import MessageRoute, check_address
from schemas.errors import CallfunnelError, Terminal, Transient
from schemas.http_errors import http_errors

_TELEGRAM = "https://api.telegram.org"
_ANSWER_S, _CONNECT_S = 20.0, 10.0
_MOST_OF_ANSWER = 4_096
_TELEGRAM_LONGEST, _SLACK_LONGEST = 4_096, 30_000
"""Characters of a text; Telegram counts UTF-16 units. https://core.telegram.org/method/messages.sendMessage"""


class Secrets(NamedTuple):
    """What the environment says of channels. Never shown."""

    env: Mapping[str, str]

    def __repr__(self) -> str:
        return "Secrets(...)"

    def post(self, address: str) -> Post:
        """How to send a letter to an address. Raises Terminal, which names the variable."""
        return post_of(self.env, (address,))

    @property
    def telegram_api(self) -> str:
        api = self.env.get("CALLFUNNEL_TELEGRAM_API", "").strip().rstrip("/") or _TELEGRAM
        check_address(api, "CALLFUNNEL_TELEGRAM_API")
        return api

    @property
    def telegram_token(self) -> str:
        return self._needed("CALLFUNNEL_TELEGRAM_TOKEN")

    def slack(self, name: str) -> str:
        """The address of an incoming webhook. One address alone is everybody's."""
        given = [one.strip() for one in self._needed("CALLFUNNEL_SLACK").split(",") if one.strip()]
        named = dict(one.split("=", 1) for one in given if not one.startswith("http") and "=" in one)
        address = named.get(name) or (given[0] if len(given) == 1 and given[0].startswith("http") else "")
        if not address:
            raise Terminal(f"CALLFUNNEL_SLACK has no address for {name!r}: write {name}=https://hooks.slack.com/...")
        check_address(address, f"CALLFUNNEL_SLACK: {name}")
        return address

    @property
    def webhook_token(self) -> str:
        return self.env.get("CALLFUNNEL_WEBHOOK_TOKEN", "").strip()

    def problem(self, route: MessageRoute) -> str:
        """What the environment lacks for this address; "" when it has all."""
        try:
            if route.channel == "email":
                self.post(route.address)
            elif route.channel == "telegram":
                _ = self.telegram_api, self.telegram_token
            elif route.channel == "slack":
                self.slack(route.address)
        except Terminal as error:
            return str(error)
        return ""

    def _needed(self, name: str) -> str:
        if not (value := self.env.get(name, "").strip()):
            raise Terminal(f"{name} is not set: see docs/warnings.md")
        return value


class _HttpPost(NamedTuple):
    """A request whose address and headers may be secrets."""

    url: str
    body: dict[str, Any]
    headers: dict[str, str]
    where: str
    """For people."""


async def send_message(message: OutboxMessage, secrets: Secrets, context: ssl.SSLContext | None = None) -> None:
    """Return once the receiver's server has taken it. Raises Transient or Terminal.

    `context` is for tests: certificates are checked against the system's authorities otherwise.
    """
    if message.route.channel == "email":
        post = secrets.post(message.route.address)
        await asyncio.to_thread(send, post, letter(message, post), context)
    else:
        await _post(_http_post(message, secrets), context)


def letter(message: OutboxMessage, post: Post) -> EmailMessage:
    """The message as a letter of plain text. Its id is always the same, so that mail that came twice is shown once."""
    made = EmailMessage()
    made["Subject"] = " ".join(message.preview.split())
    made["From"], made["To"] = post.sender, ", ".join(post.receivers)
    made["Date"] = format_datetime(message.created_at)
    made["Message-ID"] = f"<{message.message_id}@callfunnel.invalid>"
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notes in answer
    made.set_content(message.text)
    return made


def _http_post(message: OutboxMessage, secrets: Secrets) -> _HttpPost:
    channel, address = message.route.channel, message.route.address
    if channel == "telegram":
        api = secrets.telegram_api
        body = {
            "chat_id": address,
            "text": cut(message.text, _TELEGRAM_LONGEST),
            "link_preview_options": {"is_disabled": True},
        }
        host = urlsplit(api).hostname
        return _HttpPost(f"{api}/bot{secrets.telegram_token}/sendMessage", body, {}, f"telegram ({host})")
    if channel == "slack":
        # https://api.slack.com/reference/surfaces/formatting#escaping
        text = message.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return _HttpPost(secrets.slack(address), {"text": cut(text, _SLACK_LONGEST)}, {}, f"slack ({address})")
    headers = {"Idempotency-Key": message.message_id}
    if token := secrets.webhook_token:
        headers["Authorization"] = f"Bearer {token}"
    body = {"id": message.message_id, "preview": message.preview, "text": message.text, **message.data}
    return _HttpPost(address, body, headers, f"webhook {urlsplit(address).hostname}")


def cut(text: str, longest: int) -> str:
    """At most so many UTF-16 units."""
    if len(text.encode("utf-16-le")) <= 2 * longest:
        return text
    return text.encode("utf-16-le")[: 2 * (longest - 1)].decode("utf-16-le", "ignore") + "…"


async def _post(request: _HttpPost, context: ssl.SSLContext | None) -> None:
    with http_errors(request.where, _ANSWER_S, cut="no whole answer"):
        try:
            await _ask(request, context)
        except aiohttp.InvalidURL:
            raise Terminal(f"{request.where}: not an address") from None


async def _ask(request: _HttpPost, context: ssl.SSLContext | None) -> None:
    async with (
        # A proxy of the environment is for the world outside; loopback is not behind it.
        aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=_ANSWER_S, sock_connect=_CONNECT_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=request.url.startswith("https"),
        ) as session,
        session.post(
            request.url,
            data=json.dumps(request.body, ensure_ascii=False).encode(),
            headers={"Content-Type": "application/json", "User-Agent": "callfunnel", **request.headers},
            allow_redirects=False,
            ssl=context or True,
        ) as response,
    ):
        body = await response.content.read(_MOST_OF_ANSWER)
        if error := answer_error(request.where, response.status, response.headers, body, datetime.now(UTC)):
            raise error


_LATER = frozenset({408, 409, 425, 429})
"""Refusals that may be accepted later."""


def answer_error(
    where: str, status: int, headers: Mapping[str, str], body: bytes, now: datetime
) -> CallfunnelError | None:
    """What an answer means; None when the message was taken.

    Of the body only Telegram's `description` is repeated: others may send back what they were sent.
    """
    if 200 <= status < 300:
        return None
    answer = _object(body)
    description = answer.get("description")
    more = f": {description[:200]}" if isinstance(description, str) else ""
    problem = f"{where}: answered {status}{more}"
    if status >= 500 or status in _LATER:
        parameters = answer.get("parameters")
        wait_s = parameters.get("retry_after") if isinstance(parameters, dict) else None
        asked_s = float(wait_s) if isinstance(wait_s, int) and not isinstance(wait_s, bool) else None
        return Transient(problem, retry_after_s=asked_s or _retry_after_s(headers.get("Retry-After", ""), now))
    return Terminal(problem)


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _retry_after_s(text: str, now: datetime) -> float:
    """Seconds of a Retry-After header, a number or a date (RFC 9110, 10.2.3); 0 when there is none."""
    if text.strip().isdecimal():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return max(0.0, (at - now).total_seconds()) if at.tzinfo else 0.0
