"""What settings and `--tz` say to Mango's statistics and 3CX's log, and what those say without them."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.reading.rejected_rows import RejectedRows
from connectors.reading.sample import Sample
from connectors.recognise import choose
from connectors.threecx.log import ORDERS
from pipeline.loading.explain import explain
from pipeline.loading.prepare import LoadOptions, prepare
from pipeline.settings import read_settings
from schemas.errors import Terminal
from schemas.records import CallLeg, Reason, Rejected
from tests.connectors.conftest import Write, context, read
from tests.connectors.golden import golden

V20, V16, MANGO = (golden(f"{name}.csv") for name in ("3cx/v20_27_fields", "3cx/v16_20_fields", "mango/usual_12"))
OWN_ORDER = "Call 1,2026/11/02 06:00:00,2026/11/02 06:00:15,2026/11/02 06:01:15,Ext.101,101,+74950000001,10001\n"
NAMES = ("historyid", "time-start", "time-answered", "time-end", "from-no", "from-dn", "to-no", "to-dn")


def settings(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str = "") -> None:
    (folder / "callfunnel.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("CALLFUNNEL_CONFIG", str(folder / "callfunnel.toml"))


# --- the order of fields


def test_log_in_an_order_of_its_own_is_refused_with_the_setting_to_write(write: Write) -> None:
    path = write(OWN_ORDER * 3)
    with pytest.raises(Terminal) as refusal:
        choose(Sample(path), "calls", "auto", "RU")
    message = str(refusal.value)
    assert message.startswith(f"{path}: a 3CX log whose fields stand in an order of its own")
    assert 'columns = ["historyid", "callid", ...]' in message
    assert all(name in message for name in ORDERS[0])


def test_order_that_settings_name_is_read(write: Write) -> None:
    columns = (*NAMES, "final-number", "final-dn")
    path = write(OWN_ORDER.replace("\n", ",,\n") * 3)
    source, seen = choose(Sample(path), "calls", "auto", "RU", columns)
    leg = next(iter(source.read(path, seen, context())))
    assert isinstance(leg, CallLeg)
    assert (leg.call_id, leg.extension, leg.contact, leg.billsec) == ("1", "101", "+74950000001", 60)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ((*NAMES, "final-number", "final-dn", "extension"), "3CX has no field extension; fields: historyid, callid"),
        (NAMES, "columns of a 3CX log without final-dn, final-number"),
        (("time-start", "historyid", *NAMES[2:], "final-number", "final-dn"), "in an order of its own"),
        (("start", "finish", "answer", "from_number"), "Mango statistics without from_extension, to_extension, to_n"),
    ],
)
def test_wrong_order_in_the_settings_is_named(write: Write, columns: tuple[str, ...], message: str) -> None:
    path = write(OWN_ORDER.replace("\n", ",,\n") * 3)
    with pytest.raises(Terminal) as refusal:
        choose(Sample(path), "calls", "auto", "RU", columns)
    assert str(path) in str(refusal.value)
    assert message in str(refusal.value)


def test_order_of_the_settings_comes_with_the_source(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = ", ".join(f'"{name}"' for name in (*NAMES, "final-number", "final-dn"))
    settings(tmp_path, monkeypatch, f"[sources.office]\ntime_zone = 'UTC'\ncolumns = [{columns}]\n")
    path = write(OWN_ORDER.replace("\n", ",,\n") * 3)
    file = prepare(path, LoadOptions(source="office"), read_settings())
    assert (file.recognised.profile, file.recognised.layout) == ("3cx", "3CX log, 10 fields")
    with pytest.raises(Terminal, match="in an order of its own"):
        prepare(path, LoadOptions(source="branch", tz="UTC"), read_settings())


@pytest.mark.parametrize("profile", ["mango", "asterisk-csv"])
def test_profile_that_is_given_is_the_only_one_tried(profile: str) -> None:
    with pytest.raises(Terminal, match=f"not recognised as an export of calls of --profile {profile}: "):
        choose(Sample(V20), "calls", profile, "RU")
    assert choose(Sample(V20), "calls", "3cx", "RU")[1].profile == "3cx"


# --- zones


def test_epochs_need_no_zone_and_heed_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings(tmp_path, monkeypatch)
    for tz in ("", "auto", "Asia/Vladivostok"):
        file = prepare(MANGO, LoadOptions(tz=tz), read_settings())
        assert (file.context.zone, file.zone_why) == (UTC, "times are seconds since the epoch: no zone is asked for")


def test_new_3cx_is_utc_unless_a_zone_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings(tmp_path, monkeypatch)
    for tz in ("", "auto"):
        file = prepare(V20, LoadOptions(tz=tz), read_settings())
        assert file.context.zone is UTC
        assert "v18 and later was seen to write UTC" in file.zone_why
    file = prepare(V20, LoadOptions(tz="Europe/Moscow"), read_settings())
    assert file.context.zone == ZoneInfo("Europe/Moscow")
    assert "v18 and later writes UTC" in file.zone_why


def test_old_3cx_must_be_told_its_zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings(tmp_path, monkeypatch)
    with pytest.raises(Terminal, match="an export does not say its time zone"):
        prepare(V16, LoadOptions(), read_settings())
    with pytest.raises(Terminal, match=r"nothing in a log of 3CX before v18 proves its zone: give --tz by name"):
        prepare(V16, LoadOptions(tz="auto"), read_settings())


def test_log_that_is_read_again_in_another_zone_replaces_its_records() -> None:
    """A zone set wrong is mended by loading again: the records are the same, only their times move."""
    utc, berlin = ([leg for leg in read(V20, tz=tz) if isinstance(leg, CallLeg)] for tz in ("UTC", "Europe/Berlin"))
    assert [leg.record_id for leg in utc] == [leg.record_id for leg in berlin]
    assert {(one.started_at - other.started_at).total_seconds() for one, other in zip(utc, berlin, strict=True)} == {
        3600
    }


# --- rows


def test_number_of_more_digits_than_python_reads_is_a_reject(write: Write) -> None:
    good = "[];1793599200;1793599230;0;101;;;74950000001;1110;;abonent;MTAx\n"
    for field, index in (("start", 1), ("finish", 2), ("answer", 3)):
        cells = good.split(";")
        cells[index] = "9" * 5_000
        *_, last = read(write(good * 3 + ";".join(cells)))
        assert isinstance(last, Rejected)
        assert (last.reason, last.field, last.origin) == (Reason.BAD_TIME, field, "Master.csv:4")


# --- told to people


def test_explain_shows_what_was_seen_and_the_first_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings(tmp_path, monkeypatch)
    printed: list[str] = []
    explain(prepare(MANGO, LoadOptions(), read_settings()), printed.append, examples=2)
    assert printed[0] == f"{MANGO}: mango, Mango statistics, 12 columns"
    assert "  no header; 12 columns in the usual order, times are epochs" in printed
    assert sum('"direction":"outbound"' in line for line in printed) == 2


def test_statistics_without_entry_id_say_that_rows_count_as_calls() -> None:
    reasons = choose(Sample(golden("mango/header_no_entry_id.csv")), "calls", "auto", "RU")[1].reasons
    assert any(reason.startswith("no entry_id: nothing ties the rows of one call together") for reason in reasons)


def test_rejected_rows_stand_under_the_header_that_they_had(write: Write, tmp_path: Path) -> None:
    head = "start;finish;answer;from_extension;from_number;to_extension;to_number;entry_id\n"
    good, bad = "1793599200;1793599230;0;101;;;74950000001;MTAx\n", "1793599200;1793599100;0;101;;;74950000001;MTAy\n"
    path = write(head + good * 3 + bad)
    source, seen = choose(Sample(path), "calls", "auto", "RU")
    with RejectedRows(tmp_path / "rejects", path, seen, "i") as rejects:
        for item in source.read(path, seen, context()):
            if isinstance(item, Rejected):
                rejects.add(item)
    assert rejects.path.read_text(encoding="utf-8") == head + bad
    (again,) = read(rejects.path)
    assert isinstance(again, Rejected)
