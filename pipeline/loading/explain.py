"""`load --explain`: what a file was taken for, why, and how its first rows would be read."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import msgspec

from pipeline.loading.outside_numbers import NumberCounts, describe
from pipeline.loading.peers import peers_of
from pipeline.loading.prepare import PreparedFile
from schemas.records import CallLeg, Record, Rejected

_PEERS = 20
_LOOKED_AT = 20_000
"""Rows whose numbers are counted."""


def explain(file: PreparedFile, show: Callable[[str], None], *, examples: int = 5) -> None:
    """Say what the file is, why, and how its first rows would be read. Sends nothing."""
    for line in explanation(file):
        show(line)
    numbers = NumberCounts(file.context.region, file.context.prefixes)
    for number, item in enumerate(islice(iter(file.source.read(file.path, file.recognised, file.context)), _LOOKED_AT)):
        if isinstance(item, CallLeg):
            numbers.add(item)
        if number >= examples:
            continue
        if isinstance(item, Rejected):
            show(f"  rejected {item.origin}: {item.reason} {item.field} {item.detail}".rstrip())
        else:
            show(f"  {msgspec.json.encode(record_fields(item)).decode()}")
    for line in describe(numbers.numbers(), file.context.region, file.context.source):
        show(f"  {line}")


def explanation(file: PreparedFile) -> list[str]:
    """What the file was taken for, and why."""
    seen = file.recognised
    return [
        f"{file.path}: {seen.profile}, {seen.layout}",
        *(f"  {reason}" for reason in seen.reasons),
        *(f"  taken for likely: {guess}" for guess in seen.guesses if guess not in seen.reasons),
        f"  zone: {file.zone_why}",
        *(
            f"  {peer.name} is taken for a {peer.taken_for} ({peer.rows:,} rows: {peer.why}); `{peer.setting}` under"
            f" [sources.{file.context.source}] decides otherwise"
            for peer in peers_of(file)[:_PEERS]
        ),
    ]


def record_fields(record: Record) -> dict[str, object]:
    """The fields of a record that say something of the row."""
    hidden = {"import_id", "version"}
    return {name: value for name in record.__struct_fields__ if name not in hidden and (value := getattr(record, name))}
