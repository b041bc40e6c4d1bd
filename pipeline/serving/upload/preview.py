"""What an uploaded file is, in the words of `load --explain`, and its first rows as they will be read."""

from __future__ import annotations

from itertools import islice

import msgspec

from connectors.reading.packed import label
from connectors.registry import CRM
from pipeline.loading.dropped_files import AUTO
from pipeline.loading.explain import explanation, record_fields
from pipeline.loading.prepare import LoadOptions, PreparedFile, PreparedTables, prepare_all
from pipeline.serving.upload.storage import Upload
from pipeline.settings import Settings
from schemas.errors import Terminal
from schemas.records import Rejected

_ROWS = 8
_MOST_PAYLOAD = 300
_HIDDEN = ("origin", "source")


class PreviewRow(msgspec.Struct, frozen=True):
    """One of the first rows: the fields of its record, or why it was rejected."""

    location: str = msgspec.field(name="place")
    fields: dict[str, object] = {}
    reason: str = ""
    field: str = ""
    detail: str = ""
    payload: str = ""


class PreviewTable(msgspec.Struct, frozen=True):
    """A table of the file, which mostly is one itself."""

    name: str
    kind: str
    description: list[str] = msgspec.field(name="words")
    zone: str
    columns: list[str]
    rows: list[PreviewRow]


class Preview(msgspec.Struct, frozen=True):
    """`failed` says why the file, or one in it, is not understood."""

    tables: list[PreviewTable]
    failed: list[str]


def recognise(upload: Upload, options: LoadOptions, settings: Settings) -> PreparedTables:
    """The tables of the file as `load` would take them; of kind AUTO, what the one kind is that reads it."""
    if options.kind != AUTO:
        return prepare_all(upload.path, options, settings)
    calls = prepare_all(upload.path, msgspec.structs.replace(options, kind=""), settings)
    if calls.prepared or options.profile != AUTO:
        return calls
    found = {}
    for kind in CRM:
        tables = prepare_all(upload.path, msgspec.structs.replace(options, kind=kind), settings)
        if tables.prepared:
            found[kind] = tables
    if len(found) > 1:
        return calls._replace(failed=[f"{upload.path}: it may be a table of {' or '.join(found)}: choose one"])
    return next(iter(found.values()), calls)


def preview(upload: Upload, options: LoadOptions, settings: Settings) -> tuple[Preview, list[PreparedFile]]:
    """What people are shown, and what would be loaded. Reads the beginning of the file; blocks."""
    tables = recognise(upload, options, settings)
    shown, readable, failed = [], [], list(tables.failed)
    for file in tables.prepared:
        try:
            shown.append(_shown(upload, file))
            readable.append(file)
        except Terminal as error:
            failed.append(str(error))
    return Preview(shown, [upload.hide_folder(why) for why in failed]), readable


def _shown(upload: Upload, file: PreparedFile) -> PreviewTable:
    """Raises Terminal when it cannot be read as it was taken."""
    rows = [_row(item) for item in islice(iter(file.source.read(file.path, file.recognised, file.context)), _ROWS)]
    columns = dict.fromkeys(name for row in rows for name in row.fields)
    return PreviewTable(
        label(file.path),
        file.recognised.kind,
        [upload.hide_folder(line).strip() for line in explanation(file)],
        str(file.context.zone),
        list(columns),
        rows,
    )


def _row(item: object) -> PreviewRow:
    location = str(getattr(item, "origin", "")).rpartition(":")[2]
    if isinstance(item, Rejected):
        return PreviewRow(location, {}, item.reason, item.field, item.detail, item.payload[:_MOST_PAYLOAD])
    fields = {name: value for name, value in record_fields(item).items() if name not in _HIDDEN}  # type: ignore[arg-type]
    return PreviewRow(location, fields)
