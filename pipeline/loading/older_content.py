"""Before a load: whether a file is older than what it would replace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import Any

import msgspec

from connectors.reading.packed import label
from pipeline.loading.file_age import FileAge, age_of, day_in_name, is_older
from pipeline.loading.outcome import TOPICS
from pipeline.loading.prepare import PreparedFile
from pipeline.loading.split_rejects import judged
from pipeline.loading.stored_records import FOUND_BY
from pipeline.merge_latest import says_the_same
from pipeline.store import Store, newest, texts
from schemas.provenance import KINDS
from schemas.records import CallLeg, Import, Rejected

_FIRST_RECORDS = 2_000
"""An old export shows itself by its beginning; all of a large file would be read twice."""


def warnings_of(files: Sequence[PreparedFile], store: Store) -> dict[str, str]:
    """By import: what a file would replace that came from a newer one. Reads the beginnings of the files."""
    found = {}
    for file in files:
        if warning := _warning(file, store):
            found[file.context.import_id] = warning
    return found


def _warning(file: PreparedFile, store: Store) -> str:
    records = _first_records(file)
    if not records:
        return ""
    replaced = Counter(row.import_id for row in _differing(records, store, file))
    age = age_of(file.path)
    which = f"import_id IN ({texts(replaced)})"
    rows = store.rows(msgspec.json.Decoder(Import), f"SELECT * FROM imports FINAL WHERE {which}") if replaced else []
    newer = [row for row in rows if is_older(age, FileAge(day_in_name(row.file), row.file_at))]
    if not newer:
        return ""
    newest_one = max(newer, key=lambda row: row.version)
    count = sum(replaced[row.import_id] for row in newer)
    of_first = f" of its first {_FIRST_RECORDS:,}" if len(records) == _FIRST_RECORDS else ""
    their_age = FileAge(day_in_name(newest_one.file), newest_one.file_at)
    return (
        f"{label(file.path)} ({age}) is older than {newest_one.file} ({their_age}), which was loaded before it:"
        f" {count:,}{of_first} records replace newer ones. Load {newest_one.file} again to have these back"
    )


def _first_records(file: PreparedFile) -> list[Any]:
    reading = judged(file.source.read(file.path, file.recognised, file.context), file.path)
    record = TOPICS[file.recognised.kind].record
    rows = (row for row in reading if not isinstance(row, Rejected) and type(row) is record)
    return list(islice(rows, _FIRST_RECORDS))


def _differing(records: Sequence[Any], store: Store, file: PreparedFile) -> list[Any]:
    """The stored records that these would replace."""
    topic = TOPICS[file.recognised.kind]
    kind = KINDS[topic.record]
    by_identity = {kind.identity(record): record for record in records}
    column, index = FOUND_BY[kind.table]
    where = f"{column} IN ({texts({identity.split(chr(31))[index] for identity in by_identity})})"
    if topic.record is CallLeg:
        where = f"source IN ({texts([file.context.source])}) AND {where}"
    sql = newest(kind.table, ", ".join(kind.columns), where)
    stored: list[Any] = store.rows(msgspec.json.Decoder(topic.record), sql)
    return [
        row
        for row in stored
        if not row.retracted
        and (record := by_identity.get(kind.identity(row))) is not None
        and not says_the_same(row, record)
    ]
