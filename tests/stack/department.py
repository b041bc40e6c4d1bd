"""A made-up sales department: its exports as files, and its numbers counted from those files in the plainest way.

The count reads the CSVs with the standard library and follows docs/metrics.md; nothing of the product is called.
"""

from __future__ import annotations

import csv
import random
from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from bench.parse import write_export

ZONE = ZoneInfo("Europe/Moscow")
CONVERSATION_S = 30
POTENTIAL = {"new", "active", "development"}
_STAGES = ("new", "active", "development", "shipment", "customer")
_DAY = datetime(2026, 6, 1, tzinfo=ZONE)

Cell = tuple[int, str]
"""(start of five minutes in epoch seconds, manager id or "")."""


class Department(NamedTuple):
    """Files by kind ("calls" is the export), and what they hold."""

    files: dict[str, Path]
    legs: int
    calls: int
    proposals: int
    cells: dict[Cell, dict[str, Any]]


def found(folder: Path, legs: int, seed: int = 7) -> Department:
    """Write the files of a department and count them. About 15,000 legs make a day."""
    rnd = random.Random(seed)
    files = {kind: folder / f"{kind}.csv" for kind in ("calls", "managers", "organisations", "stages", "proposals")}
    write_export(files["calls"], legs, seed=seed, phones=400)
    managers = list(_managers())
    organisations = [(f"org-{n}", [f"+7 495 000-{n // 100:02d}-{n % 100:02d}"]) for n in range(300)]
    stages = [
        (organisation, stage, _DAY + timedelta(minutes=rnd.randrange(-10_000, 4000) * 7 + order))
        for organisation, _ in organisations[:250]
        for order, stage in enumerate(rnd.choices(_STAGES, k=3))
    ]
    proposals = [
        (
            f"p-{n}",
            rnd.choice(organisations)[0],
            f"m{rnd.randrange(2, 21)}",
            rnd.choice(("general", "individual")),
            _DAY + timedelta(minutes=rnd.randrange(540, 1080), days=rnd.randrange(2)),
            rnd.randrange(1000, 90_000),
            rnd.choice(("sent", "sent", "sent", "withdrawn")),
        )
        for n in range(200)
    ]
    _write(
        files["managers"],
        ("id", "name", "team", "extensions", "valid_from", "valid_to"),
        (
            (who, f"Manager {who}", team, " ".join(extensions), _text(since), _text(until))
            for who, team, extensions, since, until in managers
        ),
    )
    _write(
        files["organisations"],
        ("id", "name", "phones"),
        ((organisation, f"Organisation {organisation}", ";".join(phones)) for organisation, phones in organisations),
    )
    _write(
        files["stages"],
        ("organisation_id", "stage", "changed_at"),
        ((organisation, stage, _text(at)) for organisation, stage, at in stages),
    )
    _write(
        files["proposals"],
        ("proposal_id", "organisation_id", "manager_id", "kind", "sent_at", "amount", "currency", "status"),
        (
            (name, organisation, who, kind, _text(at), amount if kind == "individual" else "", "RUB", status)
            for name, organisation, who, kind, at, amount, status in proposals
        ),
    )
    counting = _Counting(managers, organisations, stages)
    calls = list(_calls(files["calls"]))
    for call in calls:
        counting.call(call)
    for _, organisation, who, kind, at, amount, status in proposals:
        counting.proposal(organisation, who, kind, at, amount, status)
    return Department(files, legs, len(calls), len(proposals), counting.told())


def _managers() -> Iterator[tuple[str, str, tuple[str, ...], datetime | None, datetime | None]]:
    """(id, team, extensions, from, until): twenty managers with two of the forty extensions each, 101..140.

    At noon of the second day m1 leaves and m2 inherits 101 and 102; m20 goes to another team.
    """
    noon = _DAY + timedelta(days=1, hours=12)
    yield "m1", "north", ("101", "102"), None, noon
    yield "m2", "north", ("103", "104"), None, noon
    yield "m2", "north", ("101", "102", "103", "104"), noon, None
    for n in range(3, 20):
        yield f"m{n}", "north" if n % 2 else "south", (str(99 + 2 * n), str(100 + 2 * n)), None, None
    yield "m20", "south", ("139", "140"), None, noon
    yield "m20", "north", ("139", "140"), noon, None


def _write(path: Path, header: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def _text(at: datetime | None) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S") if at else ""


class _Call(NamedTuple):
    at: datetime
    phone: str
    outbound: bool
    extension: str
    """Who was bridged, else who dialled; "" for a call that nobody took."""
    talk_s: int
    answered: bool


def _calls(path: Path) -> Iterator[_Call]:
    """The calls of the export. In it one leg of a call at most is answered, and only outbound calls have one leg."""
    legs_of: dict[str, list[list[str]]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            legs_of.setdefault(row[19], []).append(row)
    for legs in legs_of.values():
        first = legs[0]
        outbound = first[5].startswith("PJSIP/1")
        bridged = next((leg for leg in legs if leg[14] == "ANSWERED"), None)
        yield _Call(
            at=datetime.strptime(first[9], "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZONE),
            phone="+" + (first[2] if outbound else first[1]),
            outbound=outbound,
            extension=first[1] if outbound else bridged[6][6:9] if bridged else "",
            talk_s=int(bridged[13]) if bridged else 0,
            answered=bridged is not None,
        )


class _Counting:
    def __init__(self, managers: Any, organisations: Any, stages: Any) -> None:
        self._managers = managers
        self._by_phone = {
            phone.replace(" ", "").replace("-", ""): organisation
            for organisation, phones in organisations
            for phone in phones
        }
        self._history: dict[str, list[tuple[datetime, str]]] = {}
        for organisation, stage, at in sorted(stages, key=lambda change: change[2]):
            self._history.setdefault(organisation, []).append((at, stage))
        self._cells: dict[Cell, dict[str, Any]] = {}

    def call(self, call: _Call) -> None:
        who, team = self._owner(call.extension, call.at)
        cell = self._cell(call.at, who, team)
        organisation = self._by_phone.get(call.phone, "")
        cell["calls"] += 1
        cell["attempts"] += call.outbound
        cell["answered"] += call.answered
        cell["talk_s"] += call.talk_s
        cell["contacts"].add(call.phone)
        cell["unknown_calls"] += not organisation
        if organisation:
            cell["organisations"].add(organisation)
        if call.talk_s >= CONVERSATION_S:
            cell["conversations"] += 1
            cell["calls_to_potential"] += self._stage(organisation, call.at) in POTENTIAL

    def proposal(self, organisation: str, who: str, kind: str, at: datetime, amount: int, status: str) -> None:
        team = next(team for name, team, _, since, until in self._managers if name == who and _holds(since, at, until))
        cell = self._cell(at, who, team)
        if status == "withdrawn":
            cell["withdrawn_proposals"] += 1
        elif kind == "general":
            cell["general_organisations"].add(organisation)
        else:
            cell["individual_proposals"] += 1
            cell["amount"] += amount

    def told(self) -> dict[Cell, dict[str, Any]]:
        """The cells, sets as sorted lists."""
        return {
            cell: {name: sorted(value) if isinstance(value, set) else value for name, value in numbers.items()}
            for cell, numbers in self._cells.items()
        }

    def _cell(self, at: datetime, who: str, team: str) -> dict[str, Any]:
        bucket = int(at.timestamp()) // 300 * 300
        cell = self._cells.setdefault((bucket, who), {name: make() for name, make in COLUMNS.items()})
        cell["team"] = max(cell["team"], team)
        return cell

    def _owner(self, extension: str, at: datetime) -> tuple[str, str]:
        for who, team, extensions, since, until in self._managers:
            if extension in extensions and _holds(since, at, until):
                return who, team
        return "", ""

    def _stage(self, organisation: str, at: datetime) -> str:
        history = self._history.get(organisation, [])
        place = bisect_right([since for since, _ in history], at)
        return history[place - 1][1] if place else ""


def _holds(since: datetime | None, at: datetime, until: datetime | None) -> bool:
    return (since is None or since <= at) and (until is None or at < until)


COLUMNS: dict[str, Any] = {
    "team": str,
    "calls": int,
    "attempts": int,
    "answered": int,
    "conversations": int,
    "talk_s": int,
    "calls_to_potential": int,
    "unknown_calls": int,
    "contacts": set,
    "organisations": set,
    "general_organisations": set,
    "individual_proposals": int,
    "withdrawn_proposals": int,
    "amount": int,
}
"""What a cell tells: name -> its type. `amount` is the sum of individual proposals."""
