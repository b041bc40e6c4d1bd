"""The exchange's wall clock to UTC, and what the epoch inside `uniqueid` proves about it.

`uniqueid` is `[system-]<epoch>.<n>`, set when the channel is created, so (local start - epoch), rounded to a quarter
of an hour, is the exchange's offset. Later legs start late: the offset of most rows counts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import NamedTuple

from connectors.asterisk.layouts import UNIQUEID
from connectors.rejects import Misread
from schemas.records import Reason
from schemas.trouble import Terminal

_PARTS = re.compile(r"\s*(\d+)[-/.](\d+)[-/.](\d+)[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*")
_SECONDS = {f"{second:02d}": timedelta(seconds=second) for second in range(60)}
_EARLIEST = 1990
_QUARTER_S = 900
_MOST_OFFSET_S = 14 * 3600
_PROOF = 0.9
_MONTH_FIRST = frozenset({"US", "PH", "FM", "MH", "PW"})


def epoch_of(uniqueid: str) -> int | None:
    """The seconds inside a uniqueid, None when there are none."""
    found = UNIQUEID.fullmatch(uniqueid)
    return int(found.group(1)) if found else None


def wall(text: str, order: str) -> datetime:
    """A naive wall time from its text; raises Misread. `order` is ymd, dmy or mdy; ISO is known by its first year."""
    found = _PARTS.fullmatch(text)
    if found is None:
        raise Misread(Reason.BAD_TIME, detail=f"{text!r} is no date and time")
    first, second, third = found.group(1), found.group(2), found.group(3)
    if len(first) == 4:
        year, month, day = first, second, third
    else:
        year = third if len(third) == 4 else f"20{third}"
        day, month = (first, second) if order != "mdy" else (second, first)
    try:
        moment = datetime(
            int(year), int(month), int(day), int(found.group(4)), int(found.group(5)), int(found.group(6) or 0)
        )
    except ValueError as error:
        raise Misread(Reason.BAD_TIME, detail=f"{text!r}: {error}") from None
    if moment.year < _EARLIEST:
        raise Misread(Reason.BAD_TIME, detail=f"{text!r} is before {_EARLIEST}")
    return moment


class WallClock:
    """Texts of wall time to UTC, fast: whole minutes are remembered."""

    def __init__(self, zone: tzinfo, order: str) -> None:
        self._zone = zone
        self._order = order
        self._minutes: dict[str, datetime | None] = {}

    def utc(self, text: str, uniqueid: str) -> datetime:
        """The moment of a wall time; the epoch in `uniqueid` settles an hour that a change of clocks repeats."""
        minute = self._minutes.get(text[:16]) if len(text) == 19 else None
        if minute is not None:
            second = _SECONDS.get(text[17:])
            if second is not None and text[16] == ":":
                return minute + second
        return self._slow(text, uniqueid)

    def _slow(self, text: str, uniqueid: str) -> datetime:
        local = wall(text, self._order)
        early, late = (local.replace(tzinfo=self._zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        if early != late:
            # Repeated hour: nearest to the channel's creation. Skipped hour: the offset that held before it.
            epoch = epoch_of(uniqueid)
            return (
                early if epoch is None or early > late else min(early, late, key=lambda at: abs(at.timestamp() - epoch))
            )
        if len(text) == 19 and text[4] == "-":
            if len(self._minutes) > 200_000:
                self._minutes.clear()
            self._minutes[text[:16]] = early.replace(second=0)
        return early


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
            local = wall(text, order)
        except Misread:
            continue
        rows += 1
        offsets[_quarter(local.replace(tzinfo=UTC).timestamp() - epoch)] += 1
    return Proof(offsets, rows)


def _quarter(seconds: float) -> int:
    return round(seconds / _QUARTER_S) * _QUARTER_S


def date_order(samples: Sequence[tuple[str, str]], region: str) -> tuple[str, str]:
    """(ymd, dmy or mdy; why). By the epoch in uniqueid, else by a day above 12, else as the region writes."""
    parts = [found for text, _ in samples if (found := _PARTS.fullmatch(text))]
    if not parts or all(len(found.group(1)) == 4 for found in parts):
        return "ymd", "dates are written year first"
    if any("." in text.split(" ")[0] for text, _ in samples):
        return "dmy", "dates with points are day first"
    steady = {order: _steadiness(prove(samples, order)) for order in ("dmy", "mdy")}
    if max(steady.values()) > 0.5 and steady["dmy"] != steady["mdy"]:
        best = max(steady, key=lambda order: steady[order])
        return best, f"read {best}, {steady[best]:.0%} of the rows agree with the epoch in uniqueid"
    for order, place in (("dmy", 1), ("mdy", 2)):
        if any(int(found.group(place)) > 12 for found in parts):
            return order, f"a number above 12 stands where only {order} has the day"
    order = "mdy" if region in _MONTH_FIRST else "dmy"
    return order, f"nothing in the file tells day/month from month/day: read {order}, as is usual in {region}"


def _steadiness(proof: Proof) -> float:
    """The share of rows with the most frequent possible offset."""
    likely = [n for offset, n in proof.offsets.items() if abs(offset) <= _MOST_OFFSET_S]
    return max(likely) / proof.rows if likely else 0.0


def check_zone(proof: Proof, samples: Sequence[tuple[str, str]], order: str, zone: tzinfo, where: str) -> str:
    """Why the zone fits the file, in words. Raises Terminal naming both when it does not."""
    if not proof.rows:
        return "no uniqueid with an epoch: the zone cannot be checked"
    agree = sum(
        _quarter(local.replace(tzinfo=UTC).timestamp() - epoch) == _zone_offset(local, zone)
        for local, epoch in _readable(samples, order)
    )
    if agree > proof.rows / 2:
        return f"{agree} of {proof.rows} rows checked agree with {zone} by the epoch in uniqueid"
    offset, rows = proof.offsets.most_common(1)[0]
    local = next(iter(_readable(samples, order)))[0]
    said = f"{hours(_zone_offset(local, zone))}"
    advice = "--tz UTC (usegmtime=yes in cdr.conf)" if offset == 0 else "the zone of the exchange, or --tz auto"
    raise Terminal(
        f"{where}: the file says UTC{hours(offset)} ({rows} of {proof.rows} rows, by the epoch in uniqueid),"
        f" --tz {zone} is UTC{said} then: every call would be counted at a wrong hour; give {advice}"
    )


def proven_zone(proof: Proof, where: str) -> tuple[tzinfo, str]:
    """The fixed offset that the data proves, and why. Raises Terminal when it proves none."""
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
    return timezone(
        timedelta(seconds=offset)
    ), f"{rows} of {proof.rows} rows prove UTC{hours(offset)} (epoch in uniqueid)"


def _readable(samples: Iterable[tuple[str, str]], order: str) -> Iterable[tuple[datetime, int]]:
    for text, uniqueid in samples:
        epoch = epoch_of(uniqueid)
        if epoch is None:
            continue
        try:
            yield wall(text, order), epoch
        except Misread:
            continue


def _zone_offset(local: datetime, zone: tzinfo) -> int:
    offset = local.replace(tzinfo=zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def hours(offset_s: int) -> str:
    """An offset as +03:00."""
    sign = "-" if offset_s < 0 else "+"
    return f"{sign}{abs(offset_s) // 3600:02d}:{abs(offset_s) % 3600 // 60:02d}"
