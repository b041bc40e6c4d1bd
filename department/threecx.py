"""A call as the lines of a 3CX log (v20, all fields, UTC): one line a call, another for who it was handed to.

What a line cannot say, or nobody has confirmed, is not simulated for this format: handing over a call out. How long a
caller was in the menu is not exported. The question to a colleague before handing over is a call of its own. Nothing is
ever written again, so a wrong line differs in its end only.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from department.calls import CallOutcome, Path, SimulatedCall
from department.country import Country
from department.exchange import MOBILES
from department.people import Numbering

_TRUNK, _MENU, _VOICEMAIL = "10001", "801", "999"


class SegmentEnd(NamedTuple):
    """One end of a line: how its number, DN, type and name are written."""

    number: str
    dn: str
    type: str
    name: str = ""


_NOBODY = SegmentEnd("", "", "")


class ThreeCxSegment(NamedTuple):
    """One line. Times are epoch seconds; `answer` 0: never."""

    history_id: int
    call_id: int
    start: int
    answer: int
    end: int
    reason: str
    source: SegmentEnd
    to: SegmentEnd
    final: SegmentEnd
    missed: str = ""

    def mistaken(self, pick: Callable[[int], int], extensions: list[str]) -> ThreeCxSegment:
        """A wrong length."""
        return self._replace(end=self.end + 20 + pick(300))


class ThreeCx:
    """Numbers calls as it goes. Calls come in order of time."""

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
        self._names = names
        self._write = write
        self._plus = country.prefixes.index(country.code)
        self._calls = self._lines = 0

    def legs(self, call: SimulatedCall) -> list[ThreeCxSegment]:
        """The lines of a call; the call gets its id."""
        self._calls += 1
        number = self._calls
        call.id = str(number)
        if call.path in (Path.DIALLED, Path.REROUTED):
            line = self._outside(call.contact)
            final = line if call.picked else _NOBODY
            return [self._leg(number, call.start, call.picked, call.end, call, self._desk(call.extension), line, final)]
        if call.path in (Path.INSIDE, Path.SERVICE):
            other = self._desk(call.taker_extension)
            if call.path is Path.SERVICE:
                other = SegmentEnd(f"Ext.{_VOICEMAIL}", _VOICEMAIL, "VoiceMail", "Voice Mail")
            final = other if call.picked else _NOBODY
            return [
                self._leg(number, call.start, call.picked, call.end, call, self._desk(call.extension), other, final)
            ]
        return self._arrived(call, number)

    def _arrived(self, call: SimulatedCall, number: int) -> list[ThreeCxSegment]:
        caller, to, final = self._outside(call.contact), self._desk(call.extension), _NOBODY
        answer, ends = call.picked, call.handed or call.end
        menu = SegmentEnd(f"Ext.{_MENU}", _MENU, "Ivr", "Menu")
        if call.path is Path.QUEUE:
            to = SegmentEnd(f"Ext.{self._queue}", self._queue, "queue", "Sales, inbound")
        elif call.path in (Path.MENU, Path.MENU_ONLY):
            to = menu
        if call.path is Path.FORWARDED:
            final = self._outside(self._country.number(MOBILES + int(call.extension)))
        elif call.picked:
            final = self._desk(call.extension)
        elif call.voicemail:
            answer, final = call.voicemail, SegmentEnd(f"Ext.{_VOICEMAIL}", _VOICEMAIL, "voicemail", "Voice Mail")
        elif to is menu:
            answer, final = call.start, menu
        missed = ", ".join(f"Ext.{desk}" for desk in call.rang)
        legs = [self._leg(number, call.start, answer, ends, call, caller, to, final, missed)]
        if call.handed:
            taker = self._desk(call.taker_extension)
            if call.consulted:
                self._calls += 1
                consult_answered = call.consulted + 1
                desk = self._desk(call.extension)
                legs.append(
                    self._leg(self._calls, call.consulted, consult_answered, call.handed, call, desk, taker, taker)
                )
            legs.append(self._leg(number, call.handed, call.taken, call.end, call, caller, taker, taker))
        return legs

    def _leg(
        self,
        number: int,
        start: int,
        answer: int,
        end: int,
        call: SimulatedCall,
        source: SegmentEnd,
        to: SegmentEnd,
        final: SegmentEnd,
        missed: str = "",
    ) -> ThreeCxSegment:
        self._lines += 1
        reason = "src_participant_terminated" if self._lines % 2 else "TerminatedByDst"
        if not answer:
            reason = {CallOutcome.BUSY: "Busy", CallOutcome.FAILED: "Failed"}.get(call.outcome, "NoAnswer")
        return ThreeCxSegment(number, self._lines, start, answer, end, reason, source, to, final, missed)

    def _desk(self, extension: str) -> SegmentEnd:
        name = self._names.get(extension, "")
        return SegmentEnd(f"Ext.{extension}", extension, "Extension" if self._lines % 3 else "extension", name)

    def _outside(self, contact: str) -> SegmentEnd:
        number = self._write(contact, self._plus) if contact else "anonymous"
        return SegmentEnd(number, _TRUNK, "Line" if self._lines % 3 else "external_line", number)


def write(leg: ThreeCxSegment) -> str:
    """The line's text."""
    source, to, final = leg.source, leg.to, leg.final
    talked = leg.end - leg.answer if leg.answer else 0
    duration = f"{talked // 3_600:02d}:{talked % 3_600 // 60:02d}:{talked % 60:02d}" if leg.answer else ""
    changed = "ReplacedDst" if final.dn and final != to else ""
    dialled = to.number.removeprefix("Ext.")
    chain = "".join(f"{end.number};" for end in dict.fromkeys((source, to, final)) if end.number)
    times = f"{_utc(leg.start)},{_utc(leg.answer) if leg.answer else ''},{_utc(leg.end)}"
    numbers = f"{source.number},{to.number},{source.dn},{to.dn},{dialled},{changed},{final.number},{final.dn}"
    types, names = (f"{source[n]},{to[n]},{final[n]}" for n in (2, 3))
    return (
        f"Call {leg.history_id},00000C21DE5C2470_{leg.call_id},{duration},{times},{leg.reason},{numbers},,,,,"
        f"Chain: {chain},{types},{names},{leg.missed}\n"
    )


def _utc(at: int) -> str:
    return time.strftime("%Y/%m/%d %H:%M:%S", time.gmtime(at))
