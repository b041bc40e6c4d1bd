"""A FreeSWITCH made of a script, and its events as they stand on the wire."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from tests.connectors.live import peer as live

PASSWORD = "s3cret-of-the-socket"
REQUEST = b"Content-Type: auth/request\n\n"
NOTICE = b"Content-Type: text/disconnect-notice\nContent-Length: 28\n\nDisconnected, see you later\n"
REJECTION = b"Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n"

Headers = Sequence[tuple[str, str]]


def message(kind: str, body: bytes) -> bytes:
    return f"Content-Length: {len(body)}\nContent-Type: {kind}\n\n".encode() + body


def plain(headers: Headers) -> bytes:
    """As switch_event_serialize writes an event: nearly everything but letters and digits is percent-encoded."""
    lines = (f"{name}: {quote(value.encode('utf-8', 'surrogateescape'), safe='/(),.-_*')}" for name, value in headers)
    return message("text/event-plain", "".join(f"{line}\n" for line in (*lines, "")).encode())


def as_json(headers: Headers) -> bytes:
    """As cJSON writes it: a name that comes twice stands twice, and bytes that are no UTF-8 stay as they are."""
    lines = (f"{json.dumps(name)}:{json.dumps(value, ensure_ascii=False)}" for name, value in headers)
    return message("text/event-json", f"{{{','.join(lines)}}}".encode("utf-8", "surrogateescape"))


def event(number: int, at: datetime, *, talk_s: int = 60) -> Headers:
    """The A leg of a call from 84950000001 that 101 answered after five seconds."""
    start = int(at.timestamp())
    uuid = uuid_of(number)
    variables = {
        "Event-Name": "CHANNEL_HANGUP_COMPLETE",
        "Core-UUID": "00000000-0000-4000-8000-0000000000c0",
        "Unique-ID": uuid,
        "Call-Direction": "inbound",
        "Caller-Caller-ID-Number": "84950000001",
        "Caller-Destination-Number": "101",
        "Caller-Context": "public",
        "Other-Type": "originatee",
        "Other-Leg-Destination-Number": "101",
        "variable_direction": "inbound",
        "variable_uuid": uuid,
        "variable_bridge_uuid": uuid_of(number + 500) if talk_s else "",
        "variable_start_epoch": str(start),
        "variable_answer_epoch": str(start + 5) if talk_s else "0",
        "variable_end_epoch": str(start + 5 + talk_s),
        "variable_duration": str(5 + talk_s),
        "variable_billsec": str(talk_s),
        "variable_hangup_cause": "NORMAL_CLEARING" if talk_s else "NO_ANSWER",
        "variable_last_app": "bridge",
    }
    return [
        ("Hangup-Cause", variables["variable_hangup_cause"]),
        *variables.items(),
        ("Hangup-Cause", "NORMAL_CLEARING"),
    ]


def uuid_of(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def headers_of(cdr: dict[str, Any]) -> Headers:
    """The event of the channel that mod_json_cdr writes as this object."""
    flows = cdr["callflow"] if isinstance(cdr["callflow"], list) else [cdr["callflow"]]
    profiles = [flow["caller_profile"] for flow in flows]
    headers = [("Event-Name", "CHANNEL_HANGUP_COMPLETE"), ("Unique-ID", str(cdr["variables"].get("uuid", "")))]
    if profiles:
        headers += [*_profile("Caller", profiles[0]), ("Caller-Profile-Index", str(len(profiles)))]
        for kind in ("originator", "originatee"):
            for one in profiles[0].get(kind, {}).get(f"{kind}_caller_profiles", [])[:1]:
                headers += [("Other-Type", kind), *_profile("Other-Leg", one)]
    if len(profiles) > 1:
        headers += [("Caller-Transfer-Source", "1:00:bl_xfer:x"), ("Caller-RDNIS", profiles[1]["destination_number"])]
        # A trunk that registers is called at gw+NAME, whatever number the dialplan is then told.
        invited = "gw+provider" if len(profiles) == 2 else profiles[-1]["destination_number"]
        headers += [("variable_sip_req_user", invited)]
    return headers + [(f"variable_{name}", str(value)) for name, value in cdr["variables"].items()]


def _profile(prefix: str, profile: dict[str, Any]) -> list[tuple[str, str]]:
    names = {"caller_id_number": "Caller-ID-Number", "destination_number": "Destination-Number"}
    names |= {"uuid": "Unique-ID", "context": "Context"}
    return [(f"{prefix}-{theirs}", str(profile[ours])) for ours, theirs in names.items() if profile.get(ours)]


class Connection(live.Connection):
    """One connection of the listener, as FreeSWITCH sees it."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.commands: list[str] = []

    def command(self) -> str:
        """The next command; empty when the listener has closed."""
        found = self.line().decode()
        self.line()  # the blank one that ends it
        self.commands.append(found)
        return found

    def reply(self, text: str) -> None:
        self.send(f"Content-Type: command/reply\nReply-Text: {text}\n\n".encode())

    def log_in(self, proof: str = f"auth {PASSWORD}", refused: str = "") -> bool:
        """Ask for the password and enable events, as mod_event_socket does; the form `refused` is not known."""
        self.send(REQUEST)
        if self.command() != proof:
            self.reply("-ERR invalid")
            self.send(NOTICE)
            return False
        self.reply("+OK accepted")
        while received := self.command():
            word, _, rest = received.partition(" ")
            if word == "event" and not rest.startswith(refused or "-"):
                self.reply(f"+OK event listener enabled {rest.partition(' ')[0]}")
                return True
            self.reply("+OK filter added. [x]=[y]" if word == "filter" else "-ERR permission denied")
        return False

    def serve(self) -> None:
        """Answer every command until the listener goes away."""
        while received := self.command():
            self.reply("+OK bye" if received == "exit" else "+OK event listener enabled json")


def peer(*scripts: Callable[[Connection], None]) -> contextlib.AbstractContextManager[live.Peer[Connection]]:
    return live.serving(live.Peer(Connection, *scripts))


def serving(*data: bytes, then: Callable[[Connection], None] = Connection.serve) -> Callable[[Connection], None]:
    """Log the listener in, send, and go on."""

    def script(connection: Connection) -> None:
        assert connection.log_in()
        for part in data:
            connection.send(part)
        then(connection)

    return script
