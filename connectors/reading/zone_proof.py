"""What the epoch inside of an id (`uniqueid`, a UUID made of the time) proves about the exchange's wall clock.

`uniqueid` is `[system-]<epoch>.<n>`, set when the channel is created, so (local start - epoch), rounded to a quarter
of an hour, is the exchange's offset. Later legs start late: the offset of most rows counts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import NamedTuple

from connectors.reading.rejects import Misread
from connectors.reading.sample import Sample
from connectors.reading.source import Recognised
from connectors.reading.times import PARTS, plain, read
from schemas.errors import Terminal

UNIQUEID = re.compile(r"(?:\S*-)?(\d{9,10})\.\d+")
"""`[system-]<epoch>.<n>`, as Asterisk and its relatives name a channel."""
_QUARTER_S = 900
_MOST_OFFSET_S = 14 * 3600
_PROOF = 0.9
_FEWEST_ROWS = 20
"""Of a month, to hold the zone against it: legs that begin late look like another offset."""
_TIMED_UUID = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-1([0-9a-f]{3})-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_UUID_BEGINS = 0x01B21DD213814000
"""1970 in the 100 ns since 1582 that a UUID counts (RFC 9562)."""
_MONTH_FIRST = frozenset({"US", "PH", "FM", "MH", "PW"})


def epoch_of(uniqueid: str) -> int | None:
    """The seconds inside a uniqueid, or a UUID that was made of the time (version 1); None when there are none."""
    if found := UNIQUEID.fullmatch(uniqueid):
        return int(found.group(1))
    if timed := _TIMED_UUID.fullmatch(uniqueid):
        low, middle, high = timed.groups()
        epoch = (int(high + middle + low, 16) - _UUID_BEGINS) // 10_000_000
        return epoch if epoch > 0 else None
    return None


class Proof(NamedTuple):
    """What the uniqueids of a sample say: offsets in seconds with how many rows say so."""

    offsets: Counter[int]
    rows: int


def prove(samples: Iterable[tuple[str, str]], order: str) -> Proof:
    """Offsets of (start text, uniqueid) pairs; pairs without an epoch or a date say nothing."""
    offsets: Counter[int] = Counter()
    rows = 0
    for text, uniqueid in samples:
        epoch = epoch_of(uniqueid)
        if epoch is None:
            continue
        try:
            local = read(text, order)
        except Misread:
            continue
        if local.tzinfo is not None:
            continue
        rows += 1
        offsets[_quarter(local.replace(tzinfo=UTC).timestamp() - epoch)] += 1
    return Proof(offsets, rows)


def _quarter(seconds: float) -> int:
    return round(seconds / _QUARTER_S) * _QUARTER_S


class DateOrder(NamedTuple):
    """How days and months stand in a file."""

    order: str
    """ymd, dmy or mdy."""
    why: str
    is_guess: bool = False
    """Whether only a custom decided."""

    @property
    def guesses(self) -> tuple[str, ...]:
        """What to report of it."""
        return (self.why,) if self.is_guess else ()


def date_order(samples: Sequence[tuple[str, str]], region: str) -> DateOrder:
    """How the dates of (text, id) are written, those of all columns together: by the epoch in an id, else by a day
    above 12, else as the region writes.
    """
    parts = [found for text, _ in samples if (found := PARTS.fullmatch(plain(text)))]
    if not parts or all(len(found.group(1)) == 4 for found in parts):
        return DateOrder("ymd", "dates are written year first")
    if any("." in found.group(0).split(" ")[0] for found in parts):
        return DateOrder("dmy", "dates with points are day first")
    steady = {order: _steadiness(prove(samples, order)) for order in ("dmy", "mdy")}
    if max(steady.values()) > 0.5 and steady["dmy"] != steady["mdy"]:
        best = max(steady, key=lambda order: steady[order])
        return DateOrder(best, f"read {best}, {steady[best]:.0%} of the rows agree with the epoch in uniqueid")
    for order, day_part in (("dmy", 1), ("mdy", 2)):
        if any(int(found.group(day_part)) > 12 for found in parts):
            return DateOrder(order, f"a number above 12 stands where only {order} has the day")
    order = "mdy" if region in _MONTH_FIRST else "dmy"
    why = (
        f"nothing in the file tells day/month from month/day: read {order}, as is usual in {region};"
        " load it with days above 12, or --region of the exchange, if that is wrong"
    )
    return DateOrder(order, why, is_guess=True)


def _steadiness(proof: Proof) -> float:
    """The share of rows with the most frequent possible offset."""
    likely = [n for offset, n in proof.offsets.items() if abs(offset) <= _MOST_OFFSET_S]
    return max(likely) / proof.rows if likely else 0.0


def settle(
    whole: Sample,
    recognised: Recognised,
    zone: tzinfo | None,
    *,
    start: str = "start",
    unique: str = "uniqueid",
    slack_s: int = 0,
) -> tuple[tzinfo, str]:
    """The zone to read a file with, and why: as given, or proven. Raises Terminal when its ids say another.

    `slack_s` is for ids whose clock is not the one of the starts, and may differ that much from it.
    """
    samples = sample(recognised.columns, whole.cells_from_all_over(recognised.form), start, unique)
    if zone is not None and slack_s:
        return zone, check_nearly(samples, recognised.date_order, zone, str(whole.path), slack_s)
    proof = prove(samples, recognised.date_order)
    if zone is None:
        return proven_zone(proof, samples, recognised.date_order, str(whole.path))
    return zone, check_zone(proof, samples, recognised.date_order, zone, str(whole.path))


def sample(
    columns: tuple[str, ...], rows: Sequence[Sequence[str]], start: str = "start", unique: str = "uniqueid"
) -> list[tuple[str, str]]:
    """(start, id) of rows with the layout's width; "" for no id."""
    index = columns.index(start)
    own = columns.index(unique) if unique in columns else -1
    return [(fields[index], fields[own] if own >= 0 else "") for fields in rows if len(fields) == len(columns)]


def dates(
    columns: tuple[str, ...],
    rows: Sequence[Sequence[str]],
    names: Sequence[str] = ("start", "answer", "end"),
    unique: str = "uniqueid",
) -> list[tuple[str, str]]:
    """(date, id of its row) of these columns, "" for no id: of the first of them, which is when the channel began."""
    own = columns.index(unique) if unique in columns else -1
    at = [columns.index(name) for name in names if name in columns]
    return [
        (text, fields[own] if own >= 0 and index == at[0] else "")
        for fields in rows
        if len(fields) == len(columns)
        for index in at
        if (text := fields[index])
    ]


def check_zone(proof: Proof, samples: Sequence[tuple[str, str]], order: str, zone: tzinfo, where: str) -> str:
    """Why the zone fits the file, in words. Raises Terminal naming both when it does not, over all or in a month."""
    if not proof.rows:
        return "no uniqueid with an epoch: the zone cannot be checked"
    agree = 0
    for month, offsets in _by_month(samples, order).items():
        agreeing = Counter[bool]()
        for (offset, local), rows in offsets.items():
            agreeing[offset == _zone_offset(local, zone)] += rows
        agree += agreeing[True]
        if agreeing.total() >= _FEWEST_ROWS and agreeing[True] * 2 <= agreeing.total():
            raise Terminal(_disagreement(where, f"in {month} ", offsets, zone))
    if agree * 2 > proof.rows:
        return f"{agree} of {proof.rows} rows checked agree with {zone} by the epoch in uniqueid"
    everything = sum(_by_month(samples, order).values(), Counter[tuple[int, datetime]]())
    raise Terminal(_disagreement(where, "", everything, zone))


def check_nearly(
    samples: Sequence[tuple[str, str]],
    order: str,
    zone: tzinfo,
    where: str,
    slack_s: int,
    by: str = "the time inside of the ids",
) -> str:
    """Why the zone fits, in words, when the clock of the ids may differ by `slack_s`. Raises Terminal when not."""
    off = [
        int(local.replace(tzinfo=zone).timestamp()) - epoch for local, epoch in _readable(samples, order)
    ]  # the seconds from an id to its start
    if not off:
        return "no id was made of the time: the zone cannot be checked"
    near = sum(abs(seconds) <= slack_s for seconds in off)
    if near * 2 <= len(off):
        usual = sorted(off)[len(off) // 2]
        raise Terminal(
            f"{where}: by {by}, --tz {zone} is wrong by about {hours(usual)} hours"
            f" ({len(off) - near} of {len(off)} rows): give the zone of the exchange, or --tz auto"
        )
    return f"{near} of {len(off)} rows checked agree with {zone} by {by}"


def _disagreement(where: str, when: str, found: Counter[tuple[int, datetime]], zone: tzinfo) -> str:
    offsets = _offsets(found)
    offset, rows = offsets.most_common(1)[0]
    local = min(at for other, at in found if other == offset)
    advice = "--tz UTC (usegmtime=yes in cdr.conf)" if offset == 0 else "the zone of the exchange, or --tz auto"
    return (
        f"{where}: {when}the file says UTC{hours(offset)} ({rows} of {offsets.total()} rows, by the epoch in uniqueid),"
        f" --tz {zone} is UTC{hours(_zone_offset(local, zone))} then: calls would be counted at a wrong hour;"
        f" give {advice}"
    )


def proven_zone(
    proof: Proof, samples: Sequence[tuple[str, str]], order: str, where: str, by: str = "epoch in uniqueid"
) -> tuple[tzinfo, str]:
    """The fixed offset that the data proves, and why. Raises Terminal when it proves none, or another in a month."""
    if not proof.rows:
        raise Terminal(
            f"{where}: --tz auto needs uniqueid with an epoch, and there is none: give --tz Europe/Moscow, say"
        )
    (offset, rows), *others = proof.offsets.most_common(2)
    if rows < proof.rows * _PROOF:
        also = f", UTC{hours(others[0][0])} ({others[0][1]} rows)" if others else ""
        raise Terminal(
            f"{where}: --tz auto finds no single offset: UTC{hours(offset)} ({rows} of {proof.rows} rows){also};"
            " clocks may have changed in between: give the zone by name"
        )
    if abs(offset) > _MOST_OFFSET_S:
        raise Terminal(
            f"{where}: --tz auto: by the {by} the clock is {hours(offset)} hours off, as in no zone: give it by name"
        )
    for month, found in _by_month(samples, order).items():
        there, most = _offsets(found).most_common(1)[0]
        if there != offset and most >= _FEWEST_ROWS:
            raise Terminal(
                f"{where}: --tz auto finds UTC{hours(offset)}, and UTC{hours(there)} in {month} ({most} rows there):"
                " clocks changed in between: give the zone by name"
            )
    why = f"{rows} of {proof.rows} rows prove UTC{hours(offset)} ({by})"
    return timezone(timedelta(seconds=offset)), why


def _by_month(samples: Iterable[tuple[str, str]], order: str) -> dict[str, Counter[tuple[int, datetime]]]:
    """Month -> (offset, hour of the wall clock) -> rows. A zone is held against each month: clocks change."""
    months: dict[str, Counter[tuple[int, datetime]]] = {}
    for local, epoch in _readable(samples, order):
        offset = _quarter(local.replace(tzinfo=UTC).timestamp() - epoch)
        hour = local.replace(minute=0, second=0)
        months.setdefault(f"{local:%Y-%m}", Counter())[offset, hour] += 1
    return dict(sorted(months.items()))


def _offsets(found: Counter[tuple[int, datetime]]) -> Counter[int]:
    offsets: Counter[int] = Counter()
    for (offset, _), rows in found.items():
        offsets[offset] += rows
    return offsets


def _readable(samples: Iterable[tuple[str, str]], order: str) -> Iterable[tuple[datetime, int]]:
    for text, uniqueid in samples:
        epoch = epoch_of(uniqueid)
        if epoch is None:
            continue
        try:
            local = read(text, order)
        except Misread:
            continue
        if local.tzinfo is None:
            yield local, epoch


def _zone_offset(local: datetime, zone: tzinfo) -> int:
    offset = local.replace(tzinfo=zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def hours(offset_s: int) -> str:
    """An offset as +03:00."""
    sign = "-" if offset_s < 0 else "+"
    return f"{sign}{abs(offset_s) // 3600:02d}:{abs(offset_s) % 3600 // 60:02d}"
