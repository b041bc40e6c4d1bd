"""A call as the rows of Mango Office's statistics: one for each end's part, `entry_id` says which are one call.

What those rows cannot say, or nobody has confirmed, is not simulated for this format: handing over a call out. A call
to a machine inside (own voicemail) leaves no row: it is in no number either. Nothing is ever written again, so a wrong
row is one that was asked for before its call ended.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import NamedTuple

from department.calls import Path, SimulatedCall
from department.country import Country
from department.exchange import MAIN_NUMBER, MOBILES
from department.people import Numbering


class MangoLeg(NamedTuple):
    """One row. Times are epoch seconds; `answer` 0: never."""

    start: int
    end: int
    answer: int
    from_extension: str
    from_number: str
    to_extension: str
    to_number: str
    reason: int
    line: str
    location: str
    entry_id: str
    recording: str = ""

    def mistaken(self, pick: Callable[[int], int], extensions: list[str]) -> MangoLeg:
        """As it would be reported while the call is going on: not ended yet when it ended."""
        return self._replace(end=max(self.start, self.answer) + pick(self.end - max(self.start, self.answer) + 1))


class Mango:
    """Numbers entries as it goes. Calls come in order of time."""

    def __init__(
        self,
        country: Country,
        numbering: Numbering,
        names: dict[str, str],
        write: Callable[[str, int], str],
        *,
        links: bool,
    ) -> None:
        self._country = country
        self._queue = numbering.queue
        self._write = write
        self._entries = self._recordings = 0
        self._line = country.written(country.number(MAIN_NUMBER), 1)

    def legs(self, call: SimulatedCall) -> list[MangoLeg]:
        """The rows of a call; the call gets its id."""
        self._entries += 1
        call.id = b64encode(f"{4_100_000_000 + self._entries}".encode()).decode()
        if call.path is Path.SERVICE:
            return []
        if call.path is Path.INSIDE:
            return [self._inside(call, call.extension, call.taker_extension, call.start, call.picked, call.end)]
        if call.path in (Path.DIALLED, Path.REROUTED):  # which trunk it takes is not the customer's to see
            return [self._out(call)]
        return [*self._arrival(call), *self._talks(call)]

    def _arrival(self, call: SimulatedCall) -> list[MangoLeg]:
        """What a caller goes through before somebody picks up."""
        rings = call.start + call.menu_s
        until = call.picked or call.end
        legs = []
        if call.path is Path.MENU_ONLY:
            legs.append(self._in(call, "", "", call.start, 0, call.end, "ivr", 1170))
        elif call.path is Path.MENU:
            legs.append(self._in(call, "", "", call.start, 0, rings, "ivr", 1100))
        if call.path in (Path.MENU, Path.QUEUE):
            legs += [self._in(call, desk, _account(desk), rings, 0, until, "abonent", 1110) for desk in call.rang]
            if not call.rang and not call.picked:
                legs.append(self._in(call, self._queue, "", rings, 0, until, "queue", 1110))
        elif call.path is Path.DIRECT and not call.picked:
            desk, until = call.extension, call.voicemail or call.end
            legs.append(self._in(call, desk, _account(desk), rings, 0, until, "abonent", 1110))
            if call.voicemail:
                legs.append(self._in(call, "", "", call.voicemail, call.voicemail, call.end, "ivr", 1110))
        return legs

    def _talks(self, call: SimulatedCall) -> list[MangoLeg]:
        """Who talked: the one who picked up, the question to a colleague, the colleague."""
        if not call.picked:
            return []
        desk, rang, to = call.extension, call.start + call.menu_s, _account(call.extension)
        if call.path is Path.FORWARDED:
            to = self._country.written(self._country.number(MOBILES + int(desk)), 1)
        legs = [self._in(call, desk, to, rang, call.picked, call.handed or call.end, "abonent", 1120)]
        if call.handed:
            taker = call.taker_extension
            if call.consulted:
                legs.append(self._inside(call, desk, taker, call.consulted, call.consulted + 1, call.handed))
            legs.append(self._in(call, taker, _account(taker), call.handed, call.taken, call.end, "abonent", 1110))
        return legs

    def _out(self, call: SimulatedCall) -> MangoLeg:
        number = self._write(call.contact, 1)
        return MangoLeg(
            call.start, call.end, call.picked, call.extension, _account(call.extension), "", number,
            1110 if call.picked else 1121, self._line, "abonent", call.id, self._recording(call.picked),
        )  # fmt: skip

    def _in(
        self, call: SimulatedCall, desk: str, to: str, start: int, answer: int, end: int, location: str, why: int
    ) -> MangoLeg:
        number = self._write(call.contact, 1) if call.contact else "anonymous"
        recording = self._recording(answer if location == "abonent" else 0)
        return MangoLeg(start, end, answer, "", number, desk, to, why, self._line, location, call.id, recording)

    def _inside(self, call: SimulatedCall, desk: str, other: str, start: int, answer: int, end: int) -> MangoLeg:
        return MangoLeg(start, end, answer, desk, _account(desk), other, _account(other), 1110, "", "abonent", call.id)

    def _recording(self, answer: int) -> str:
        if not answer:
            return ""
        self._recordings += 1
        return b64encode(f"1:1000:{self._recordings}".encode()).decode()


def _account(desk: str) -> str:
    return f"sip:user{desk}@vpbx.example"


def write(leg: MangoLeg) -> str:
    """The row's text."""
    return (
        f"[{leg.recording}];{leg.start};{leg.end};{leg.answer};{leg.from_extension};{leg.from_number};"
        f"{leg.to_extension};{leg.to_number};{leg.reason};{leg.line};{leg.location};{leg.entry_id}\n"
    )
