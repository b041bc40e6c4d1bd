"""Parts whose bytes are not what was written: every byte is read and compared with its checksum."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from pipeline.clock import as_datetime, wall_clock
from pipeline.parts.block_ledger import BrokenPart, RowStore, has_ledger, present_blocks


class _CheckedPart(msgspec.Struct, frozen=True):
    part_path: str
    is_passed: int
    message: str


def put_aside_damaged(store: RowStore, command: Callable[[str], object]) -> list[BrokenPart]:
    """Read every part; detach those that are damaged, so that questions are answered without them, and say which.

    Takes as long as reading the whole store. Raises Trouble.
    """
    damaged = []
    for table in sorted(present_blocks(store)) if has_ledger(store) else ():
        parts = store.rows(
            msgspec.json.Decoder(_CheckedPart), f"CHECK TABLE `{table}` SETTINGS check_query_single_value_result = 0"
        )
        for part in parts:
            if not part.is_passed:
                damaged.append(_put_aside(table, part, store, command))
    return damaged


def _put_aside(table: str, part: _CheckedPart, store: RowStore, command: Callable[[str], object]) -> BrokenPart:
    """It is written down first: who dies in between finds it again."""
    name = part.part_path.rstrip("/").rsplit("/", 1)[-1]
    _, first, last, *_ = name.split("_")
    version = wall_clock()
    reason = f"damaged, put aside ({part.message.partition(' (version')[0]})"
    broken = BrokenPart(table=table, name=f"part {name}", reason=reason, first_block=int(first), last_block=int(last),
                        found_at=as_datetime(version), version=version)  # fmt: skip
    store.keep("broken_parts", [msgspec.json.encode(broken)])
    command(f"ALTER TABLE `{table}` DETACH PART '{name}'")
    return broken
