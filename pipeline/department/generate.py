"""All of it into a folder: exports, tables, settings to load them with, and the truth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import msgspec

from pipeline.department import passage
from pipeline.department.dirt import Dirt
from pipeline.department.draws import stream
from pipeline.department.knobs import Knobs
from pipeline.department.layouts import LAYOUTS, Clock, Layout, Writer
from pipeline.department.people import Manager, extension_names
from pipeline.department.planted import Planted
from pipeline.department.readme import readme
from pipeline.department.story import Recorded, Story
from pipeline.department.tables import Tables
from pipeline.department.truth import NOBODY, Truth
from pipeline.department.working import Day, is_worked
from schemas.trouble import Terminal

TRUTH = "truth.json"


class Generated(msgspec.Struct, frozen=True, kw_only=True):
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
    planted: list[Planted]


def generate(knobs: Knobs, folder: Path) -> Generated:
    """Write a department into a folder, which is made; one that was generated there before is replaced.

    Raises Terminal when it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _clear(folder)
        return _generate(knobs, folder)
    except OSError as error:
        raise Terminal(f"{error.filename or folder}: {error.strerror}; give another --out") from None


def _generate(knobs: Knobs, folder: Path) -> Generated:
    story = Story(knobs)
    truth = Truth(story.country.zone, story.country.currency)
    with _Exports(story, folder) as exports:
        for recorded in story.tell():
            exports.add(recorded)
            truth.add(recorded.day, recorded.calls, recorded.lost)
    truth.propose(story.proposals)
    tables = Tables(story, Dirt(knobs.dirt, stream(knobs.seed, "dirt/tables")), folder)
    tables.write(knobs)
    generated = Generated(
        folder=str(folder),
        files=[*tables.files, *(("calls", name) for name in exports.files)],
        calls=truth.calls,
        legs=exports.legs,
        lost=sum(truth.lost.values()),
        organisations=len(story.organisations),
        proposals=len(story.proposals),
        planted=story.planted,
    )
    _settings(story, folder)
    title = f"A sales department of {knobs.managers}, {knobs.days} days from {knobs.first}"
    (folder / "README.md").write_text("\n".join(readme(generated.files, title)) + "\n", encoding="utf-8")
    _write_truth(folder / TRUTH, story, truth, generated)
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

    def __init__(self, story: Story, folder: Path) -> None:
        knobs = story.knobs
        self._story = story
        self._folder = folder
        self._layout: Layout = LAYOUTS[knobs.format]
        self._clock = Clock(story.country.zone)
        self._write: Writer = self._layout.writer(self._clock)
        self._dirt = Dirt(knobs.dirt, stream(knobs.seed, "dirt/calls"))
        names = extension_names(story.managers)
        notations = self._dirt.notations(story.country)
        country, numbering = story.country, story.numbering
        self._exchange = self._layout.exchange(country, numbering, names, notations, links=knobs.links_legs)
        self._extensions = sorted(names)
        self._carried: list[tuple[int, str]] = []
        self._corrections: list[str] = []
        self._late_day = story.days[int(knobs.days * 0.3)].date if knobs.dirt and knobs.days >= 3 else None
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

    def add(self, recorded: Recorded) -> None:
        """A day."""
        self._clock.set(recorded.day)
        rows, ends = self._carried, recorded.day.midnight + recorded.day.length_s
        write, legs_of = self._write, self._exchange.legs
        for call in recorded.calls:
            for leg in legs_of(call):
                self.legs += 1
                if self._dirt.happens(0.2):
                    wrong = leg.mistaken(self._dirt.pick, self._extensions)
                    self._corrections.append(write(leg))
                    rows.append((leg.end, write(wrong)))
                else:
                    rows.append((leg.end, write(leg)))
        rows.sort(key=_by_end)
        self._carried = [row for row in rows if row[0] >= ends]
        lines = self._dirt.spoil([row for end, row in rows if end < ends])
        if recorded.day.date == self._late_day:
            self._late = lines
        else:
            self._file(recorded.day).writelines(lines)

    def _file(self, day: Day) -> IO[str]:
        """The export that a day is in."""
        knobs = self._story.knobs
        number = (day.date - knobs.first).days * knobs.files // knobs.days + 1
        if number != self._number:
            self._begin(f"-{number}" if knobs.files > 1 else "")
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
        file = self._file(self._story.days[-1])
        file.writelines(self._dirt.rest())
        file.writelines(row for _, row in self._carried)
        for which, rows in ((f"-late-{self._late_day}", self._late), ("-corrections", self._corrections)):
            if rows:
                self._begin(which)
                self._open.writelines(rows)  # type: ignore[union-attr]  # _begin opened it


def _by_end(row: tuple[int, str]) -> int:
    return row[0]


def _settings(story: Story, folder: Path) -> None:
    """A callfunnel.toml to load the folder with."""
    zone, region = story.country.zone.key, story.country.name
    written = {"pbx": LAYOUTS[story.knobs.format].zone or zone, "crm": zone}
    sources = "".join(f'\n[sources.{name}]\ntime_zone = "{of}"\n' for name, of in written.items())
    text = f'time_zone = "{zone}"\nregion = "{region}"\n{sources}'
    (folder / "callfunnel.toml").write_text(text, encoding="utf-8")


def _write_truth(path: Path, story: Story, truth: Truth, generated: Generated) -> None:
    """One object, one row of a list a line."""
    rows = list(truth.rows())
    organisations = passage.histories(story.organisations)
    months = passage.months(organisations, story.knobs.last, story.country.zone)
    zone = story.country.zone
    parts: dict[str, object | Iterator[object]] = {
        "knobs": story.knobs,
        "time_zone": zone.key,
        "region": story.country.name,
        "currency": story.country.currency,
        "conversation_s": 30,
        "files": iter({"kind": kind, "file": file} for kind, file in generated.files),
        "totals": {"calls": generated.calls, "legs": generated.legs, "lost": truth.lost},
        "managers": (_manager(manager) for manager in story.managers),
        "planted": iter(story.planted),
        "activity": (row for row in rows if row.manager_id != NOBODY),
        "nobody": (row for row in rows if row.manager_id == NOBODY),
        "calls": truth.calls_behind(),
        "funnel_window": passage.WINDOW,
        "funnel_cohort": passage.cohorts(organisations, months, zone, is_worked(story.knobs.country)),
        "funnel_flow": passage.flows(organisations, months),
        "funnel_snapshot": passage.snapshots(organisations, months),
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


def _manager(manager: Manager) -> dict[str, object]:
    return {"manager_id": manager.id, "name": manager.name, "periods": list(_periods(manager))}


def _periods(manager: Manager) -> Iterable[dict[str, object]]:
    for period in manager.periods:
        yield {
            "team": period.team,
            "extensions": period.extensions,
            "valid_from": period.since,
            "valid_to": period.until,
        }
