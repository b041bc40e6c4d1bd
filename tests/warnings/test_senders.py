"""Delivery to real servers of this machine: what each gets, and what each kind of failure is."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.warnings import senders
from pipeline.warnings.outbox import OutboxMessage, message_id
from pipeline.warnings.receivers import MessageRoute
from pipeline.warnings.senders import Secrets, answer_error, cut, send_message
from schemas.errors import CallfunnelError, Terminal, Transient
from tests.certificates import certificate_of_localhost
from tests.report.post_office import PostOffice, open_office
from tests.warnings.inbox import Answer, Inbox, open_inbox
from tests.warnings.worlds import NOON

TOKEN = "123456:SECRET-of-the-bot"
TEXT = "Анна <Петрова> & Ко: 12 звонков, ожидалось 31\nС 11:20"


def message(channel: str, address: str) -> OutboxMessage:
    route = MessageRoute("head", channel, address)
    return OutboxMessage(
        message_id=message_id(route, ["a:firing"]),
        route=route,
        preview=TEXT.partition("\n")[0],
        text=TEXT,
        data={"kind": "warnings", "items": []},
        notices=("a:firing",),
        created_at=NOON,
    )


def sent(channel: str, address: str, env: dict[str, str], context: ssl.SSLContext | None = None) -> OutboxMessage:
    one = message(channel, address)
    asyncio.run(send_message(one, Secrets(env), context))
    return one


def refusal(channel: str, address: str, env: dict[str, str], context: ssl.SSLContext | None = None) -> CallfunnelError:
    with pytest.raises((Transient, Terminal)) as refused:
        sent(channel, address, env, context)
    assert "SECRET" not in str(refused.value)
    return refused.value


def telegram(inbox: Inbox) -> dict[str, str]:
    return {"CALLFUNNEL_TELEGRAM_API": inbox.url, "CALLFUNNEL_TELEGRAM_TOKEN": TOKEN}


def test_telegram_gets_plain_text_for_the_chat() -> None:
    with open_inbox() as inbox:
        sent("telegram", "-1001", telegram(inbox))
    (one,) = inbox.all
    assert one.path == f"/bot{TOKEN}/sendMessage"
    assert one.body == {"chat_id": "-1001", "text": TEXT, "link_preview_options": {"is_disabled": True}}


def test_slack_gets_its_three_marks_escaped() -> None:
    with open_inbox() as inbox:
        sent("slack", "north", {"CALLFUNNEL_SLACK": f"north={inbox.url}/services/SECRET, south=https://x.example/y"})
    (one,) = inbox.all
    assert (one.path, one.body["text"].splitlines()[0]) == (
        "/services/SECRET",
        "Анна &lt;Петрова&gt; &amp; Ко: 12 звонков, ожидалось 31",
    )


def test_webhook_gets_all_with_a_key_that_is_the_same_when_it_is_sent_again() -> None:
    with open_inbox() as inbox:
        for _ in range(2):
            one = sent("webhook", f"{inbox.url}/SECRET", {"CALLFUNNEL_WEBHOOK_TOKEN": "SECRET-token"})
    first, second = inbox.all
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"] == one.message_id == first.body["id"]
    assert first.headers["Authorization"] == "Bearer SECRET-token"
    assert (first.body["preview"], first.body["text"], first.body["kind"]) == (TEXT.splitlines()[0], TEXT, "warnings")


def test_letter_is_text_with_the_first_line_as_subject_and_an_id_that_stays() -> None:
    with open_office(PostOffice()) as office:
        env = {"CALLFUNNEL_SMTP_HOST": "localhost", "CALLFUNNEL_SMTP_PORT": str(office.port)}
        env |= {"CALLFUNNEL_SMTP_SECURITY": "none", "CALLFUNNEL_MAIL_FROM": "callfunnel@example.com"}
        one = sent("email", "head@example.com", env)
        office.answers["RCPT"] = "451 try again later"
        assert isinstance(refusal("email", "head@example.com", env), Transient)
        office.answers["RCPT"] = "550 no such user"
        assert isinstance(refusal("email", "head@example.com", env), Terminal)
    (letter,) = office.letters
    assert (letter["Subject"], letter["To"]) == (TEXT.splitlines()[0], "head@example.com")
    assert letter["Message-ID"] == f"<{one.message_id}@callfunnel.invalid>"
    assert letter.get_content().splitlines() == TEXT.splitlines()


@pytest.mark.parametrize(
    ("answer", "kind", "told"),
    [
        (Answer(500), Transient, "telegram (localhost): answered 500"),
        (Answer(502, "<html>SECRET</html>"), Transient, "answered 502"),
        (
            Answer(400, '{"ok":false,"description":"Bad Request: chat not found"}'),
            Terminal,
            "telegram (localhost): answered 400: Bad Request: chat not found",
        ),
        (Answer(401, '{"description":"Unauthorized"}'), Terminal, "answered 401: Unauthorized"),
        (Answer(302, "", (("Location", "http://localhost:1/SECRET"),)), Terminal, "answered 302"),
    ],
)
def test_failures_are_named_without_secrets(answer: Answer, kind: type[Exception], told: str) -> None:
    with open_inbox() as inbox:
        inbox.answers.append(answer)
        error = refusal("telegram", "-1001", telegram(inbox))
    assert isinstance(error, kind)
    assert told in str(error)


def test_too_many_requests_wait_as_long_as_is_asked_for() -> None:
    with open_inbox() as inbox:
        inbox.answers += [
            Answer(429, '{"description":"Too Many Requests: retry after 77","parameters":{"retry_after":77}}'),
            Answer(429, "", (("Retry-After", "120"),)),
            Answer(503, "", (("Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT"),)),
        ]
        waits = [refusal("telegram", "-1001", telegram(inbox)) for _ in range(3)]
    assert [getattr(one, "retry_after_s", None) for one in waits] == [77, 120, 0]


def test_date_to_retry_after_is_counted_from_now() -> None:
    now = datetime(2026, 10, 21, 7, 27, tzinfo=UTC)
    error = answer_error("slack", 429, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, b"", now)
    assert isinstance(error, Transient)
    assert error.retry_after_s == 60


def test_nobody_there_and_no_answer_in_time_are_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(senders, "_ANSWER_S", 0.3)
    with open_inbox() as inbox:
        inbox.answers.append(Answer(after_s=1.0))
        slow = refusal("telegram", "-1001", telegram(inbox))
    assert isinstance(slow, Transient)
    assert "no answer within" in str(slow)
    gone = refusal("telegram", "-1001", telegram(inbox))
    assert isinstance(gone, Transient)
    assert "telegram (localhost): " in str(gone)


@pytest.mark.parametrize(
    ("channel", "address", "env", "told"),
    [
        ("telegram", "1", {}, "CALLFUNNEL_TELEGRAM_TOKEN is not set"),
        ("telegram", "1", {"CALLFUNNEL_TELEGRAM_API": "http://example.com"}, "CALLFUNNEL_TELEGRAM_API: not an address"),
        ("slack", "north", {}, "CALLFUNNEL_SLACK is not set"),
        (
            "slack",
            "north",
            {"CALLFUNNEL_SLACK": "south=https://x/SECRET"},
            "CALLFUNNEL_SLACK has no address for 'north'",
        ),
        (
            "slack",
            "north",
            {"CALLFUNNEL_SLACK": "north=http://x.example/SECRET"},
            "CALLFUNNEL_SLACK: north: not an address",
        ),
        ("email", "h@example.com", {}, "CALLFUNNEL_SMTP_HOST is not set"),
    ],
)
def test_missing_and_unsafe_settings_of_the_environment_are_named(
    channel: str, address: str, env: dict[str, str], told: str
) -> None:
    assert told in str(refusal(channel, address, env))
    problem = Secrets(env).problem(MessageRoute("head", channel, address))
    assert told in problem


def test_secrets_are_not_shown() -> None:
    assert TOKEN not in repr(Secrets({"CALLFUNNEL_TELEGRAM_TOKEN": TOKEN}))


def test_long_text_is_cut_to_what_telegram_takes() -> None:
    assert cut("я" * 4_096, 4_096) == "я" * 4_096
    assert len(cut("😀" * 4_096, 4_096).encode("utf-16-le")) // 2 <= 4_096
    assert cut("ab" * 4_000, 4_096).endswith("…")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate_of_localhost(tmp_path_factory.mktemp("tls"))


def test_certificate_is_checked(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with open_inbox(context) as inbox:
        untrusted = refusal("webhook", f"{inbox.url}/SECRET", {})
        assert inbox.all == []
        sent("webhook", f"{inbox.url}/SECRET", {}, ssl.create_default_context(cafile=str(certificate)))
        assert len(inbox.all) == 1
    assert isinstance(untrusted, Terminal)
    assert "webhook localhost: its certificate: self" in str(untrusted)
