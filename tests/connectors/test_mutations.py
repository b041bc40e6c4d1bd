"""Golden files of every source, damaged in every way: each row is still one item, or the file is refused in words."""

from __future__ import annotations

import json
import random
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.reading.sample import Sample
from connectors.reading.source import Context
from connectors.recognise import choose
from schemas.codec import encode
from schemas.errors import Terminal
from schemas.records import CallLeg, Record, Rejected
from tests.connectors.conftest import context
from tests.connectors.golden import CASES
from tests.connectors.test_golden import file_of


class Golden(NamedTuple):
    name: str
    content: bytes
    kind: str
    loading: Context
    columns: tuple[str, ...]

    def read(self, path: Path) -> tuple[int, list[Record | Rejected]]:
        """(rows, items) of a file that is read as this one. Raises Terminal."""
        source, seen = choose(Sample(path), self.kind, "auto", self.loading.region, self.columns)
        reading = source.read(path, seen, self.loading)
        items = list(reading)
        return reading.rows, items


def _golden(case: Path) -> Golden:
    case_json = json.loads(case.read_text(encoding="utf-8"))
    more = {"extension_pattern": case_json["extensions"]} if "extensions" in case_json else {}
    loading = context(
        case_json["tz"], region=case_json.get("region", "RU"), trunks=tuple(case_json.get("trunks", ())), **more
    )
    content = file_of(case, case_json).read_bytes()
    name = f"{case.parent.name}-{case.stem}"
    return Golden(name, content, case_json.get("kind", "calls"), loading, tuple(case_json.get("columns", ())))


GOLDEN = [_golden(case) for case in CASES]
_SPLIT = (
    *("mango-usual_12", "3cx-v20_27_fields", "3cx-clocks_back", "avaya-old_17_columns", "avaya-r11_record_time_utc"),
    *("freeswitch-csv-example_time_in_uuid", "freeswitch-csv-asterisk_template", "freeswitch-json-both_legs"),
    "panasonic-pattern_c_24_hours_start",
)
# Logs and statistics without a header, whole: their lines may stand in any order, in any file.
SPLIT = [one for one in GOLDEN if one.name in _SPLIT]
_SPLINTERS = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(
        [b"\n", b"\r", b"\r\n", b",", b";", b'"', b"\0", b"[]", b"Call ", b"-1", b"9" * 30, b"9" * 5_000, b"\xd0", b" "]
    ),
    st.sampled_from([b"\xef\xbb\xbf", b"0000/00/00 00:00:00", b"7,9E+10", "Итого;".encode(), b"x" * 140_000]),
)
_BLOWS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), _SPLINTERS), min_size=1, max_size=6)


@given(st.sampled_from(GOLDEN), _BLOWS)
@settings(max_examples=400, deadline=None)
def test_damaged_file_is_items_or_one_clear_refusal(golden: Golden, blows: list[tuple[float, int, bytes]]) -> None:
    """A piece cut out here, another one put in there."""
    content = golden.content
    for share, cut, splinter in blows:
        offset = int(share * len(content))
        content = content[:offset] + splinter + content[offset + cut :]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "export.csv"
        path.write_bytes(content)
        refusal = ""
        try:
            rows, items = golden.read(path)
        except Terminal as trouble:
            rows, items, refusal = 0, [], str(trouble)
    assert len(items) == rows
    assert not refusal or str(path) in refusal
    for item in items:
        encode(item)
    origins = [item.origin for item in items if isinstance(item, CallLeg | Rejected)]
    assert len(set(origins)) == len(origins)


@pytest.mark.parametrize("golden", SPLIT, ids=lambda one: one.name)
def test_lines_in_any_order_and_any_split_are_the_same_records(golden: Golden, tmp_path: Path) -> None:
    def records_by_id(content: bytes) -> dict[str, bytes]:
        path = tmp_path / "export.csv"
        path.write_bytes(content)
        items = golden.read(path)[1]
        legs = [leg for leg in items if isinstance(leg, CallLeg)]
        return {leg.record_id: encode(leg).replace(leg.origin.encode(), b"") for leg in legs}

    whole = records_by_id(golden.content)
    lines = golden.content.splitlines(keepends=True)
    dice = random.Random(11)
    for cut in range(1, len(lines)):
        dice.shuffle(lines)
        assert records_by_id(b"".join(lines[:cut])) | records_by_id(b"".join(lines[cut:])) == whole
