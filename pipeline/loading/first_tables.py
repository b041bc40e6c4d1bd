"""What `callfunnel init` proposes from an exchange's own calls: people, numbers that call most, settings. Pure.

Everything here is to be looked at by somebody: it is written into files with comments, and what was edited there stays.
"""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, tzinfo
from typing import NamedTuple

import msgspec

from connectors.reading.source import BY_NAME
from pipeline.readouts.beliefs import PeerBelief
from pipeline.stitch import stitch
from schemas.calls import Call
from schemas.errors import Terminal
from schemas.records import CallLeg, Direction, Disposition

_NAMED = re.compile(r'\s*"?([^"<>]+?)"?\s*<([^<>]+)>\s*')
_FEWEST_CALLS = 3
"""Of a number, to be proposed as an organisation."""
_MOST_ORGANISATIONS = 200
_BARE = re.compile(r"[A-Za-z0-9_-]+")


class ExtensionUser(NamedTuple):
    """An extension, and what its calls say of who has it."""

    extension: str
    name: str
    calls: int
    hours: str
    """From its usual first hour to its last one, as 9-18."""
    mobiles: tuple[str, ...] = ()
    """Numbers outside to which its phone sends calls, and which took them."""


class Caller(NamedTuple):
    """A number outside that calls, or is called, often."""

    phone: str
    calls: int


class DayLine(NamedTuple):
    """One extension's part of a day, as it would be counted."""

    extension: str
    calls: int
    answered: int
    talk_s: int


class FirstTables(msgspec.Struct, frozen=True, kw_only=True):
    """All that is proposed."""

    people: list[ExtensionUser]
    elsewhere: list[Caller]
    """Numbers outside that took calls in somebody's place; no call says in whose."""
    callers: list[Caller]
    extensions: str
    """Regex of inside numbers; "" when the usual one does."""
    first_day: date | None
    day: list[DayLine]
    without_number: int
    """Calls with the outside whose number is hidden or not understood."""
    calls: int


class Stitching:
    """Legs of files, kept as calls. A call's legs may stand far apart."""

    def __init__(self) -> None:
        self._legs: dict[tuple[str, str], dict[str, CallLeg]] = {}

    def add(self, leg: CallLeg) -> None:
        self._legs.setdefault((leg.source, leg.call_id), {})[leg.record_id] = leg

    def calls(self) -> list[Call]:
        return [stitch(list(legs.values())) for legs in self._legs.values()]


def names_of(clids: Iterable[str]) -> dict[str, str]:
    """Extension -> the name that most of its calls show, of cells like `"Vera K." <101>`."""
    found: dict[str, Counter[str]] = {}
    for clid in clids:
        if (named := _NAMED.fullmatch(clid)) and named[1] != named[2]:
            found.setdefault(named[2], Counter())[named[1]] += 1
    return {extension: names.most_common(1)[0][0] for extension, names in found.items()}


def propose_tables(calls: Sequence[Call], names: Mapping[str, str], zone: tzinfo) -> FirstTables:
    """From the calls of all files."""
    outside = [call for call in calls if call.direction is not Direction.INTERNAL]
    by_extension: dict[str, list[Call]] = {}
    for call in outside:
        if person := call.forwarded_by or call.extension:
            by_extension.setdefault(person, []).append(call)
    elsewhere = [Caller(name, len(theirs)) for name, theirs in by_extension.items() if name.startswith("+")]
    for caller in elsewhere:
        del by_extension[caller.phone]
    people = [
        ExtensionUser(extension, names.get(extension, ""), len(theirs), _hours(theirs, zone), _mobiles(theirs))
        for extension, theirs in by_extension.items()
    ]
    callers = Counter(call.contact for call in outside if call.contact)
    days = Counter(call.started_at.astimezone(zone).date() for call in outside)
    first = min(days, default=None)
    return FirstTables(
        people=sorted(people, key=lambda person: (-person.calls, person.extension)),
        elsewhere=sorted(elsewhere, key=lambda caller: (-caller.calls, caller.phone)),
        callers=[
            Caller(phone, count)
            for phone, count in sorted(callers.items(), key=lambda item: (-item[1], item[0]))[:_MOST_ORGANISATIONS]
            if count >= _FEWEST_CALLS
        ],
        extensions=form_of(by_extension),
        first_day=first,
        day=_day([call for call in outside if call.started_at.astimezone(zone).date() == first]),
        without_number=sum(not call.contact for call in outside),
        calls=len(outside),
    )


def form_of(extensions: Iterable[str]) -> str:
    """A regex that all of them have, where they are numbers of one or two lengths; "" otherwise."""
    lengths = sorted({len(one) if one.isdecimal() else 0 for one in extensions})
    if not lengths or 0 in lengths or len(lengths) > 2:
        return ""
    return rf"\d{{{lengths[0]}}}" if len(lengths) == 1 else rf"\d{{{lengths[0]},{lengths[1]}}}"


def _mobiles(calls: Sequence[Call]) -> tuple[str, ...]:
    return tuple(sorted({call.extension for call in calls if call.forwarded_by}))


def _hours(calls: Sequence[Call], zone: tzinfo) -> str:
    """Leaves out a tenth at each end: a call at night is not the working day."""
    hours = sorted(call.started_at.astimezone(zone).hour for call in calls)
    edge = len(hours) // 10
    kept = hours[edge : len(hours) - edge] or hours
    return f"{kept[0]}-{kept[-1] + 1}"


def _day(calls: Sequence[Call]) -> list[DayLine]:
    lines: dict[str, list[Call]] = {}
    for call in calls:
        lines.setdefault(call.extension, []).append(call)
    return [
        DayLine(
            extension,
            len(theirs),
            sum(call.disposition is Disposition.ANSWERED for call in theirs),
            sum(call.talk_s for call in theirs),
        )
        for extension, theirs in sorted(lines.items())
    ]


def with_managers(text: str, people: Sequence[ExtensionUser]) -> str:
    """managers.csv with these people. Rows that are there stay as they are, and so does an extension that one has."""
    head, rows = _table(text, ["id", "name", "team", "extensions", "mobiles", "calls", "hours"])
    if "extensions" not in head:
        raise Terminal("managers.csv: it has no column `extensions`: add it, or give the file another name")
    at = head.index("extensions")
    known = {word for row in rows for cell in row[at : at + 1] for word in re.split(r"[,;\s]+", cell)}
    new = [
        {
            "id": person.extension,
            "name": person.name or person.extension,
            "extensions": person.extension,
            "mobiles": "; ".join(person.mobiles),
            "calls": str(person.calls),
            "hours": person.hours,
        }
        for person in people
        if person.extension not in known
    ]
    return _with_rows(text, head, new)


def with_organisations(text: str, callers: Sequence[Caller]) -> str:
    """organisations.csv with these numbers. Rows that are there stay, and so does a number that one of them has."""
    head, rows = _table(text, ["id", "name", "phones", "manager_id", "calls"])
    written = (number for row in rows for cell in row for number in re.findall(r"[+\d][\d\s()+-]{5,}\d", cell))
    known = {_end(number) for number in written}
    new = [
        {"id": caller.phone, "name": caller.phone, "phones": caller.phone, "calls": str(caller.calls)}
        for caller in callers
        if _end(caller.phone) not in known
    ]
    return _with_rows(text, head, new)


def _end(number: str) -> str:
    """What a number has in common however its country is written."""
    return re.sub(r"\D", "", number)[-10:]


def _table(text: str, head: list[str]) -> tuple[list[str], list[list[str]]]:
    rows = list(csv.reader(io.StringIO(text), delimiter=_delimiter(text)))
    return (rows[0], rows[1:]) if rows else (head, [])


def _delimiter(text: str) -> str:
    """Spreadsheets of many countries write semicolons."""
    first = text.partition("\n")[0]
    return ";" if first.count(";") > first.count(",") else ","


def _with_rows(text: str, head: Sequence[str], rows: Sequence[Mapping[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(
        out, head, restval="", extrasaction="ignore", lineterminator="\n", delimiter=_delimiter(text)
    )
    if not text:
        writer.writeheader()
    writer.writerows(rows)
    return text + ("" if not text or text.endswith("\n") else "\n") + out.getvalue()


def with_settings(
    text: str,
    zone: str,
    region: str,
    source: str,
    extensions: str,
    peers: Sequence[PeerBelief],
    prefixes: Sequence[str] = (),
) -> str:
    """callfunnel.toml with what is missing in it; what is there stays. Raises Terminal when it is not TOML."""
    try:
        before = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Terminal(f"callfunnel.toml: {error}: mend it first") from None
    general = []
    if "time_zone" not in before:
        general.append(f'time_zone = "{zone}"  # what a day is')
    if "region" not in before:
        general.append(f'region = "{region}"  # of numbers that are written without a country')
    lines = []
    if source not in before.get("sources", {}):
        name = source if _BARE.fullmatch(source) else f'"{source}"'
        lines += ["", f"[sources.{name}]", f'time_zone = "{zone}"  # of the exchange']
        if extensions:
            lines.append(f"extensions = '{extensions}'  # inside numbers, as the calls show them")
        if prefixes:
            written = ", ".join(f'"{prefix}"' for prefix in prefixes)
            lines.append(f"prefixes = [{written}]  # dialled before a number outside; the exchange takes it off")
        inferred = [peer for peer in peers if peer.why != BY_NAME]
        lines += [f"# {peer.name} was taken for a {peer.taken_for}: {peer.why}" for peer in inferred[:20]]
        lines.append('# trunks = ["200"]  # peers that look like extensions and are lines')
        lines.append('# machines = ["600", "7\\\\d{3}"]  # numbers of groups, queues, menus, voicemail: never a person')
    start = "\n".join(general) + ("\n" if general else "")
    gap = "\n" if general and text and not text.startswith("\n") else ""
    end = "" if not text or text.endswith("\n") else "\n"
    return (
        start
        + gap
        + text
        + end
        + ("\n".join(lines).lstrip("\n" if not (start or text) else "") + "\n" if lines else "")
    )
