"""A table that settings map, to its records: recognised by its header alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from operator import itemgetter

from connectors.mapped.calls import READ, LengthUnits, parse_row
from connectors.mapped.kinds import CALLS, KINDS, TIMES, TableKind
from connectors.mapped.units import LENGTHS, LengthUnit, decide_units, spans_of
from connectors.reading.file_format import RowRef
from connectors.reading.json_table import Under
from connectors.reading.leg import leg_from_fields
from connectors.reading.machine_names import names_machine
from connectors.reading.rejects import Misread
from connectors.reading.source import About, Context, Hints, Recognised
from connectors.reading.table import Delimited, Layout, Make
from connectors.reading.times import Times, absolute, stated
from connectors.reading.zone_proof import date_order
from schemas.errors import Terminal
from schemas.mapping import Mapping as TableMapping
from schemas.records import Reason, Record

UNDER: Under = (
    *(("result", "data"), ("result", "items"), ("result",), ("data",), ("results",), ("records",), ("calls",)),
    *(("items",), ("rows",), ("value",), ("stats",), ("_embedded", "leads"), ("_embedded", "contacts")),
    ("_embedded", "companies"),
)
"""Where answers of services have their objects."""
_FOOTER = re.compile(r"\s*(?:итого|всего|total|grand total|итого по отчету):*\s*", re.IGNORECASE)
_IDS = ("id", "call_id", "organisation_id", "proposal_id")
_LONGEST_FOOTER = 20
_JOINED = {"phones": "; ", "extensions": ", "}


class MappedSource(Delimited):
    """One mapping. Raises Terminal when it names an unknown column of ours, or leaves out what is needed."""

    json_under = UNDER

    def __init__(self, name: str, mapping: TableMapping) -> None:
        self.profile = name
        self.kind = mapping.kind
        self._mapping = mapping
        self._table = KINDS[mapping.kind]
        _check(name, mapping, self._table)
        self.about = About(
            reads=f"{mapping.kind} by the mapping {name}",
            recognised_by=f"a header with {', '.join(self.theirs)}",
            ids="the mapped columns",
            zone="as given; an offset in a cell counts",
            proof="yours",
        )

    @property
    def theirs(self) -> list[str]:
        """Their columns that are used."""
        named = (name for names in self._mapping.columns.values() for name in _listed(names))
        return list(dict.fromkeys(named))

    @property
    def ours(self) -> frozenset[str]:
        """Our columns that have one of theirs, or a constant."""
        return frozenset({*self._mapping.columns, *self._mapping.constants})

    def layout(self, rows: Sequence[Sequence[str]], hints: Hints) -> Layout | None:
        if not rows:
            return None
        wanted = {squeezed(name): name for name in self.theirs}
        found: set[str] = set()
        columns = []
        for name in map(squeezed, rows[0]):
            columns.append(wanted.get(name, ""))
            found.add(name)
        if not set(wanted) <= found:
            return None
        why = [f"{ours} is {', '.join(_listed(names))}" for ours, names in self._mapping.columns.items()]
        why += [f"{ours} is always {text!r}" for ours, text in self._mapping.constants.items()]
        why += [
            f"{columns.count(name)} columns are named {name!r}: the first one is read"
            for name in dict.fromkeys(columns)
            if name and columns.count(name) > 1 and not self._joins(name)
        ]
        if machines := self._machines(columns, rows[1:]):
            why.append(f"taken for machines, by their names: {machines}; say others in `machines` of the source")
        has_offset = self.kind == "calls" and self._have_offset(columns, rows[1:])
        if not has_offset:
            self._check_order(columns, rows[1:], hints.region)
        name = f"{self.kind} by the mapping {self.profile}"
        units = self._units(columns, rows[1:]) if self.kind == "calls" else {}
        return Layout(
            name,
            tuple(columns),
            1,
            (*why, *(unit.why for unit in units.values() if unit.name != "s")),
            self._mapping.date_order,
            has_offset,
            {ours: unit.name for ours, unit in units.items() if unit.name != "s"},
            tuple(unit.why for unit in units.values() if unit.is_guess),
        )

    def maker(self, recognised: Recognised, context: Context, zone: tzinfo, file: str) -> Make:
        moments = Times(stated(zone), recognised.date_order)
        table = self._table.table
        if table is None:
            call_of = self._reader(recognised.columns, READ)
            units = LengthUnits(**recognised.units)
            return lambda fields, row_ref: leg_from_fields(
                parse_row(call_of(fields), moments, context, units), context, f"{file}:{row_ref}"
            )
        names = tuple({*table.columns, *self._table.columns})
        cells_of = self._reader(recognised.columns, names)

        def record(fields: list[str], row_ref: RowRef) -> Record:
            cells = dict(zip(names, cells_of(fields), strict=True))
            for name in TIMES & cells.keys():
                if cells[name].strip():
                    cells[name] = moments.utc(cells[name], name).isoformat()
            return table.make(cells, context, f"{file}:{row_ref}")

        return record

    def ids(self, layout: Layout) -> Sequence[str]:
        """The columns that are mapped to ids."""
        named = {name for ours in _IDS for name in _listed(self._mapping.columns.get(ours, []))}
        return [name if name in named else "" for name in layout.columns]

    def is_whole(self, recognised: Recognised, fields: Sequence[str]) -> bool:
        """Editors leave the last line end out: people write these tables."""
        return True

    def _reader(self, columns: Sequence[str], names: Sequence[str]) -> Callable[[list[str]], Sequence[str]]:
        """What gives our cells, in the order of `names`, of a row of theirs, which is used up."""
        mapping = self._mapping
        # Behind a row's own cells stand one for what it lacks, the constants, what is joined, and words of ours.
        added = ["", *mapping.constants.values()]
        positions = {ours: len(columns) + number for number, ours in enumerate(mapping.constants, 1)}
        last = len(columns) + len(added)
        joined, translations = [], []
        for ours, theirs in mapping.columns.items():
            # Columns of one name are all read where several are joined: two phones.
            several = [index for name in dict.fromkeys(_listed(theirs)) for index in _indices(columns, name)]
            if ours not in _JOINED:
                several = [columns.index(name) for name in _listed(theirs)]
            if len(several) == 1:
                positions[ours] = several[0]
            else:
                joined.append((several, _JOINED.get(ours, " ")))
                positions[ours] = last + len(joined) - 1
        for ours, known in mapping.values.items():
            translations.append(
                (positions.get(ours, len(columns)), {_word(theirs): word for theirs, word in known.items()})
            )
            positions[ours] = last + len(joined) + len(translations) - 1
        pick: Callable[[Sequence[str]], Sequence[str]] = itemgetter(
            *(positions.get(name, len(columns)) for name in names)
        )

        def cells_of(fields: list[str]) -> Sequence[str]:
            if _is_footer(fields):
                raise Misread(Reason.UNKNOWN_LAYOUT, "", "a footer, no row")
            fields += added
            for several, between in joined:
                fields.append(between.join(text for index in several if (text := fields[index].strip())))
            for index, ours in translations:
                fields.append(ours.get(_word(fields[index]), fields[index]))
            return pick(fields)

        return cells_of

    def _cells(
        self, columns: Sequence[str], rows: Sequence[Sequence[str]], names: Sequence[str]
    ) -> list[Sequence[str]]:
        """Our cells, in the order of `names`, of every row that is whole."""
        cells_of = self._reader(columns, names)
        return [cells_of(list(row)) for row in rows if len(row) == len(columns) and not _is_footer(row)]

    def _joins(self, name: str) -> bool:
        """Whether all columns of this name are read."""
        return any(name in _listed(self._mapping.columns.get(ours, [])) for ours in _JOINED)

    def _check_order(self, columns: Sequence[str], rows: Sequence[Sequence[str]], region: str) -> None:
        """Raises Terminal when dates have the day where the mapping has the month."""
        times = [ours for ours, column in self._table.columns.items() if column.holds == "time"]
        times = [ours for ours in times if ours in self._mapping.columns]
        if not times:
            return
        texts = [text for cells in self._cells(columns, rows, times) for text in _several(cells) if text.strip()]
        order, written = date_order([(text, "") for text in texts], region), self._mapping.date_order
        if not order.is_guess and {order.order, written} == {"dmy", "mdy"}:
            raise Terminal(
                f"dates are {order.order} ({order.why}), and mappings.{self.profile} says {written}: write"
                f' date_order = "{order.order}" there, or another mapping for these files'
            )

    def _units(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, LengthUnit]:
        """What the columns of lengths count."""
        whole = self._cells(columns, rows, READ)
        theirs = self._mapping.columns
        lengths = {
            ours: (" ".join(_listed(theirs[ours])), [cells[READ.index(ours)] for cells in whole])
            for ours in LENGTHS
            if ours in theirs
        }
        starts, ends = ([cells[READ.index(name)] for cells in whole] for name in ("start", "end"))
        return decide_units(lengths, spans_of(starts, ends, self._mapping.date_order), self._mapping.units)

    def _machines(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        """What names a menu, a queue or a group in the columns of the called, with how many rows each; "" for none."""
        if self.kind != "calls":
            return ""
        whole = self._cells(columns, rows, ("to", "extension"))
        named = Counter(cell.strip() for cells in whole for cell in cells if names_machine(cell))
        return ", ".join(f"{name} ({count})" for name, count in named.most_common(5))

    def _have_offset(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
        """Whether most starts say their offset."""
        index = READ.index("start")
        starts = [cells[index].strip() for cells in self._cells(columns, rows, READ)]
        return sum(absolute(start) is not None for start in starts) * 2 > sum(map(bool, starts))


def mapped_sources(mappings: Mapping[str, TableMapping]) -> list[MappedSource]:
    """A source for each mapping. Raises Terminal for one that cannot be."""
    return [MappedSource(name, mapping) for name, mapping in mappings.items()]


def squeezed(header: str) -> str:
    """A header as mappings are compared: in any case, with single spaces."""
    return " ".join(header.replace("\ufeff", "").split()).casefold()


def _indices(columns: Sequence[str], name: str) -> list[int]:
    return [index for index, column in enumerate(columns) if column == name]


def _several(cells: str | Sequence[str]) -> Sequence[str]:
    """What an itemgetter gives, of one column too."""
    return [cells] if isinstance(cells, str) else cells


def _listed(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else names


def _is_footer(fields: Sequence[str]) -> bool:
    """`Итого:` in a row that is mostly blank."""
    first = fields[0] or next(filter(None, fields), "")
    if len(first) > _LONGEST_FOOTER or not _FOOTER.fullmatch(first):
        return False
    return sum(not cell.isspace() for cell in fields if cell) * 2 <= len(fields)


def _word(text: str) -> str:
    return text.strip().casefold()


def _check(name: str, mapping: TableMapping, table: TableKind) -> None:
    where = f"mappings.{name}"
    used = {*mapping.columns, *mapping.constants}
    ours = set(table.columns) - ({"time"} if table is CALLS else set())
    if unknown := (used | set(mapping.values)) - ours:
        raise Terminal(
            f"{where}: {mapping.kind} has no column {', '.join(sorted(unknown))}; columns: {', '.join(sorted(ours))}"
        )
    if missing := [choice for choice in table.needed if not choice & used]:
        needed_columns = ", ".join(" or ".join(sorted(choice)) for choice in missing)
        raise Terminal(f"{where}: {mapping.kind} needs {needed_columns}: name a column, or a constant")
    if empty := [ours for ours, names in mapping.columns.items() if not _listed(names) or "" in _listed(names)]:
        raise Terminal(f"{where}.columns.{empty[0]}: no header is named")
