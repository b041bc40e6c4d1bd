"""Every file of `VENDOR/golden/PROFILE` beside what a person read out of it.

The file is the `.csv` of the same name, unless `file` names another. An expected leg names the fields that say
something; each one that it leaves out must be empty. Ids that are a hash hold `*` or `?`. `line` is the place, `#2` for
the second value of an array. `same_as` names the line of the row that this one repeats. A reject is its reason and
column.
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from connectors.reading.sample import Sample
from connectors.reading.source import Hints
from connectors.recognise import choose
from connectors.registry import CALLS, CONNECTORS
from schemas.records import CallLeg, Record, Rejected
from tests.connectors.conftest import context
from tests.connectors.golden import CASES, HERE
from tests.connectors.golden_legs import LEG, plain

_SAME_EVERYWHERE = {"v", "source", "import_id", "origin", "version", "retracted"}


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_file_is_read_as_a_person_reads_it(case: Path) -> None:
    expected = json.loads(case.read_text(encoding="utf-8"))
    loading_context = context(
        expected["tz"],
        region=expected.get("region", "RU"),
        trunks=tuple(expected.get("trunks", ())),
        extension_pattern=expected.get("extensions", r"\d{2,5}"),
    )
    path = file_of(case, expected)
    columns = tuple(expected.get("columns", ()))
    source, seen = choose(Sample(path), expected.get("kind", "calls"), "auto", loading_context.region, columns)
    form = seen.form._asdict()
    found = {name: plain(form[name] if name in form else getattr(seen, name)) for name in expected["seen"]}
    assert found == expected["seen"]
    items = list(source.read(path, seen, loading_context))
    assert [_as_json(item) for item in items] == [_without_ids(row) for row in expected["items"]]
    _assert_ids(expected["items"], items)


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_file_of_calls_is_recognised_by_its_own_source_alone(case: Path) -> None:
    """Whatever the order in which sources are asked, and whatever `--profile` says."""
    expected = json.loads(case.read_text(encoding="utf-8"))
    hints = Hints(region=expected.get("region", "RU"), columns=tuple(expected.get("columns", ())))
    found = [source for source in CALLS if source.recognise(Sample(file_of(case, expected)), hints)]
    ours = [source.profile for source in found if not source.is_family] or [source.profile for source in found]
    assert ours == ([] if "kind" in expected else [case.parent.name])


def file_of(case: Path, expected: dict[str, Any]) -> Path:
    """The file that this is expected of."""
    return case.with_name(expected["file"]) if "file" in expected else case.with_suffix(".csv")


def test_every_source_has_a_golden_folder() -> None:
    ours = {f"{vendor.name}/golden/{source.profile}" for vendor in CONNECTORS for source in vendor.files}
    assert {str(path.parent.relative_to(HERE)) for path in CASES} == {"crm/golden/crm-csv", *ours}
    files = {path for path in HERE.glob("*/golden/*/*") if path.suffix != ".json"}
    assert files == {file_of(case, json.loads(case.read_text(encoding="utf-8"))) for case in CASES}


def _as_json(item: Record | Rejected) -> dict[str, Any]:
    line = _place(getattr(item, "origin"))  # noqa: B009  # every record that is read has one
    if isinstance(item, Rejected):
        return {"line": line, "reject": str(item.reason), "field": item.field}
    if isinstance(item, CallLeg):
        found = {short: plain(getattr(item, name)) for short, name in LEG.items()}
        return {"line": line, **{short: value for short, value in found.items() if value not in ("", 0)}}
    names = [name for name in item.__struct_fields__ if name not in _SAME_EVERYWHERE]
    found = {name: plain(getattr(item, name)) for name in names}
    return {"line": line, **{name: value for name, value in found.items() if value not in ("", [])}}


def _place(origin: str) -> int | str:
    """A line's number, or a name like `#2`."""
    row_ref = origin.rpartition(":")[2]
    return int(row_ref) if row_ref.isdecimal() else row_ref


def _without_ids(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("id", "call", "same_as")}


def _assert_ids(wanted: list[dict[str, Any]], items: list[Record | Rejected]) -> None:
    """Ids match their patterns, and rows have one id when they say so, and only then."""
    legs = {_place(leg.origin): leg for leg in items if isinstance(leg, CallLeg)}
    first = {row["line"]: row.get("same_as", row["line"]) for row in wanted if "id" in row}
    assert set(legs) == set(first)
    for row in wanted:
        if (leg := legs.get(row["line"])) is not None:
            assert fnmatchcase(leg.record_id, row["id"])
            assert fnmatchcase(leg.call_id, row["call"])
            same = {line for line, other in legs.items() if other.record_id == leg.record_id}
            assert same == {line for line in first if first[line] == first[row["line"]]}
