"""All of it into a folder: exports, tables, settings to load them with, and the truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import msgspec

from department import funnel_truth
from department.anomalies import Anomaly
from department.corruption import Corruption
from department.layouts import LAYOUTS, ExportClock, ExportLayout, Writer
from department.odd_exchange import OddExchange
from department.options import DepartmentOptions
from department.people import Salesperson, extension_names
from department.random_streams import stream
from department.readme import readme
from department.simulation import DayRecord, Simulation
from department.tables import TableExport
from department.truth import NOBODY, Truth
from department.working_days import WorkDay, is_worked
from schemas.errors import Terminal

TRUTH = "truth.json"


class Generated(msgspec.Struct, frozen=True, kw_only=True, rename={"anomalies": "planted"}):
    """What was written."""

    folder: str
    files: list[tuple[str, str]]
    """(kind, file), in the order to load them."""
    calls: int
    legs: int
    lost: int
    """Calls that the dead feed did not record."""
    organisations: int
    proposals: int
    anomalies: list[Anomaly]


def generate(options: DepartmentOptions, folder: Path) -> Generated:
    """Write a department into a folder, which is made; one that was generated there before is replaced.

    Raises Terminal when it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _clear(folder)
        return _generate(options, folder)
    except OSError as error:
        raise Terminal(f"{error.filename or folder}: {error.strerror}; give another --out") from None


def _generate(options: DepartmentOptions, folder: Path) -> Generated:
    simulation = Simulation(options)
    truth = Truth(simulation.country.zone, simulation.country.currency)
    with _Exports(simulation, folder) as exports:
        for recorded in simulation.run():
            exports.add(recorded)
            truth.add(recorded.day, recorded.calls, recorded.lost)
    truth.propose(simulation.proposals)
    tables = TableExport(simulation, Corruption(options.corruption, stream(options.seed, "dirt/tables")), folder)
    tables.write(options)
    generated = Generated(
        folder=str(folder),
        files=[*tables.files, *(("calls", name) for name in exports.files)],
        calls=truth.calls,
        legs=exports.legs,
        lost=sum(truth.lost.values()),
        organisations=len(simulation.organisations),
        proposals=len(simulation.proposals),
        anomalies=simulation.anomalies,
    )
    _settings(simulation, folder)
    title = f"A sales department of {options.managers}, {options.days} days from {options.first}"
    (folder / "README.md").write_text("\n".join(readme(generated.files, title)) + "\n", encoding="utf-8")
    _write_truth(folder / TRUTH, simulation, truth, generated)
    return generated


class _Listed(msgspec.Struct):
    file: str


class _Earlier(msgspec.Struct):
    files: list[_Listed]


def _clear(folder: Path) -> None:
    """Take away the files that an earlier truth lists: whoever loads Master-*.csv must not get two departments."""
    try:
        earlier = msgspec.json.decode((folder / TRUTH).read_bytes(), type=_Earlier)
    except (FileNotFoundError, msgspec.DecodeError):
        return
    for listed in earlier.files:
        (folder / Path(listed.file).name).unlink(missing_ok=True)


class _Exports:
    """The files of calls. Rows stand in the order in which calls ended, as an exchange writes them."""

    def __init__(self, simulation: Simulation, folder: Path) -> None:
        options = simulation.options
        self._simulation = simulation
        self._folder = folder
        self._layout: ExportLayout = LAYOUTS[options.format]
        self._clock = ExportClock(simulation.country.zone)
        self._write: Writer = self._layout.writer(self._clock)
        self._corruption = Corruption(options.corruption, stream(options.seed, "dirt/calls"))
        names = extension_names(simulation.managers)
        notations = self._corruption.notations(simulation.country)
        country, numbering = simulation.country, simulation.numbering
        exchange = OddExchange if options.oddities else self._layout.exchange
        self._exchange = exchange(country, numbering, names, notations, links=options.links_legs)
        self._extensions = sorted(names)
        self._carried: list[tuple[int, str]] = []
        self._corrections: list[str] = []
        self._late_day = (
            simulation.days[int(options.days * 0.3)].date if options.corruption and options.days >= 3 else None
        )
        self._late: list[str] = []
        self._open: IO[str] | None = None
        self._number = 0
        self.files: list[str] = []
        self.legs = 0

    def __enter__(self) -> _Exports:
        return self

    def __exit__(self, *exception: object) -> None:
        if exception == (None, None, None):
            self._finish()
        if self._open is not None:
            self._open.close()

    def add(self, recorded: DayRecord) -> None:
        """A day."""
        self._clock.set(recorded.day)
        rows, ends = self._carried, recorded.day.midnight + recorded.day.length_s
        write, legs_of = self._write, self._exchange.legs
        for call in recorded.calls:
            for leg in legs_of(call):
                self.legs += 1
                if self._corruption.happens(0.2):
                    wrong = leg.mistaken(self._corruption.pick, self._extensions)
                    self._corrections.append(write(leg))
                    rows.append((leg.end, write(wrong)))
                else:
                    rows.append((leg.end, write(leg)))
        rows.sort(key=_by_end)
        self._carried = [row for row in rows if row[0] >= ends]
        lines = self._corruption.spoil([row for end, row in rows if end < ends])
        if recorded.day.date == self._late_day:
            self._late = lines
        else:
            self._file(recorded.day).writelines(lines)

    def _file(self, day: WorkDay) -> IO[str]:
        """The export that a day is in."""
        options = self._simulation.options
        number = (day.date - options.first).days * options.files // options.days + 1
        if number != self._number:
            self._begin(f"-{number}" if options.files > 1 else "")
            self._number = number
        assert self._open is not None
        return self._open

    def _begin(self, which: str) -> None:
        if self._open is not None:
            self._open.close()
        name = self._layout.file.format(which)
        self._open = (self._folder / name).open("w", encoding="utf-8", newline="")
        self._open.write(self._layout.header)
        self.files.append(name)

    def _finish(self) -> None:
        """What was still on its way, the day that came late, then the corrections."""
        file = self._file(self._simulation.days[-1])
        file.writelines(self._corruption.rest())
        file.writelines(row for _, row in self._carried)
        for which, rows in ((f"-late-{self._late_day}", self._late), ("-corrections", self._corrections)):
            if rows:
                self._begin(which)
                self._open.writelines(rows)  # type: ignore[union-attr]  # _begin opened it


def _by_end(row: tuple[int, str]) -> int:
    return row[0]


def _settings(simulation: Simulation, folder: Path) -> None:
    """A callfunnel.toml to load the folder with."""
    zone, region = simulation.country.zone.key, simulation.country.name
    written = {"pbx": LAYOUTS[simulation.options.format].zone or zone, "crm": zone}
    sources = "".join(f'\n[sources.{name}]\ntime_zone = "{of}"\n' for name, of in written.items())
    text = f'time_zone = "{zone}"\nregion = "{region}"\n{sources}'
    (folder / "callfunnel.toml").write_text(text, encoding="utf-8")


def _write_truth(path: Path, simulation: Simulation, truth: Truth, generated: Generated) -> None:
    """One object, one row of a list a line."""
    rows = list(truth.rows())
    organisations = funnel_truth.histories(simulation.organisations)
    months = funnel_truth.months(organisations, simulation.options.last, simulation.country.zone)
    zone = simulation.country.zone
    parts: dict[str, object | Iterator[object]] = {
        "knobs": simulation.options,
        "time_zone": zone.key,
        "region": simulation.country.name,
        "currency": simulation.country.currency,
        "conversation_s": 30,
        "files": iter({"kind": kind, "file": file} for kind, file in generated.files),
        "totals": {"calls": generated.calls, "legs": generated.legs, "lost": truth.lost},
        "managers": (_manager(manager) for manager in simulation.managers),
        "planted": iter(simulation.anomalies),
        "activity": (row for row in rows if row.manager_id != NOBODY),
        "nobody": (row for row in rows if row.manager_id == NOBODY),
        "calls": truth.calls_behind(),
        "funnel_window": funnel_truth.WINDOW,
        "funnel_cohort": funnel_truth.cohorts(organisations, months, zone, is_worked(simulation.options.country)),
        "funnel_flow": funnel_truth.flows(organisations, months),
        "funnel_snapshot": funnel_truth.snapshots(organisations, months),
    }
    encode = msgspec.json.Encoder().encode
    with path.open("wb") as file:
        for n, (name, part) in enumerate(parts.items()):
            file.write((b",\n" if n else b"{\n") + encode(name) + b": ")
            if isinstance(part, Iterator):
                file.write(b"[\n " + b",\n ".join(encode(one) for one in part) + b"\n]")
            else:
                file.write(encode(part))
        file.write(b"\n}\n")


def _manager(manager: Salesperson) -> dict[str, object]:
    return {"manager_id": manager.id, "name": manager.name, "periods": list(_periods(manager))}


def _periods(manager: Salesperson) -> Iterable[dict[str, object]]:
    for period in manager.periods:
        yield {
            "team": period.team,
            "extensions": period.extensions,
            "valid_from": period.since,
            "valid_to": period.until,
        }
