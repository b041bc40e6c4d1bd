"""Look-alike rows of cel_custom (20 columns), for tests that need one thing of a log to be odd."""

from __future__ import annotations

from typing import NamedTuple

from tests.connectors.rows import NINE

START_S = int(NINE.timestamp())


class Event(NamedTuple):
    """`at_s` is seconds after nine o'clock; ids are those of START_S and a number."""

    at_s: float
    name: str
    channel: str
    uniqueid: str
    linkedid: str
    number: str = ""
    exten: str = ""
    app: str = ""
    peer: str = ""
    extra: str = ""
    data: str = ""

    def row(self) -> str:
        cells = [self.name, f"{START_S + self.at_s:.6f}", "", self.number, self.number, "", "", self.exten, "internal",
                 self.channel, self.app, self.data, "DOCUMENTATION", "", self.uniqueid, self.linkedid, self.peer, "",
                 "", self.extra]  # fmt: skip
        return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"


class Leg(NamedTuple):
    """A channel of the exchange, in a call."""

    channel: str
    uniqueid: str
    linkedid: str
    number: str = ""

    def event(self, at_s: float, name: str, **more: str) -> Event:
        return Event(at_s, name, self.channel, self.uniqueid, self.linkedid, **{"number": self.number, **more})

    def begins(self, at_s: float, exten: str = "s") -> Event:
        return self.event(at_s, "CHAN_START", exten=exten)

    def ends(self, at_s: float, status: str = "", cause: int = 16) -> Event:
        return self.event(at_s, "HANGUP", extra=f'{{"hangupcause":{cause},"dialstatus":"{status}"}}')

    def bridged(self, bridge: str, since_s: float, until_s: float) -> list[Event]:
        extra = f'{{"bridge_id":"{bridge}","bridge_technology":"simple_bridge"}}'
        return [
            self.event(since_s, "BRIDGE_ENTER", extra=extra),
            self.event(until_s, "BRIDGE_EXIT", extra=extra),
        ]


def uid(number: int) -> str:
    return f"{START_S}.{number}"


def channel(name: str, number: int, linked: int | None = None, says: str = "") -> Leg:
    """`number` is of the channel's uniqueid, `linked` of the call's first one, itself unless told otherwise."""
    return Leg(f"PJSIP/{name}-{number:08x}", uid(number), uid(number if linked is None else linked), says)


def inbound(number: int, at_s: float, *, phone: str = "101", ring_s: float = 5, talk_s: float = 60) -> list[Event]:
    """A call of 84950000001 that a phone answers, or does not."""
    trunk = channel("provider", number, says="84950000001")
    desk = channel(phone, number + 1, number, phone)
    up_s, over_s = at_s + ring_s, at_s + ring_s + talk_s
    events = [trunk.begins(at_s, "74950000000"), desk.begins(at_s)]
    if talk_s:
        for one in (desk, trunk):
            events += [one.event(up_s, "ANSWER", app="Dial"), *one.bridged(f"b{number}", up_s, over_s)]
    return [*events, desk.ends(over_s), trunk.ends(over_s, "ANSWER" if talk_s else "NOANSWER")]


def log(*events: Event) -> str:
    """The rows in the order of their times."""
    return "".join(event.row() for event in sorted(events, key=lambda event: event.at_s))
