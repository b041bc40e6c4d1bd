"""The department after its exports were made: each row comes at the moment when its system writes it.

The exchange writes a call's rows when the call has ended; the CRM writes what people enter, the new organisations of
a day before it begins.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date
from heapq import heappop, heappush
from itertools import islice
from typing import NamedTuple

import msgspec

from department.corruption import Corruption
from department.layouts import LAYOUTS, ExportClock
from department.options import DepartmentOptions
from department.people import extension_names
from department.plan import HEADER as PLAN
from department.plan import plan
from department.portfolio import Prospect
from department.random_streams import stream
from department.simulation import DayRecord, Simulation
from department.tables import HEADERS, TableRows, calendar_row
from department.working_days import calendar, midnight

KINDS = ("plan", "calendar", "absences", "organisations", "stages", "proposals", "calls")
"""Kinds of rows, in the order in which those of one moment are to be read."""


class ExportRow(NamedTuple):
    """A row, line end included, that its system writes at `at` (epoch seconds). Sorts by time, kind, then order."""

    at: int
    kind: int
    """Place in KINDS."""
    number: int
    text: str


class LiveDepartment:
    """The days after the last one of a department. Simulates the history first; that takes a second or two."""

    def __init__(self, options: DepartmentOptions) -> None:
        self._simulation = simulation = Simulation(options)
        for _ in simulation.run():
            pass
        self._layout = LAYOUTS[options.format]
        self._clock = ExportClock(simulation.country.zone)
        self._write = self._layout.writer(self._clock)
        names = extension_names(simulation.managers)
        self._exchange = self._layout.exchange(
            simulation.country, simulation.numbering, names, simulation.country.written, links=options.links_legs
        )
        self._rows = TableRows(simulation.country, Corruption(0, stream(options.seed, "living")))
        self._moves: dict[str, int] = {one.id: len(one.stages) for one in simulation.organisations}
        """How many moves of each organisation were written."""
        self._revisions: dict[str, int] = {one.id: len(one.revisions) for one in simulation.proposals}
        self._absences = {manager.id: len(manager.absences) for manager in simulation.managers}
        self._days = len(simulation.days)
        self._number = 0
        self._waiting: list[ExportRow] = []

    def header(self, kind: str) -> str:
        """The first line of a file of this kind; "" for one that has none."""
        if kind == "calls":
            return self._layout.header
        return _line(PLAN if kind == "plan" else HEADERS[kind])

    def rows(self) -> Iterator[ExportRow]:
        """Every row in order of time, without an end."""
        for recorded in self._simulation.live_on():
            self._record(recorded)
            tomorrow = recorded.day.midnight + recorded.day.length_s
            while self._waiting and self._waiting[0].at < tomorrow:
                yield heappop(self._waiting)

    @property
    def first_working_day(self) -> date:
        """The first live day that is worked."""
        options = self._simulation.options
        days = calendar(
            msgspec.structs.replace(options, first=options.last, days=31, files=1), self._simulation.country.zone
        )
        return next(day.date for day in days if day.is_working)

    def _record(self, recorded: DayRecord) -> None:
        """Put a day's rows where they wait for their time."""
        day = recorded.day
        self._clock.set(day)
        for call in recorded.calls:
            for leg in self._exchange.legs(call):
                self._put(call.end, "calls", self._write(leg))
        self._plan(day.midnight)
        for organisation in self._simulation.organisations:
            self._organisation(organisation, day.midnight)
        for proposal in self._simulation.proposals:
            written = self._revisions.get(proposal.id, 0)
            for revision in proposal.revisions[written:]:
                self._put(revision.sent_at, "proposals", _line(self._rows.proposal(proposal, revision)))
            self._revisions[proposal.id] = len(proposal.revisions)

    def _organisation(self, organisation: Prospect, today: int) -> None:
        written = self._moves.get(organisation.id)
        if written is None:
            written = 0
            self._put(today, "organisations", _line(self._rows.organisation(organisation)))
        for move in organisation.stages[written:]:
            self._put(move[0], "stages", _line(self._rows.stage(organisation, move)))
        self._moves[organisation.id] = len(organisation.stages)

    def _plan(self, today: int) -> None:
        """Plan, calendar and leave of the next weeks, when settled since yesterday; nobody plans to be ill."""
        simulation = self._simulation
        settled = simulation.days[self._days :]
        self._days = len(simulation.days)
        for day in settled:
            self._put(today, "calendar", _line(calendar_row(day)))
        if settled:
            months = plan(simulation.managers, simulation.days, simulation.country.currency, simulation.options)
            for row in islice(months, 1, None):
                if str(row[0]) >= f"{settled[0].date:%Y-%m}":
                    self._put(today, "plan", _line(row))
        for manager in simulation.managers:
            for absence in manager.absences[self._absences[manager.id] :]:
                known = midnight(absence.first, simulation.country.zone) if absence.kind == "sick" else today
                self._put(known, "absences", _line(absence))
            self._absences[manager.id] = len(manager.absences)

    def _put(self, at: int, kind: str, text: str) -> None:
        self._number += 1
        heappush(self._waiting, ExportRow(at, KINDS.index(kind), self._number, text))


def _line(cells: Iterable[object]) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\n").writerow(cells)
    return out.getvalue()
