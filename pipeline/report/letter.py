"""The report by mail: the message, and SMTP as the environment says.

CALLFUNNEL_SMTP_HOST       server; needed for --mail
CALLFUNNEL_SMTP_PORT       465 speaks TLS at once, any other STARTTLS; default 587
CALLFUNNEL_SMTP_SECURITY   tls, starttls or none, where the port does not tell; none is for a server of this machine
CALLFUNNEL_SMTP_USER       with CALLFUNNEL_SMTP_PASSWORD: who logs in; neither: nobody does
CALLFUNNEL_MAIL_FROM       sender
CALLFUNNEL_MAIL_TO         receivers, separated by commas
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import formatdate, getaddresses, make_msgid
from typing import Literal

import msgspec

from schemas.errors import Terminal, Transient

Security = Literal["tls", "starttls", "none"]
_TIMEOUT_S = 30.0
_TLS_PORT = 465
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """How to send, from whom and to whom."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = ""
    sender: str
    receivers: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Post({self.host}:{self.port}, {self.security})"


class Attachment(msgspec.Struct, frozen=True):
    name: str
    kind: str
    """As text/html."""
    content: bytes


def post_of(env: Mapping[str, str], receivers: tuple[str, ...] = ()) -> Post:
    """What the environment says; to `receivers`, or to those of CALLFUNNEL_MAIL_TO when none is given.

    Raises Terminal, which names the variable and never says what is in it.
    """
    values = {name: env.get(f"CALLFUNNEL_{name}", "").strip() for name in _NAMES}
    needed = _NAMES[: 2 if receivers else 3]
    for name in needed:
        if not values[name]:
            raise Terminal(f"CALLFUNNEL_{name} is not set: mail needs {', '.join(f'CALLFUNNEL_{n}' for n in needed)}")
    port = values["SMTP_PORT"] or "587"
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536:
        raise Terminal("CALLFUNNEL_SMTP_PORT is not a port: give a number from 1 to 65535, such as 587 or 465")
    security = values["SMTP_SECURITY"] or ("tls" if int(port) == _TLS_PORT else "starttls")
    if security not in ("tls", "starttls", "none"):
        raise Terminal("CALLFUNNEL_SMTP_SECURITY: one of tls, starttls, none")
    if security == "none" and values["SMTP_HOST"] not in _LOCAL:
        raise Terminal("CALLFUNNEL_SMTP_SECURITY=none is for a server of this machine: use tls or starttls")
    if bool(values["SMTP_USER"]) != bool(values["SMTP_PASSWORD"]):
        raise Terminal("CALLFUNNEL_SMTP_USER and CALLFUNNEL_SMTP_PASSWORD: set both or neither")
    receivers = receivers or tuple(address for _, address in getaddresses([values["MAIL_TO"]]))
    if not receivers or not all("@" in address for address in (*receivers, values["MAIL_FROM"])):
        raise Terminal("CALLFUNNEL_MAIL_FROM and CALLFUNNEL_MAIL_TO hold addresses such as head@example.com")
    return Post(
        host=values["SMTP_HOST"],
        port=int(port),
        security="tls" if security == "tls" else "starttls" if security == "starttls" else "none",
        user=values["SMTP_USER"],
        password=values["SMTP_PASSWORD"],
        sender=values["MAIL_FROM"],
        receivers=receivers,
    )


_NAMES = ("SMTP_HOST", "MAIL_FROM", "MAIL_TO", "SMTP_PORT", "SMTP_SECURITY", "SMTP_USER", "SMTP_PASSWORD")


def message(post: Post, subject: str, text: str, html: str, attachments: list[Attachment]) -> EmailMessage:
    """A letter with its text in both forms, and files."""
    letter = EmailMessage()
    letter["Subject"] = " ".join(subject.split())
    letter["From"] = post.sender
    letter["To"] = ", ".join(post.receivers)
    letter["Date"] = formatdate(localtime=True)
    letter["Message-ID"] = make_msgid(domain="callfunnel.invalid")
    letter.set_content(text)
    letter.add_alternative(html, subtype="html")
    for one in attachments:
        main, _, sub = one.kind.partition("/")
        letter.add_attachment(one.content, maintype=main, subtype=sub, filename=one.name)
    return letter


def send(post: Post, letter: EmailMessage, context: ssl.SSLContext | None = None) -> None:
    """Hand the letter over to the server. Raises Transient or Terminal; neither repeats the password."""
    secure = context or ssl.create_default_context()
    try:
        with _connected(post, secure) as server:
            if post.security == "starttls":
                server.starttls(context=secure)
            if post.user:
                server.login(post.user, post.password)
            refused = server.send_message(letter)
    except smtplib.SMTPAuthenticationError as error:
        raise Terminal(
            f"smtp {post.host}: user or password refused ({error.smtp_code}); see CALLFUNNEL_SMTP_USER, _PASSWORD"
        ) from None
    except smtplib.SMTPNotSupportedError:
        raise Terminal(
            f"smtp {post.host}:{post.port} offers no STARTTLS or no login; set CALLFUNNEL_SMTP_SECURITY"
        ) from None
    except smtplib.SMTPRecipientsRefused as error:
        problem = f"smtp {post.host}: refused to send to {', '.join(error.recipients)}"
        # Servers that make strangers wait (greylisting) answer 450 or 451.
        is_later = all(400 <= code < 500 for code, _ in error.recipients.values())
        raise (Transient(f"{problem} for now") if is_later else Terminal(problem)) from None
    except smtplib.SMTPResponseException as error:
        raise _answered(post, error) from None
    except (smtplib.SMTPException, OSError) as error:
        raise Transient(f"smtp {post.host}:{post.port}: {type(error).__name__}: {error}") from None
    if refused:
        raise Terminal(f"smtp {post.host}: sent, but not to {', '.join(refused)}")


def _connected(post: Post, secure: ssl.SSLContext) -> smtplib.SMTP:
    if post.security == "tls":
        return smtplib.SMTP_SSL(post.host, post.port, timeout=_TIMEOUT_S, context=secure)
    return smtplib.SMTP(post.host, post.port, timeout=_TIMEOUT_S)


def _answered(post: Post, error: smtplib.SMTPResponseException) -> Terminal | Transient:
    answer = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
    problem = f"smtp {post.host}: answered {error.smtp_code} {answer}"
    return Transient(problem) if 400 <= error.smtp_code < 500 else Terminal(problem)
