"""What the CRM and the planners export. Semicolons, a header, local times without an offset. Columns: see readme."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path

from department.corruption import Corruption
from department.country import Country
from department.deals import Revision, SimulatedProposal
from department.exchange import MOBILES
from department.options import DepartmentOptions
from department.plan import plan
from department.portfolio import Prospect
from department.simulation import Simulation
from department.working_days import WorkDay, WorkDayKind
from schemas.stages import default_stages

HEADERS = {
    "organisations": ["id", "name", "phones", "manager_id"],
    "stages": ["organisation_id", "stage", "changed_at", "manager_id", "recorded_at"],
    "proposals": [
        *("proposal_id", "organisation_id", "manager_id", "kind", "sent_at"),
        *("amount", "currency", "revision", "status"),
    ],
    "calendar": ["day", "kind", "hours", "title"],
    "absences": ["manager_id", "first", "last", "kind"],
}
_TITLES = [(stage.code, stage.title.ru) for stage in default_stages().stages]
_HOURS = {
    WorkDayKind.WORKING: 8,
    WorkDayKind.SHORT: 7,
    WorkDayKind.MOVED: 8,
    WorkDayKind.WEEKEND: 0,
    WorkDayKind.HOLIDAY: 0,
}
_LATE_S = 3 * 86_400


class TableRows:
    """Cells of one row of a table, as the CRM writes them."""

    def __init__(self, country: Country, corruption: Corruption) -> None:
        self._country = country
        self._corruption = corruption

    def organisation(self, organisation: Prospect) -> list[str]:
        pretty, corruption = self._country.pretty, self._corruption
        phones = ", ".join(pretty(phone, 0 if corruption.happens(5) else 1) for phone in organisation.phones)
        return [organisation.id, organisation.name, phones, organisation.owner.id]

    def stage(self, organisation: Prospect, move: tuple[int, int, str], *, late: bool = False) -> list[str]:
        """One of the organisation's moves; `late`: it was recorded days after it happened."""
        at, stage, owner = move
        recorded = self._time(at + _LATE_S if late else at)
        title = _TITLES[stage][int(self._corruption.happens(5))]
        return [organisation.id, title, self._time(at), owner, recorded]

    def proposal(self, proposal: SimulatedProposal, revision: Revision) -> list[str]:
        kind, money = ("individual", self._country.currency) if proposal.individual else ("general", "")
        amount = self._amount(revision.cents) if proposal.individual else ""
        status = "withdrawn" if revision.withdrawn else "sent"
        whose = [proposal.id, proposal.organisation.id, proposal.manager.id, kind]
        return [*whose, self._time(revision.sent_at), amount, money, str(revision.number), status]

    def _time(self, at: int) -> str:
        form = "%d.%m.%Y %H:%M:%S" if self._corruption.happens(5) else "%Y-%m-%d %H:%M:%S"
        return datetime.fromtimestamp(at, self._country.zone).strftime(form)

    def _amount(self, cents: int) -> str:
        whole, part = divmod(cents, 100)
        if self._corruption.happens(5):
            return f"{whole:,}".replace(",", " ") + f",{part:02d}"
        return f"{whole}.{part:02d}"


def calendar_row(day: WorkDay) -> list[str]:
    return [day.date.isoformat(), day.kind, str(_HOURS[day.kind]), day.title]


class TableExport:
    """Writes the tables of a finished simulation into a folder."""

    def __init__(self, simulation: Simulation, corruption: Corruption, folder: Path) -> None:
        self._simulation = simulation
        self._corruption = corruption
        self._folder = folder
        self._rows = TableRows(simulation.country, corruption)
        self.files: list[tuple[str, str]] = []
        """(kind, file) in the order to load them."""

    def write(self, options: DepartmentOptions) -> None:
        self._managers(has_mobiles=options.oddities)
        self._organisations()
        self._stages()
        self._proposals()
        simulation = self._simulation
        self._put("plan", "plan.csv", plan(simulation.managers, simulation.days, simulation.country.currency, options))
        self._put("calendar", "calendar.csv", self._calendar())
        self._put("absences", "absences.csv", self._absences())

    def _put(self, kind: str, name: str, rows: Iterable[Sequence[object]]) -> None:
        with (self._folder / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=";", lineterminator="\n").writerows(rows)
        self.files.append((kind, name))

    def _managers(self, *, has_mobiles: bool) -> None:
        country = self._simulation.country
        rows = [["id", "name", "team", "extensions", "valid_from", "valid_to", *["mobiles"] * has_mobiles]]
        for manager in self._simulation.managers:
            for p in manager.periods:
                row = [
                    manager.id,
                    manager.name,
                    p.team,
                    ", ".join(p.extensions),
                    _or_empty(p.since),
                    _or_empty(p.until),
                ]
                mobiles = (country.written(country.number(MOBILES + int(desk)), 1) for desk in p.extensions[:1])
                rows.append([*row, *[", ".join(mobiles)] * has_mobiles])
        self._put("managers", "managers.csv", rows)

    def _organisations(self) -> None:
        rows = [self._rows.organisation(organisation) for organisation in self._simulation.organisations]
        self._put("organisations", "organisations.csv", [HEADERS["organisations"], *self._twice(rows)])

    def _stages(self) -> None:
        corruption, header = self._corruption, HEADERS["stages"]
        known: list[list[str]] = []
        late: list[list[str]] = []
        for organisation in self._simulation.organisations:
            lateness: dict[int, bool] = {}
            for move in organisation.stages:
                # Two moves of one moment come in one file: in another one, the later would correct the earlier.
                is_late = lateness.setdefault(move[0], corruption.happens())
                (late if is_late else known).append(self._rows.stage(organisation, move, late=is_late))
        known = self._twice(known)
        corruption.shuffle(known)
        self._put("stages", "stages.csv", [header, *known])
        if late:
            self._put("stages", "stages-late.csv", [header, *late])

    def _proposals(self) -> None:
        rows = [
            self._rows.proposal(proposal, revision)
            for proposal in self._simulation.proposals
            for revision in proposal.revisions
        ]
        rows = self._twice(rows)
        self._corruption.shuffle(rows)
        self._put("proposals", "proposals.csv", [HEADERS["proposals"], *rows])

    def _calendar(self) -> Iterable[Sequence[object]]:
        yield HEADERS["calendar"]
        yield from map(calendar_row, self._simulation.days)

    def _absences(self) -> Iterable[Sequence[object]]:
        yield HEADERS["absences"]
        for manager in self._simulation.managers:
            yield from sorted(manager.absences)

    def _twice(self, rows: list[list[str]]) -> list[list[str]]:
        return [row for row in rows for _ in range(2 if self._corruption.happens() else 1)]


def _or_empty(day: date | None) -> str:
    return day.isoformat() if day else ""
