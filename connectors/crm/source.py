"""A table of the sales department to its records."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import tzinfo

import msgspec

from connectors.crm.definition import CrmTable
from connectors.reading.file_format import RowRef
from connectors.reading.rejects import Misread
from connectors.reading.sample import Sample
from connectors.reading.source import About, Context, Hints, Recognised
from connectors.reading.table import Delimited, Layout, Make
from schemas.errors import Terminal
from schemas.records import Reason, Record


class CrmCsv(Delimited):
    """One kind of table. Recognised by its header alone; objects of JSON have their keys as one."""

    json_under = ()

    def __init__(self, table: CrmTable) -> None:
        self._table = table
        self.kind = table.kind
        self.profile = f"{table.kind}-csv"
        self.may_be_empty = table.may_be_empty
        self.about = About(
            reads=f"a table of {table.kind}",
            recognised_by=f"a header with {', '.join(table.required)}",
            ids="the columns of ids",
            zone="as given; an offset in a cell counts",
            proof="",
        )

    def layout(self, rows: Sequence[Sequence[str]], hints: Hints) -> Layout | None:
        """None when a required column is missing (`require` says which)."""
        header = rows[0] if rows else []
        columns = self._columns(header)
        if not set(self._table.required) <= set(columns):
            return None
        unused = [name for name, column in zip(header, columns, strict=True) if not column]
        why = [f"column {name!r} is {column}" for name, column in zip(header, columns, strict=True) if column]
        why += [f"columns not used: {', '.join(unused)}"] if unused else []
        return Layout(f"{self.kind}, {len(header)} columns with a header", columns, 1, tuple(why))

    def require(self, sample: Sample) -> Terminal:
        """Why the file was not recognised: the missing columns, and what they may be called."""
        rows = sample.rows(sample.form_or_json(self.json_under))
        columns = self._columns(rows[0].fields if rows else [])
        missing = [name for name in self._table.required if name not in columns]
        accepted = "; ".join(f"{name} (also {', '.join(self._table.columns[name][:6])})" for name in missing)
        return Terminal(f"{sample.path}: a table of {self.kind} needs a header with {accepted}")

    def zone(self, sample: Sample, recognised: Recognised, zone: tzinfo | None) -> tuple[tzinfo, str]:
        """The zone as it was given: a CRM's export has nothing that proves it."""
        if zone is None:
            raise Terminal(f"{sample.path}: nothing in a table of {recognised.kind} proves its zone: give --tz by name")
        return zone, f"times without an offset are read in {zone}"

    def maker(self, recognised: Recognised, context: Context, zone: tzinfo, file: str) -> Make:
        table, columns = self._table, recognised.columns
        seen: dict[object, Record] = {}

        def record(fields: list[str], row_ref: RowRef) -> Record:
            cells = dict.fromkeys(table.columns, "")
            for column, cell in zip(columns, fields, strict=True):
                if column:
                    before = cells[column]
                    cells[column] = f"{before}\n{cell}" if before else cell
            made = table.make(cells, context, f"{file}:{row_ref}")
            if table.once is not None and not _says_the_same(made, seen.setdefault(table.once(made), made)):
                why = "another row of the file is of the same id and time: say all of it in one row"
                raise Misread(Reason.BAD_PERIOD, "id", why)
            return made

        return record

    def is_whole(self, recognised: Recognised, fields: Sequence[str]) -> bool:
        """Editors leave the last line end out: people write these tables."""
        return True

    def _columns(self, header: Sequence[str]) -> tuple[str, ...]:
        """What each header is; "" for one that is not used. The surest word's of several; all of a list's."""
        bare = [re.sub(r"[\s_.\-\"№()]", "", name).casefold() for name in header]
        columns = [""] * len(header)
        for column, headers in self._table.columns.items():
            fits = (bare.index(word) for word in headers if word in bare)
            index = next((index for index in fits if not columns[index]), None)
            if index is not None:
                columns[index] = column
        for column in self._table.several:
            headers = self._table.columns[column]
            for index, name in enumerate(bare):
                if not columns[index] and name.rstrip("0123456789") in headers:
                    columns[index] = column
        return tuple(columns)


def _says_the_same(record: Record, other: Record) -> bool:
    return msgspec.structs.replace(record, origin="") == msgspec.structs.replace(other, origin="")
