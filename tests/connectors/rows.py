"""Look-alike rows of cdr_csv with 21 columns, for tests that need one thing of a row to be odd."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

MOSCOW = ZoneInfo("Europe/Moscow")
NINE = datetime(2026, 11, 2, 9, 0, tzinfo=MOSCOW)


def row(
    number: int = 1,
    *,
    at: datetime = NINE,
    src: str = "84950000001",
    dst: str = "101",
    channel: str = "PJSIP/provider-0000000a",
    dstchannel: str = "PJSIP/101-0000000b",
    lastapp: str = "Dial",
    ring_s: int = 5,
    talk_s: int = 60,
    disposition: str = "ANSWERED",
    uniqueid: str | None = None,
    linkedid: str | None = None,
    sequence: str | None = None,
) -> str:
    """A line with its line end: an inbound call to 101 unless told otherwise, `number` in all of its ids."""
    uniqueid = f"{int(at.timestamp())}.{number}" if uniqueid is None else uniqueid
    linkedid = uniqueid if linkedid is None else linkedid
    sequence = str(number) if sequence is None else sequence
    answered = f'"{at + timedelta(seconds=ring_s):%Y-%m-%d %H:%M:%S}"' if talk_s else ""
    return (
        f'"","{src}","{dst}","from-trunk","""{src}"" <{src}>","{channel}","{dstchannel}","{lastapp}","",'
        f'"{at:%Y-%m-%d %H:%M:%S}",{answered},"{at + timedelta(seconds=ring_s + talk_s):%Y-%m-%d %H:%M:%S}",'
        f'{ring_s + talk_s},{talk_s},"{disposition}","DOCUMENTATION","{uniqueid}","","","{linkedid}",{sequence}\n'
    )


def many(count: int, *, every_s: float = 60, first: datetime = NINE) -> list[str]:
    """Rows of calls, one after the other."""
    zone = first.tzinfo
    start = first.timestamp()
    return [row(n, at=datetime.fromtimestamp(int(start + n * every_s), zone)) for n in range(1, count + 1)]
