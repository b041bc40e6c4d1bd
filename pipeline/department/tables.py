"""What the CRM and the planners export. Semicolons, a header, local times without an offset. Columns: see readme."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path

from pipeline.department.dirt import Dirt
from pipeline.department.knobs import Knobs
from pipeline.department.plan import plan
from pipeline.department.story import Story
from pipeline.department.working import DayKind
from schemas.stages import default_stages

_HOURS = {DayKind.WORKING: 8, DayKind.SHORT: 7, DayKind.MOVED: 8, DayKind.WEEKEND: 0, DayKind.HOLIDAY: 0}
_LATE_S = 3 * 86_400


class Tables:
    """Writes the tables of a story that has been told, into a folder."""

    def __init__(self, story: Story, dirt: Dirt, folder: Path) -> None:
        self._story = story
        self._dirt = dirt
        self._folder = folder
        self._zone = story.country.zone
        self.files: list[tuple[str, str]] = []
        """(kind, file) in the order to load them."""

    def write(self, knobs: Knobs) -> None:
        self._managers()
        self._organisations()
        self._stages()
        self._proposals()
        story = self._story
        self._put("plan", "plan.csv", plan(story.managers, story.days, story.country.currency, knobs))
        self._put("calendar", "calendar.csv", self._calendar())
        self._put("absences", "absences.csv", self._absences())

    def _put(self, kind: str, name: str, rows: Iterable[Sequence[object]]) -> None:
        with (self._folder / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=";", lineterminator="\n").writerows(rows)
        self.files.append((kind, name))

    def _managers(self) -> None:
        rows = [["id", "name", "team", "extensions", "valid_from", "valid_to"]]
        for manager in self._story.managers:
            rows += [
                [manager.id, manager.name, p.team, ", ".join(p.extensions), _or_empty(p.since), _or_empty(p.until)]
                for p in manager.periods
            ]
        self._put("managers", "managers.csv", rows)

    def _organisations(self) -> None:
        pretty, dirt = self._story.country.pretty, self._dirt
        rows = [
            [
                organisation.id,
                organisation.name,
                ", ".join(pretty(phone, 0 if dirt.happens(5) else 1) for phone in organisation.phones),
                organisation.owner.id,
            ]
            for organisation in self._story.organisations
        ]
        self._put("organisations", "organisations.csv", [["id", "name", "phones", "manager_id"], *self._twice(rows)])

    def _stages(self) -> None:
        titles = [(stage.code, stage.title.ru) for stage in default_stages().stages]
        dirt = self._dirt
        known: list[list[str]] = []
        late: list[list[str]] = []
        for organisation in self._story.organisations:
            for at, stage, owner in organisation.stages:
                is_late = dirt.happens()
                recorded = self._time(at + _LATE_S if is_late else at)
                title = titles[stage][int(dirt.happens(5))]
                (late if is_late else known).append([organisation.id, title, self._time(at), owner, recorded])
        header = ["organisation_id", "stage", "changed_at", "manager_id", "recorded_at"]
        known = self._twice(known)
        dirt.shuffle(known)
        self._put("stages", "stages.csv", [header, *known])
        if late:
            self._put("stages", "stages-late.csv", [header, *late])

    def _proposals(self) -> None:
        dirt, currency = self._dirt, self._story.country.currency
        rows = []
        for proposal in self._story.proposals:
            kind, money = ("individual", currency) if proposal.individual else ("general", "")
            whose = [proposal.id, proposal.organisation.id, proposal.manager.id, kind]
            for revision in proposal.revisions:
                amount = self._amount(revision.cents) if proposal.individual else ""
                status = "withdrawn" if revision.withdrawn else "sent"
                rows.append([*whose, self._time(revision.sent_at), amount, money, str(revision.number), status])
        rows = self._twice(rows)
        dirt.shuffle(rows)
        header = [
            *("proposal_id", "organisation_id", "manager_id", "kind", "sent_at"),
            *("amount", "currency", "revision", "status"),
        ]
        self._put("proposals", "proposals.csv", [header, *rows])

    def _calendar(self) -> Iterable[Sequence[object]]:
        yield ["day", "kind", "hours", "title"]
        for day in self._story.days:
            yield [day.date.isoformat(), day.kind, _HOURS[day.kind], day.title]

    def _absences(self) -> Iterable[Sequence[object]]:
        yield ["manager_id", "first", "last", "kind"]
        for manager in self._story.managers:
            yield from sorted(manager.absences)

    def _twice(self, rows: list[list[str]]) -> list[list[str]]:
        return [row for row in rows for _ in range(2 if self._dirt.happens() else 1)]

    def _time(self, at: int) -> str:
        form = "%d.%m.%Y %H:%M:%S" if self._dirt.happens(5) else "%Y-%m-%d %H:%M:%S"
        return datetime.fromtimestamp(at, self._zone).strftime(form)

    def _amount(self, cents: int) -> str:
        whole, part = divmod(cents, 100)
        if self._dirt.happens(5):
            return f"{whole:,}".replace(",", " ") + f",{part:02d}"
        return f"{whole}.{part:02d}"


def _or_empty(day: date | None) -> str:
    return day.isoformat() if day else ""
