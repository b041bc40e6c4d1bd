"""Tables of telephone services: the same in JSON, CSV, a sheet and archives; zones; the private corpus."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import msgspec
import pytest

from connectors.reading.json_rows import JsonRows
from connectors.reading.json_table import flat
from connectors.reading.packed import open_bytes
from connectors.reading.parts import parts
from connectors.reading.rejected_rows import RejectedRows
from connectors.reading.sample import Sample
from connectors.reading.service_table import ServiceTable
from connectors.recognise import choose
from connectors.registry import CALLS
from pipeline.loading.prepare import LoadOptions, prepare
from pipeline.settings import read_settings
from schemas.codec import encode
from schemas.errors import Terminal
from schemas.records import CallLeg, Rejected
from tests.connectors.conftest import Write, context
from tests.connectors.golden import HERE, golden
from tests.connectors.packed.containers import gzipped, workbook, zipped

SAMPLES = os.environ.get("CALLFUNNEL_SAMPLES", "")
SERVICES = [source for source in CALLS if isinstance(source, ServiceTable)]
JSON = sorted(path for path in HERE.glob("*/golden/*/*.body") if path.parent.name in {one.profile for one in SERVICES})


def rows_of(path: Path) -> list[list[str]]:
    """The good objects of a file as a table with a header."""
    sample = Sample(path)
    sample.takes_only_list = True
    form = sample.json_form((("result", "data"), ("result",), ("stats",), ("calls",), ("records",)))
    assert form is not None
    objects = []
    for value in JsonRows(open_bytes(path), form):
        if value.bad is None and value.text.startswith("{"):
            objects.append(flat(msgspec.json.decode(value.text)))
    header = list(dict.fromkeys(key for one in objects for key in one))
    return [header, *([one.get(key, "") for key in header] for one in objects)]


def encoded(path: Path) -> set[bytes]:
    """What a file says, wherever it lies."""
    found = set()
    for part in parts(path):
        source, seen = choose(Sample(part), "calls", "auto", "RU")
        items = list(source.read(part, seen, context("Europe/Moscow" if seen.needs_zone else "auto")))
        for item in items:
            if isinstance(item, CallLeg):
                found.add(encode(item).replace(item.origin.encode(), b""))
            elif isinstance(item, Rejected) and item.field:
                found.add(f"{item.reason} {item.field}".encode())
    return found


@pytest.mark.parametrize("path", JSON, ids=lambda path: path.parent.name)
def test_json_csv_sheet_and_archives_of_one_table_say_the_same(path: Path, write: Write) -> None:
    rows = rows_of(path)
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows(rows)
    plain = encoded(write(text.getvalue(), "export.csv"))
    assert len(plain) > 2
    assert encoded(path) == plain
    assert encoded(write(workbook(Звонки=[["Отчёт"], *rows]), "export.xlsx")) == plain
    assert encoded(write(gzipped(text.getvalue().encode("cp1251", "replace")), "export.csv.gz")) >= {
        one for one in plain if b"\xd0" not in one
    }
    assert encoded(write(zipped({"a/export.json": path.read_bytes()}), "export.zip")) == plain


def test_zone_is_asked_for_where_times_say_none() -> None:
    with pytest.raises(Terminal, match="an export does not say its time zone"):
        prepare(golden("uis/calls_report.body"), LoadOptions(), read_settings({}))
    with pytest.raises(Terminal, match="proves its zone"):
        prepare(golden("uis/calls_report.body"), LoadOptions(tz="auto"), read_settings({}))
    file = prepare(golden("bitrix24/statistic_get.body"), LoadOptions(), read_settings({}))
    assert file.zone_why == "times say their offset: no zone is asked for"


def test_profile_alone_does_not_make_a_table_ours() -> None:
    with pytest.raises(Terminal, match="not recognised"):
        choose(Sample(golden("uis/calls_report.body")), "calls", "megafon", "RU")


def test_answer_without_calls_is_no_export(write: Write) -> None:
    with pytest.raises(Terminal, match="not recognised"):
        choose(Sample(write('{"calls": [], "page": 0}', "calls.json")), "calls", "auto", "US")


@pytest.mark.skipif(not SAMPLES, reason="CALLFUNNEL_SAMPLES is not set")
@pytest.mark.parametrize(
    ("name", "profile", "rows"),
    [
        ("megafon_vats/CONSTRUCTED_history_json.json", "megafon", 3),
        ("uis_comagic/CONSTRUCTED_calls_report.json", "uis", 1),
        ("zadarma/CONSTRUCTED_webhooks.json", "zadarma", 2),
        ("bitrix24/voximplant.statistic.get.json", "bitrix24", 2),
        ("ringcentral/call-log-sample.json", "ringcentral", 1),
        ("ringcentral/details_1.json", "ringcentral", 2),
        ("ringcentral/sync_2.json", "ringcentral", 3),
        ("ringcentral/sync_3.json", "ringcentral", 1),
        ("twilio/twilio_call_1.json", "twilio", 1),
        ("twilio/twilio_call_2.json", "twilio", 1),
        ("twilio/twilio_call_3.json", "twilio", 2),
        ("twilio/twilio_call_4.json", "twilio", 2),
        ("twilio/twilio_call_8.json", "twilio", 1),
    ],
)
def test_sample_is_recognised_and_each_row_is_a_leg(name: str, profile: str, rows: int) -> None:
    path = Path(SAMPLES) / name
    source, seen = choose(Sample(path), "calls", "auto", "RU")
    reading = source.read(path, seen, context("Europe/Moscow" if seen.needs_zone else "auto"))
    items = list(reading)
    assert (seen.profile, reading.rows, len(items)) == (profile, rows, rows)
    assert all(isinstance(item, CallLeg) for item in items)


def test_rejected_objects_of_an_answer_load_again_once_mended(tmp_path: Path) -> None:
    (path,) = parts(golden("uis/calls_report.body"))
    source, seen = choose(Sample(path), "calls", "auto", "RU")
    rejected = [item for item in source.read(path, seen, context()) if isinstance(item, Rejected) and item.field]
    with RejectedRows(tmp_path / "rejects", path, seen, "i") as kept:
        for item in rejected:
            kept.add(item)
    mended = kept.path.read_text(encoding="utf-8").replace('"perhaps"', "false").replace("09:09:00", "09:10:30")
    kept.path.write_text(mended.replace('"talk_duration": 60', '"talk_duration": 6'), encoding="utf-8")
    source, seen = choose(Sample(kept.path), "calls", "auto", "RU")
    legs = [item for item in source.read(kept.path, seen, context()) if isinstance(item, CallLeg)]
    assert [leg.record_id for leg in legs] == ["504", "505", "506"]
