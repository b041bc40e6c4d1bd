"""A leg as the text of an export: cdr_csv with all its columns, cdr_custom, a FreePBX report; clouds' own ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from department import mango, threecx
from department.calls import SimulatedCall
from department.country import Country
from department.exchange import ExchangeLeg, SimulatedExchange
from department.people import Numbering
from department.working_days import WorkDay

_HMS = [f"{s // 3_600:02d}:{s % 3_600 // 60:02d}:{s % 60:02d}" for s in range(86_400)]


class ExportClock:
    """Epoch seconds to the exchange's wall time. Fast for the day that it is set to."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._date = ""
        self._midnight = self._until = 0

    def set(self, day: WorkDay) -> None:
        self._date = f"{day.date} "
        self._midnight = day.midnight
        # On a day when the clocks change the seconds since midnight are not the time of day.
        self._until = day.midnight + (86_400 if day.length_s == 86_400 else 0)

    def wall(self, at: int) -> str:
        if self._midnight <= at < self._until:
            return self._date + _HMS[at - self._midnight]
        return datetime.fromtimestamp(at, self._zone).strftime("%Y-%m-%d %H:%M:%S")


class RecordedCall(Protocol):
    """A row that an exchange writes of a call."""

    @property
    def end(self) -> int:
        """When it is written."""

    def mistaken(self, pick: Callable[[int], int], extensions: list[str]) -> Any:
        """What was written first, where a correction follows: the same identity, something wrong."""


class Switch(Protocol):
    """An exchange."""

    def legs(self, call: SimulatedCall) -> Sequence[RecordedCall]:
        """The rows of a call; the call gets its id."""


class MakeSwitch(Protocol):
    """An exchange of this country, these inside numbers and names of phones; `write` writes outside numbers."""

    def __call__(
        self,
        country: Country,
        numbering: Numbering,
        names: dict[str, str],
        write: Callable[[str, int], str],
        *,
        links: bool,
    ) -> Switch: ...


Writer = Callable[[Any], str]
"""Text of a row of the layout's own exchange."""


class ExportLayout(NamedTuple):
    """How an export looks. `file` is its name; {} takes which one of several it is."""

    name: str
    file: str
    header: str
    writer: Callable[[ExportClock], Writer]
    exchange: MakeSwitch = SimulatedExchange
    zone: str = ""
    """Of its times; "" for the office's."""


def _cdr_csv(clock: ExportClock) -> Writer:
    wall = clock.wall

    def write(leg: ExchangeLeg) -> str:
        (src, dst, dcontext, clid, channel, dstchannel, lastapp, lastdata, start, answer, end, disposition, uniqueid,
         linkedid, sequence, _, _) = leg  # fmt: skip
        answered = f'"{wall(answer)}"' if answer else ""
        quoted = clid.replace('"', '""')
        return (
            f'"","{src}","{dst}","{dcontext}","{quoted}","{channel}","{dstchannel}","{lastapp}","{lastdata}",'
            f'"{wall(start)}",{answered},"{wall(end)}",{end - start},{end - answer if answer else 0},"{disposition}",'
            f'"DOCUMENTATION","{uniqueid}","","","{linkedid}",{sequence}\n'
        )

    return write


def _cdr_custom(clock: ExportClock) -> Writer:
    wall = clock.wall

    def write(leg: ExchangeLeg) -> str:
        (src, dst, dcontext, clid, channel, dstchannel, lastapp, lastdata, start, answer, end, disposition, uniqueid,
         _, sequence, _, _) = leg  # fmt: skip
        answered = wall(answer) if answer else ""
        quoted = clid.replace('"', '""')
        return (
            f'"{quoted}","{src}","{dst}","{dcontext}","{channel}","{dstchannel}","{lastapp}","{lastdata}",'
            f'"{wall(start)}","{answered}","{wall(end)}","{end - start}","{end - answer if answer else 0}",'
            f'"{disposition}","DOCUMENTATION","","{uniqueid}","",{sequence}\n'
        )

    return write


_REPORT = (
    "calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,lastdata,duration,billsec,disposition,amaflags,accountcode,"
    "uniqueid,userfield,did,cnum,cnam,outbound_cnum,outbound_cnam,dst_cnam,recordingfile,linkedid,peeraccount,sequence\n"
)


def _report(clock: ExportClock) -> Writer:
    wall = clock.wall

    def write(leg: ExchangeLeg) -> str:
        (src, dst, dcontext, clid, channel, dstchannel, lastapp, lastdata, start, answer, end, disposition, uniqueid,
         linkedid, sequence, did, outbound_cnum) = leg  # fmt: skip
        # Of a call out src and clid hold the number that was shown outside; cnum is who called.
        shown = outbound_cnum or src
        name = clid[1 : clid.index('"', 1)]
        quoted = f'"""{name}"" <{shown}>"'
        name = f'"{name}"' if " " in name else name
        cell = f'"{disposition}"' if disposition == "NO ANSWER" else disposition
        return (
            f'"{wall(start)}",{quoted},{shown},{dst},{dcontext},{channel},{dstchannel},{lastapp},"{lastdata}",'
            f"{end - start},{end - answer if answer else 0},{cell},3,,{uniqueid},,{did},{src},{name},{outbound_cnum}"
            f",,,,{linkedid},,{sequence}\n"
        )

    return write


LAYOUTS = {
    layout.name: layout
    for layout in (
        ExportLayout("asterisk-csv", "Master{}.csv", "", _cdr_csv),
        ExportLayout("cdr-custom", "Master{}.csv", "", _cdr_custom),
        ExportLayout("freepbx", "cdr{}.csv", _REPORT, _report),
        ExportLayout("mango", "mango{}.csv", "", lambda _: mango.write, mango.Mango, "UTC"),
        ExportLayout("3cx", "cdr{}.log", "", lambda _: threecx.write, threecx.ThreeCx, "UTC"),
    )
}
