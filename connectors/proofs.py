"""What live doors and webhooks were proved with, and what could not be confirmed: rows of docs/connectors.md."""

from __future__ import annotations

from typing import NamedTuple


class Proved(NamedTuple):
    """A door, or a sender of webhooks. Paths are those of `tests/`."""

    name: str
    reads: str
    fixtures: str
    counterpart: str
    unconfirmed: str = ""


DOORS = (
    Proved(
        "listen sql",
        "`cdr` of Asterisk and FreePBX, FusionPBX's `v_xml_cdr`",
        "`connectors/sql`, `stack/test_listen_sql.py`",
        "MariaDB and PostgreSQL servers: rows that come late or with equal times, a server that dies, a killed door",
        "a FusionPBX at work: its table is made from its schema",
    ),
    Proved(
        "listen ami",
        "Asterisk's `Cdr` events, and `CEL` with --cel",
        "`connectors/ami`, `stack/test_listen_ami.py`",
        "a scripted manager: challenge, refused login, garbage, an event that breaks off, silence; 31 real events",
        "an Asterisk at work; CEL events are those of its sources",
    ),
    Proved(
        "listen esl",
        "FreeSWITCH's `CHANNEL_HANGUP_COMPLETE`, json or plain",
        "`connectors/esl`",
        "a scripted event socket: refused login and address, garbage, an event that breaks off, silence; each event"
        " is held against the json_cdr of the same call",
        "a FreeSWITCH at work; a transfer's first context and a ring group's other legs are not in the event",
    ),
    Proved(
        "listen tcp",
        "3CX (both directions), Avaya and Panasonic SMDR",
        "`connectors/tcp`, `stack/test_listen_tcp.py`",
        "scripted exchanges: pieces of lines, several connections, one that never sends, a stranger; the log of those"
        " calls",
        "an exchange at work; how long each waits before it connects again",
    ),
    Proved(
        "listen folder",
        "every file that `load` reads",
        "`connectors/folder`, `stack/test_listen_folder.py`",
        "half-written files, a kill between two files, 10,000 files; a whole department, against its truth",
        "network shares (NFS, SMB)",
    ),
    Proved(
        "listen http",
        "records as JSON, webhooks, the upload page",
        "`connectors/http`, `upload`, `browser`, `stack/test_listen_http.py`",
        "schemathesis over its OpenAPI description, Chromium for the upload page, a kill between request and answer",
    ),
)
"""One for each `callfunnel listen`."""

WEBHOOKS = (
    Proved("freeswitch", "mod_json_cdr's posts", "freeswitch", "the same object from a file", "real bodies of today"),
    Proved(
        "mango",
        "events/summary",
        "mango",
        "its statistics, signed as its documentation says",
        "calls inside (direction 0)",
    ),
    Proved(
        "megapbx",
        "cmd=history",
        "megapbx",
        "the same row of its history",
        "whether `duration` holds ringing; it is read as talk",
    ),
    Proved(
        "zadarma",
        "NOTIFY_END, NOTIFY_OUT_END",
        "zadarma",
        "its statistics, signed as its documentation says",
        "NOTIFY_ANSWER and NOTIFY_INTERNAL are refused: what they sign is not known",
    ),
    Proved("uis", "what its template says", "uis", "the same row of its report", "which variables each brand offers"),
    Proved(
        "twilio",
        "completed, busy, failed, no-answer, canceled",
        "twilio",
        "its call log, signed as its documentation says",
        "fields of the callback are from general knowledge",
    ),
    Proved(
        "bitrix24",
        "OnVoximplantCallEnd",
        "bitrix24",
        "an event of the documentation",
        "whether CALL_DURATION holds ringing",
    ),
    Proved("kommo", "leads[status], leads[add]", "kommo", "posts of the documentation", "how often it tries again"),
)
"""One for each sender; fixtures are folders of `connectors/webhooks/golden`."""
