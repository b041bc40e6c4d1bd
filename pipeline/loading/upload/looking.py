"""What an uploaded file is, in the words of `load --explain`, and its first rows as they will be read."""

from __future__ import annotations

from itertools import islice

import msgspec

from connectors.reading.packed import label
from connectors.registry import CRM
from pipeline.loading.dropped import AUTO
from pipeline.loading.explain import told, words
from pipeline.loading.prepare import Prepared, Tables, Wish, prepare_all
from pipeline.loading.upload.shelf import Upload
from pipeline.settings import Settings
from schemas.records import Rejected
from schemas.trouble import Terminal

_ROWS = 8
_MOST_PAYLOAD = 300
_HIDDEN = ("origin", "source")


class Row(msgspec.Struct, frozen=True):
    """One of the first rows: the fields of its record, or why it was rejected."""

    place: str
    fields: dict[str, object] = {}
    reason: str = ""
    field: str = ""
    detail: str = ""
    payload: str = ""


class Table(msgspec.Struct, frozen=True):
    """A table of the file, which mostly is one itself."""

    name: str
    kind: str
    words: list[str]
    zone: str
    columns: list[str]
    rows: list[Row]


class Looked(msgspec.Struct, frozen=True):
    """`failed` says why the file, or one in it, is not understood."""

    tables: list[Table]
    failed: list[str]


def recognise(upload: Upload, wish: Wish, settings: Settings) -> Tables:
    """The tables of the file as `load` would take them; of kind AUTO, what the one kind is that reads it."""
    if wish.kind != AUTO:
        return prepare_all(upload.path, wish, settings)
    calls = prepare_all(upload.path, msgspec.structs.replace(wish, kind=""), settings)
    if calls.prepared or wish.profile != AUTO:
        return calls
    found = {}
    for kind in CRM:
        tables = prepare_all(upload.path, msgspec.structs.replace(wish, kind=kind), settings)
        if tables.prepared:
            found[kind] = tables
    if len(found) > 1:
        return calls._replace(failed=[f"{upload.path}: it may be a table of {' or '.join(found)}: choose one"])
    return next(iter(found.values()), calls)


def look(upload: Upload, wish: Wish, settings: Settings) -> tuple[Looked, list[Prepared]]:
    """What people are shown, and what would be loaded. Reads the beginning of the file; blocks."""
    tables = recognise(upload, wish, settings)
    shown, readable, failed = [], [], list(tables.failed)
    for file in tables.prepared:
        try:
            shown.append(_shown(upload, file))
            readable.append(file)
        except Terminal as trouble:
            failed.append(str(trouble))
    return Looked(shown, [upload.without_folder(why) for why in failed]), readable


def _shown(upload: Upload, file: Prepared) -> Table:
    """Raises Terminal when it cannot be read as it was taken."""
    rows = [_row(item) for item in islice(iter(file.source.read(file.path, file.recognised, file.context)), _ROWS)]
    columns = dict.fromkeys(name for row in rows for name in row.fields)
    return Table(
        label(file.path),
        file.recognised.kind,
        [upload.without_folder(line).strip() for line in words(file)],
        str(file.context.zone),
        list(columns),
        rows,
    )


def _row(item: object) -> Row:
    place = str(getattr(item, "origin", "")).rpartition(":")[2]
    if isinstance(item, Rejected):
        return Row(place, {}, item.reason, item.field, item.detail, item.payload[:_MOST_PAYLOAD])
    fields = {name: value for name, value in told(item).items() if name not in _HIDDEN}  # type: ignore[arg-type]
    return Row(place, fields)
