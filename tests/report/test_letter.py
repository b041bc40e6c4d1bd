"""The report by mail: what is sent, to whom, how safely, and what a stale report says."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from pipeline.report.letter import Attachment, Post, message, post_of, send
from schemas.errors import Terminal, Transient
from tests.certificates import certificate_of_localhost
from tests.report.post_office import PostOffice, open_office
from tests.serving.board.conftest import WEEK, Commands

SECRET = "a secret of the test"
MAIL = {
    "CALLFUNNEL_SMTP_HOST": "localhost",
    "CALLFUNNEL_MAIL_FROM": "callfunnel@example.com",
    "CALLFUNNEL_MAIL_TO": "Head of Sales <head@example.com>, deputy@example.com",
}
LOGIN = {"CALLFUNNEL_SMTP_USER": "robot", "CALLFUNNEL_SMTP_PASSWORD": SECRET}


def post(office: PostOffice, security: Any = "none", **said: Any) -> Post:
    host, sender = "localhost", "callfunnel@example.com"
    return Post(host=host, port=office.port, security=security, sender=sender, receivers=("head@example.com",), **said)


def letter_to(to: Post) -> Any:
    return message(to, "Weekly\nreport", "text", "<p>html</p>", [Attachment("r.html", "text/html", b"<p>")])


def mailing(office: PostOffice) -> dict[str, str]:
    return {**MAIL, "CALLFUNNEL_SMTP_PORT": str(office.port), "CALLFUNNEL_SMTP_SECURITY": "none"}


@pytest.mark.stack
def test_the_letter_has_the_tables_and_both_files(commands: Commands, tmp_path: Path) -> None:
    with open_office(PostOffice()) as office:
        writer = Commands({**commands.env, **mailing(office)})
        result = writer("report", "--period", "week", "--to", WEEK[1], "--lang", "ru", "--mail")
    assert result.exit_code == 0, result.output
    (letter,) = office.letters
    assert letter["Subject"] == "Отдел продаж, неделя: 09.03.2026 – 15.03.2026"
    assert letter["To"] == "head@example.com, deputy@example.com"
    assert [one for one in office.said if one.upper().startswith("RCPT")] == [
        f"rcpt TO:<{address}>" for address in ("head@example.com", "deputy@example.com")
    ]
    body = letter.get_body(("html",))
    assert body is not None
    html = body.get_content()
    assert "Седых Марк" in html
    assert "<script" not in html
    plain = letter.get_body(("plain",))
    assert plain is not None
    assert "Больше всего теряем" in plain.get_content()
    page, book = letter.iter_attachments()
    assert (page.get_filename(), book.get_filename()) == (
        "callfunnel-week-2026-03-09.html",
        "callfunnel-week-2026-03-09.xlsx",
    )
    assert page.get_content_type() == "text/html"
    path = tmp_path / "book.xlsx"
    path.write_bytes(book.get_content())
    assert "Менеджеры" in CalamineWorkbook.from_path(str(path)).sheet_names


@pytest.mark.stack
def test_a_report_of_stale_data_says_so_on_top_and_in_the_subject(commands: Commands, tmp_path: Path) -> None:
    """The department's last call was months ago, and a month always has a working day."""
    out = tmp_path / "report.html"
    with open_office(PostOffice()) as office:
        writer = Commands({**commands.env, **mailing(office)})
        result = writer("report", "--period", "month", "--lang", "en", "--mail", "--out", str(out))
        refused = writer(
            "report", "--period", "month", "--lang", "en", "--mail", "--fresh-only", "--out", str(tmp_path / "x.html")
        )
    assert result.exit_code == 0, result.output
    (letter,) = office.letters
    assert str(letter["Subject"]).startswith("INCOMPLETE DATA. Sales department, month")
    body = letter.get_body(("html",))
    assert body is not None
    html = body.get_content()
    assert 0 < html.index("The data is incomplete") < html.index("<table")
    assert 'role="alert"' in out.read_text(encoding="utf-8")
    assert "Last call in the data: 10 Jun 2026" in result.stderr
    assert refused.exit_code == 1
    assert not (tmp_path / "x.html").exists()


def test_starttls_before_the_password_and_a_trusted_certificate(certificate: Path) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    with open_office(PostOffice(offers=("STARTTLS", "AUTH PLAIN"), context=server)) as office:
        to = post(office, "starttls", user="robot", password=SECRET)
        send(to, letter_to(to), ssl.create_default_context(cafile=str(certificate)))
        assert [one.split(" ")[0].upper() for one in office.said][:4] == ["EHLO", "STARTTLS", "EHLO", "AUTH"]
        assert office.logins == [f"\0robot\0{SECRET}"]
        assert office.letters[0]["Subject"] == "Weekly report", "no line of a title becomes a header"
        with pytest.raises(Transient, match="certificate verify failed"):
            send(to, letter_to(to))
        assert len(office.letters) == len(office.logins) == 1


def test_a_server_without_tls_never_hears_the_password() -> None:
    with open_office(PostOffice(offers=("AUTH PLAIN",))) as office:
        to = post(office, "starttls", user="robot", password=SECRET)
        with pytest.raises(Terminal, match="offers no STARTTLS"):
            send(to, letter_to(to))
        assert (office.logins, office.letters) == ([], [])
        assert not any("AUTH" in one for one in office.said)


@pytest.mark.parametrize(
    ("verb", "answer", "kind", "words"),
    [
        ("AUTH", "535 no", Terminal, "user or password refused"),
        ("RCPT", "550 nobody of that name", Terminal, "refused to send to head@example.com"),
        ("MAIL", "451 later", Transient, "451 later"),
        ("DATA", "552 too much", Terminal, "552 too much"),
    ],
)
def test_what_the_server_refuses_is_said_without_the_password(
    verb: str, answer: str, kind: type[Exception], words: str
) -> None:
    office = PostOffice(offers=("AUTH PLAIN",))
    office.answers[verb] = answer
    with open_office(office):
        to = post(office, user="robot", password=SECRET)
        with pytest.raises(kind, match=words) as raised:
            send(to, letter_to(to))
    assert SECRET not in str(raised.value)
    assert SECRET not in repr(to)


def test_nobody_there_is_trouble_that_passes() -> None:
    office = PostOffice()
    with open_office(office):
        to = post(office)
    with pytest.raises(Transient, match="localhost"):
        send(to, letter_to(to))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"CALLFUNNEL_SMTP_HOST": ""}, "CALLFUNNEL_SMTP_HOST is not set"),
        ({"CALLFUNNEL_MAIL_TO": ""}, "CALLFUNNEL_MAIL_TO is not set"),
        ({"CALLFUNNEL_MAIL_TO": "nobody"}, "addresses such as"),
        ({"CALLFUNNEL_SMTP_PORT": "smtp"}, "CALLFUNNEL_SMTP_PORT is not a port"),
        ({"CALLFUNNEL_SMTP_SECURITY": "ssl"}, "one of tls, starttls, none"),
        ({"CALLFUNNEL_SMTP_SECURITY": "none", "CALLFUNNEL_SMTP_HOST": "mail.example.com"}, "server of this machine"),
        ({"CALLFUNNEL_SMTP_PASSWORD": SECRET}, "set both or neither"),
    ],
)
def test_a_wrong_setting_is_named_and_never_repeated(said: dict[str, str], words: str) -> None:
    with pytest.raises(Terminal, match=words) as raised:
        post_of({**MAIL, **said})
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    ("port", "security"), [("", "starttls"), ("587", "starttls"), ("465", "tls"), ("2525", "starttls")]
)
def test_the_port_tells_how_to_speak(port: str, security: str) -> None:
    found = post_of({**MAIL, **LOGIN, "CALLFUNNEL_SMTP_PORT": port})
    assert (found.security, found.port) == (security, int(port or 587))
    assert found.receivers == ("head@example.com", "deputy@example.com")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate_of_localhost(tmp_path_factory.mktemp("tls"))
