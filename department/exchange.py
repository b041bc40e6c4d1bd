"""A call as the legs that Asterisk writes of it.

The rows of real exports, not the simulation's: a caller in the voice menu has an answered channel, so the queue's
rows run on from the menu's end, waiting included, and only the row of the phone itself (the `;2` half of its Local
channel) says when somebody picked up. Losers of a ring-all are NO ANSWER rows, machines are ANSWERED ones.

Two things are kinder than some exchanges: times are whole seconds, and a blind transfer's row is answered when the
second phone picks up (Asterisk 12 and later may say: when it was transferred, and then no CDR tells ringing from talk).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from department.calls import Path, SimulatedCall
from department.country import Country
from department.people import Numbering

_TRUNK, _SECOND_TRUNK = "PJSIP/provider1", "PJSIP/provider2"
MAIN_NUMBER, MOBILES = 6_900_000, 7_000_000
"""Numbers of the company itself, far behind those of organisations and strangers."""
_DID, _QUEUES, _XFER = "from-did-direct", "ext-queues", "from-internal-xfer"


class ExchangeLeg(NamedTuple):
    """One CDR. Times are epoch seconds; `answer` 0: never. `src` is as seen inside: a layout may write another."""

    src: str
    dst: str
    dcontext: str
    clid: str
    channel: str
    dstchannel: str
    lastapp: str
    lastdata: str
    start: int
    answer: int
    end: int
    disposition: str
    uniqueid: str
    linkedid: str
    sequence: int
    did: str = ""
    outbound_cnum: str = ""

    def mistaken(self, pick: Callable[[int], int], extensions: list[str]) -> ExchangeLeg:
        """An earlier version of the row: the same identity, a wrong length or somebody else's phone."""
        other = extensions[pick(len(extensions))]
        if pick(2) and self.dstchannel.startswith("PJSIP/") and self.dstchannel[6:7].isdigit():
            return self._replace(dstchannel=f"PJSIP/{other}-{self.dstchannel.rpartition('-')[2]}")
        if pick(2) and self.channel.startswith("PJSIP/") and self.channel[6:7].isdigit():
            return self._replace(channel=f"PJSIP/{other}-{self.channel.rpartition('-')[2]}")
        return self._replace(end=self.end + 20 + pick(300))


class _Channel(NamedTuple):
    """A channel, and what each row of it says: who is there, and which call it belongs to."""

    name: str
    src: str
    clid: str
    uniqueid: str
    linkedid: str
    did: str = ""
    outbound_cnum: str = ""


class SimulatedExchange:
    """Numbers channels and rows as it goes. Calls come in order of time."""

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
        self._channels = self._rows = self._pairs = 0
        self._main = country.written(country.number(MAIN_NUMBER), 1)
        self._ways: dict[Path, Callable[[SimulatedCall], list[ExchangeLeg]]] = {
            Path.DIALLED: self._dialled,
            Path.REROUTED: self._dialled,
            Path.DIRECT: self._direct,
            Path.QUEUE: self._queued,
            # Without linkedid nothing ties the phones' rows to the caller: such an exchange lets callers listen to
            # the menu unanswered.
            Path.MENU: self._queued_behind_menu if links else self._queued,
            Path.MENU_ONLY: self._menu_only,
            Path.FORWARDED: self._forwarded,
            Path.INSIDE: self._inside,
            Path.SERVICE: self._inside,
        }

    def legs(self, call: SimulatedCall) -> list[ExchangeLeg]:
        """The rows of a call; the call gets its id."""
        return self._ways[call.path](call)

    def _dialled(self, call: SimulatedCall) -> list[ExchangeLeg]:
        desk = self._at_desk(call.extension, call.start, outside=True)
        call.id = desk.uniqueid
        dst, start, legs = self._write(call.contact, 0), call.start, []
        if call.path is Path.REROUTED:
            refused = f"{_SECOND_TRUNK}-{self._channels:08x}"
            data = f"PJSIP/{dst}@provider2,300,T"
            legs.append(self._leg(desk, dst, "from-internal", refused, "Dial", data, start, 0, start + 1, "FAILED"))
            start += 1
        number = self._uniqueid(call.start)
        trunk = f"{_TRUNK}-{self._channels:08x}"
        data, end, disposition = f"PJSIP/{dst}@provider1,300,T", call.handed or call.end, _disposition(call)
        legs.append(self._leg(desk, dst, "from-internal", trunk, "Dial", data, start, call.picked, end, disposition))
        if call.handed:
            src = self._write(call.contact, 1)
            legs += self._transfer(call, _Channel(trunk, src, f'"{src}" <{src}>', number, desk.linkedid))
        return legs

    def _direct(self, call: SimulatedCall) -> list[ExchangeLeg]:
        caller, desk = self._arrive(call), call.extension
        end, disposition, data = call.handed or call.voicemail or call.end, _disposition(call), f"PJSIP/{desk},20,tr"
        phone = self._phone(desk, call.start)
        legs = [self._leg(caller, desk, _DID, phone, "Dial", data, call.start, call.picked, end, disposition)]
        if call.voicemail:
            box, data = f"vmu{desk}", f"{desk}@default,u"
            at = call.voicemail
            legs.append(self._leg(caller, box, _DID, "", "VoiceMail", data, at, at, call.end, "ANSWERED"))
        return legs + self._transfer(call, caller)

    def _queued(self, call: SimulatedCall) -> list[ExchangeLeg]:
        """Ring-all of phones that are the queue's members themselves: one row a phone, all of the caller's channel."""
        caller = self._arrive(call)
        until = call.picked or call.end
        rows = [(self._phone(extension, call.start), 0, until) for extension in call.rang]
        if call.picked:
            rows.append((self._phone(call.extension, call.start), call.picked, call.handed or call.end))
        legs = [
            self._leg(caller, self._queue, _QUEUES, phone, "Queue", f"{self._queue},tT,,,300", call.start, picked, end,
                      "ANSWERED" if picked else "NO ANSWER")
            for phone, picked, end in rows or [("", 0, until)]
        ]  # fmt: skip
        return legs + self._transfer(call, caller)

    def _queued_behind_menu(self, call: SimulatedCall) -> list[ExchangeLeg]:
        """The menu's row, then a Local pair for each member: the caller's half and the phone's."""
        caller, forked = self._arrive(call), call.start + call.menu_s
        legs = [
            self._leg(caller, self._main, "from-trunk", "", "ForkCDR", "re", call.start, call.start, forked, "ANSWERED")
        ]
        until, data = call.picked or call.end, f"{self._queue},tT,,,300"
        members = [(extension, 0, until) for extension in call.rang]
        if call.picked:
            members.append((call.extension, call.picked, call.handed or call.end))
        for extension, picked, end in members:
            disposition = "ANSWERED" if picked else "NO ANSWER"
            near, far = self._pair(extension, "from-queue", caller, forked)
            legs.append(self._leg(caller, self._queue, _QUEUES, near, "Queue", data, forked, forked, end, disposition))
            phone, dial = self._phone(extension, forked), f"PJSIP/{extension},,tr"
            legs.append(self._leg(far, extension, "from-queue", phone, "Dial", dial, forked, picked, end, disposition))
        if not members:  # nobody to ring: the queue answers the caller, and is a machine
            end = call.end
            legs.append(self._leg(caller, self._queue, _QUEUES, "", "Queue", data, forked, forked, end, "ANSWERED"))
        return legs + self._transfer(call, caller)

    def _menu_only(self, call: SimulatedCall) -> list[ExchangeLeg]:
        caller, start = self._arrive(call), call.start
        return [self._leg(caller, "s", "ivr-1", "", "BackGround", "custom/welcome", start, start, call.end, "ANSWERED")]

    def _forwarded(self, call: SimulatedCall) -> list[ExchangeLeg]:
        """To a desk that forwards: the caller's half of a Local pair, and the half that dials the mobile."""
        caller, desk = self._arrive(call), call.extension
        mobile = self._country.written(self._country.number(MOBILES + int(desk)), 0)
        near, far = self._pair(desk, "forward", caller, call.start)
        trunk, dial = f"{_SECOND_TRUNK}-{self._channels:08x}", f"PJSIP/{mobile}@provider2,30"
        start, picked, end, to = call.start, call.picked, call.end, f"Local/{desk}@forward,30"
        return [
            self._leg(caller, desk, _DID, near, "Dial", to, start, picked, end, "ANSWERED"),
            self._leg(far, mobile, "forward", trunk, "Dial", dial, start, picked, end, "ANSWERED"),
        ]

    def _inside(self, call: SimulatedCall) -> list[ExchangeLeg]:
        desk = self._at_desk(call.extension, call.start)
        call.id = desk.uniqueid
        called, app, data, phone = call.taker_extension, "Dial", f"PJSIP/{call.taker_extension},,tr", ""
        if call.path is Path.SERVICE:
            called, app, data = "*97", "VoiceMailMain", f"{call.extension}@default"
        else:
            phone = self._phone(called, call.start)
        disposition = _disposition(call)
        return [
            self._leg(desk, called, "from-internal", phone, app, data, call.start, call.picked, call.end, disposition)
        ]

    def _transfer(self, call: SimulatedCall, outside: _Channel) -> list[ExchangeLeg]:
        """Somebody else takes over: the question among colleagues first, when there was one, then the new talk."""
        if not call.handed:
            return []
        taker, legs, dial = call.taker_extension, [], f"PJSIP/{call.taker_extension},,tr"
        if call.consulted:
            consultation = self._at_desk(call.extension, call.consulted)._replace(linkedid=call.id)
            phone, start, end = self._phone(taker, call.consulted), call.consulted, call.handed
            legs.append(
                self._leg(consultation, taker, "from-internal", phone, "Dial", dial, start, start + 1, end, "ANSWERED")
            )
        phone, start, picked = self._phone(taker, call.handed), call.handed, call.taken
        legs.append(self._leg(outside, taker, _XFER, phone, "Dial", dial, start, picked, call.end, "ANSWERED"))
        return legs

    def _leg(
        self,
        of: _Channel,
        dst: str,
        dcontext: str,
        dstchannel: str,
        lastapp: str,
        lastdata: str,
        start: int,
        answer: int,
        end: int,
        disposition: str,
    ) -> ExchangeLeg:
        self._rows += 1
        name, src, clid, uniqueid, linkedid, did, outbound_cnum = of
        return ExchangeLeg(
            src, dst, dcontext, clid, name, dstchannel, lastapp, lastdata, start, answer, end, disposition, uniqueid,
            linkedid, self._rows, did, outbound_cnum,
        )  # fmt: skip

    def _uniqueid(self, at: int) -> str:
        self._channels += 1
        return f"{at}.{self._channels}"

    def _phone(self, extension: str, at: int) -> str:
        """A new channel to a phone."""
        self._uniqueid(at)
        return f"PJSIP/{extension}-{self._channels:08x}"

    def _at_desk(self, extension: str, at: int, *, outside: bool = False) -> _Channel:
        """The channel of somebody inside who dials, `outside` over a trunk."""
        uniqueid = self._uniqueid(at)
        clid = f'"{self._names.get(extension, extension)}" <{extension}>'
        name = f"PJSIP/{extension}-{self._channels:08x}"
        return _Channel(name, extension, clid, uniqueid, uniqueid, "", self._main if outside else "")

    def _arrive(self, call: SimulatedCall) -> _Channel:
        """The channel of a caller from outside."""
        call.id = uniqueid = self._uniqueid(call.start)
        src = self._write(call.contact, 1) if call.contact else "anonymous"
        name = f"{_TRUNK}-{self._channels:08x}"
        return _Channel(name, src, f'"{src}" <{src}>', uniqueid, uniqueid, self._main)

    def _pair(self, extension: str, context: str, caller: _Channel, at: int) -> tuple[str, _Channel]:
        """A Local pair: the name of the half that the caller is bridged to, and the half that dials on."""
        self._pairs += 1
        self._uniqueid(at)  # the first half's own number
        uniqueid, name = self._uniqueid(at), f"Local/{extension}@{context}-{self._pairs:08x}"
        return f"{name};1", caller._replace(name=f"{name};2", uniqueid=uniqueid, did="")


def _disposition(call: SimulatedCall) -> str:
    return "ANSWERED" if call.picked else call.outcome.value
