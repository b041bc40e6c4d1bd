"""The exchange that records what `oddities` made odd, as Asterisk does; every other call as the usual one."""

from __future__ import annotations

from typing import Any

from department.calls import CallOutcome, SimulatedCall
from department.exchange import MOBILES, ExchangeLeg, SimulatedExchange
from department.oddities import Oddity

_XFER = "from-internal-xfer"
_APPLICATIONS = ("Stasis", "RetryDial", "Macro", "MixMonitor", "Hangup", "")


class OddExchange(SimulatedExchange):
    """Knows every oddity."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._odd = {
            Oddity.PARKED: self._parked,
            Oddity.PICKED_UP: self._picked_up,
            Oddity.DROPPED: super().legs,
            Oddity.PREFIX: self._with_prefix,
            Oddity.HASH: self._with_hash,
            Oddity.DEVICE: self._from_device,
            Oddity.CLICK: self._clicked,
            Oddity.BOX: self._boxed,
            Oddity.APPLICATION: self._applied,
        }

    def legs(self, call: SimulatedCall) -> list[ExchangeLeg]:
        """The rows of a call; the call gets its id."""
        return super().legs(call) if call.oddity is None else self._odd[Oddity(call.oddity)](call)

    def _parked(self, call: SimulatedCall) -> list[ExchangeLeg]:
        """The caller waits in a parking place, and the taker dials it."""
        caller, desk, taker = self._arrive(call), call.extension, call.taker_extension
        dial = f"PJSIP/{desk},20,tr"
        first = self._leg(
            caller, desk, "from-did-direct", self._phone(desk, call.start), "Dial", dial, call.start, call.picked,
            call.handed, "ANSWERED",
        )  # fmt: skip
        retrieving = self._at_desk(taker, call.taken)._replace(linkedid=call.id)
        parked, taken, end = call.handed, call.taken, call.end
        return [
            first,
            self._leg(caller, desk, _XFER, "", "Park", "default:701", parked, parked, taken, "ANSWERED"),
            self._leg(caller, desk, _XFER, retrieving.name, "Dial", dial, taken, taken, end, "ANSWERED"),
            self._leg(
                retrieving, "701", "from-internal", "", "ParkedCall", "default,701", taken, taken, taken, "ANSWERED"
            ),
        ]

    def _picked_up(self, call: SimulatedCall) -> list[ExchangeLeg]:
        """The desk that rang has a record without talk, the one that took it has the rest."""
        caller, (desk,) = self._arrive(call), call.rang
        dial, picked = f"PJSIP/{desk},20,tr", call.picked
        rang, took = self._phone(desk, call.start), self._phone(call.extension, picked)
        return [
            self._leg(caller, desk, "from-did-direct", rang, "Dial", dial, call.start, picked, picked, "ANSWERED"),
            self._leg(caller, desk, "from-did-direct", took, "Dial", dial, picked, picked, call.end, "ANSWERED"),
        ]

    def _with_prefix(self, call: SimulatedCall) -> list[ExchangeLeg]:
        return [leg._replace(dst=f"9{leg.dst}") for leg in super().legs(call)]

    def _with_hash(self, call: SimulatedCall) -> list[ExchangeLeg]:
        return [leg._replace(dst=f"{leg.dst}#") for leg in super().legs(call)]

    def _from_device(self, call: SimulatedCall) -> list[ExchangeLeg]:
        """Rows name the person, channels the device."""
        own, device = f"PJSIP/{call.extension}-", f"PJSIP/99{call.extension}-"
        return [
            leg._replace(
                channel=leg.channel.replace(own, device),
                dstchannel=leg.dstchannel.replace(own, device),
                lastdata=leg.lastdata.replace(f"PJSIP/{call.extension},", f"PJSIP/99{call.extension},"),
            )
            for leg in super().legs(call)
        ]

    def _clicked(self, call: SimulatedCall) -> list[ExchangeLeg]:
        """The phone is rung first, and up from then on; the line's record is AppDial's."""
        answered = call.start + 2
        (leg,) = super().legs(call)
        self._rows += 1
        line = leg._replace(
            src=leg.dst, dst="s", dcontext="from-trunk", channel=leg.dstchannel, dstchannel="", lastapp="AppDial",
            lastdata="(Outgoing Line)", start=answered, answer=call.picked and max(call.picked, answered),
            uniqueid=f"{answered}.{self._channels}", sequence=self._rows, outbound_cnum="",
        )  # fmt: skip
        return [leg._replace(answer=answered, disposition="ANSWERED"), line]

    def _boxed(self, call: SimulatedCall) -> list[ExchangeLeg]:
        """It rings, is sent on to a colleague by a Local channel, rings there, and ends in that voicemail."""
        caller, desk = self._arrive(call), call.extension
        box = call.voicemail
        near, far = self._pair(desk, "from-internal", caller, call.start)
        phone, other = self._phone(desk, call.start), self._phone(desk, call.start)
        dial, start, end = f"PJSIP/{desk},20,tr", call.start, call.end
        missed = CallOutcome.NO_ANSWER.value
        return [
            self._leg(caller, desk, "from-did-direct", phone, "Dial", dial, start, 0, start + 1, missed),
            self._leg(caller, desk, "from-did-direct", near, "Dial", dial, start + 1, start + 1, end, "ANSWERED"),
            self._leg(far, desk, "from-did-direct", other, "Dial", dial, start + 1, 0, box, missed),
            self._leg(far, desk, "from-did-direct", "", "VoiceMail", f"{desk}@default,u", box, box, end, "ANSWERED"),
        ]

    def _applied(self, call: SimulatedCall) -> list[ExchangeLeg]:
        name = _APPLICATIONS[self._rows % len(_APPLICATIONS)]
        return [leg._replace(lastapp=name, lastdata="") for leg in super().legs(call)]

    def _forwarded(self, call: SimulatedCall) -> list[ExchangeLeg]:
        """To the person's mobile, whose number the roster knows."""
        caller, desk = self._arrive(call), call.extension
        number = self._country.number(MOBILES + int(desk))
        mobile = self._country.written(number, 0)
        near, far = self._pair(mobile, "from-internal", caller, call.start)
        trunk, dial = f"PJSIP/provider2-{self._channels:08x}", f"PJSIP/{mobile}@provider2,30"
        start, picked, end, to = call.start, call.picked, call.end, f"Local/{mobile}@from-internal/n,30"
        return [
            self._leg(caller, desk, "from-did-direct", near, "Dial", to, start, picked, end, "ANSWERED"),
            self._leg(far, mobile, "from-internal", trunk, "Dial", dial, start, picked, end, "ANSWERED"),
        ]
