"""`callfunnel init`: what is proposed, what is written, and that what was edited stays."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.cli.init import command
from pipeline.loading.first_tables import (
    Caller,
    ExtensionUser,
    Stitching,
    form_of,
    names_of,
    propose_tables,
    with_managers,
    with_organisations,
    with_settings,
)
from pipeline.loading.zone_names import likely_zone
from pipeline.readouts.beliefs import PeerBelief
from schemas.errors import Terminal
from tests.pipeline.cases.harness import legs_of

WHO = Path(__file__).parents[1] / "cases/who"

PEOPLE = [ExtensionUser("101", "Вера", 40, "9-18", ("+79169990001",)), ExtensionUser("102", "", 3, "10-12")]
CALLERS = [Caller("+79160000050", 9), Caller("+79160000051", 3)]
PEERS = [PeerBelief("PJSIP/provider", "line", 9, "9 numbers went through it", "extensions")]

BY_NAME = PeerBelief("PJSIP/101", "phone", 9, "it looks like an extension", "trunks")


def test_tables_are_written_once_and_what_was_edited_stays() -> None:
    text = with_managers("", PEOPLE)
    assert text == (
        "id,name,team,extensions,mobiles,calls,hours\n101,Вера,,101,+79169990001,40,9-18\n102,102,,102,,3,10-12\n"
    )
    edited = "id;name;team;extensions\nm1;Вера К.;Продажи;101, 150\n"
    assert with_managers(edited, PEOPLE) == f"{edited}102;102;;102\n"
    assert with_managers(with_managers(edited, PEOPLE), PEOPLE) == with_managers(edited, PEOPLE)
    known = "id,name,phones\no1,Ромашка,8 (916) 000-00-50\n"
    assert with_organisations(known, CALLERS) == f"{known}+79160000051,+79160000051,+79160000051\n"
    with pytest.raises(Terminal, match="no column `extensions`"):
        with_managers("id,phones\n1,2\n", PEOPLE)


def test_settings_keep_what_is_there_and_get_what_is_missing() -> None:
    made = with_settings("", "Europe/Moscow", "RU", "office", r"\d{3}", PEERS)
    assert tomllib.loads(made) == {
        "time_zone": "Europe/Moscow",
        "region": "RU",
        "sources": {"office": {"time_zone": "Europe/Moscow", "extensions": r"\d{3}"}},
    }
    of_a_prefix = with_settings("", "Europe/Moscow", "RU", "office", "", [*PEERS, BY_NAME], ["9"])
    assert tomllib.loads(of_a_prefix)["sources"]["office"]["prefixes"] == ["9"]
    assert "PJSIP/101" not in of_a_prefix, "a phone that looks like one is nothing to look at"
    assert "# PJSIP/provider was taken for a line: 9 numbers went through it" in made
    assert with_settings(made, "Asia/Omsk", "KZ", "office", "", []) == made
    theirs = '# ours\nregion = "KZ"\n[privacy]\nmask = true'
    both = with_settings(theirs, "Asia/Almaty", "RU", "the shop", "", PEERS)
    assert theirs in both
    assert tomllib.loads(both)["sources"]["the shop"] == {"time_zone": "Asia/Almaty"}
    assert tomllib.loads(both)["region"] == "KZ"
    with pytest.raises(Terminal, match="mend it first"):
        with_settings("a = ", "UTC", "RU", "x", "", [])


def test_proven_offset_is_a_city_of_the_region() -> None:
    winter, summer = datetime(2026, 1, 12, tzinfo=UTC), datetime(2026, 7, 12, tzinfo=UTC)
    three, one = timezone(timedelta(hours=3)), timezone(timedelta(hours=1))
    assert likely_zone("RU", three, [winter, summer]) == "Europe/Moscow"
    assert likely_zone("DE", one, [winter]) == "Europe/Berlin"
    assert likely_zone("DE", one, [winter, summer]) == "", "no zone of it has no summer time"
    assert likely_zone("US", timezone(timedelta(hours=-5)), [winter]) == "America/New_York"


def test_calls_that_a_mobile_took_are_whose_phone_sent_them_there() -> None:
    calls = Stitching()
    for leg in legs_of(WHO / "41_forward_to_own_mobile.csv"):
        calls.add(leg)
    for leg in legs_of(WHO / "52_queue_member_mobile.csv"):
        calls.add(leg)
    proposed = propose_tables(calls.calls(), {}, UTC)
    assert [(one.extension, one.calls, one.mobiles) for one in proposed.people] == [("101", 2, ("+79169990001",))]
    assert proposed.elsewhere == [Caller("+79169990001", 1)]


def test_form_of_extensions_and_names() -> None:
    assert [form_of(one) for one in (["101", "102"], ["101", "1002"], ["101", "ivanova"], [])] == [
        *(r"\d{3}", r"\d{3,4}", "", "")
    ]
    clids = ['"Вера К." <101>', "Вера К. <101>", '"Ivan" <101>', '"101" <101>', "89160000050"]
    assert names_of(clids) == {"101": "Вера К."}


def test_command_proposes_and_writes_where_no_stack_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("TZ", "Europe/Moscow")
    head = "calldate,clid,src,dst,dcontext,channel,dstchannel,lastapp,duration,billsec,disposition,uniqueid\n"
    rows = "".join(
        f'2026-03-03 10:{minute:02}:00,"""Vera"" <101>",101,89160000050,from-internal,PJSIP/101-0000000{minute},'
        f"PJSIP/provider-0000001{minute},Dial,60,50,ANSWERED,{1772521200 + 60 * minute}.{minute}\n"
        for minute in range(4)
    )
    (tmp_path / "Master.csv").write_text(head + rows, "utf-8")
    (tmp_path / "managers.csv").write_text("id,name,extensions\nm9,Anna,109\n", "utf-8")
    with pytest.raises(Terminal, match="start the stack with `callfunnel up`"):
        CliRunner().invoke(command, ["Master.csv", "--yes"], standalone_mode=False, catch_exceptions=False)
    assert (tmp_path / "managers.csv").read_text("utf-8") == "id,name,extensions\nm9,Anna,109\n101,Vera,101\n"
    assert "+79160000050,+79160000050,+79160000050,,4\n" in (tmp_path / "organisations.csv").read_text("utf-8")
    settings = tomllib.loads((tmp_path / "callfunnel.toml").read_text("utf-8"))
    assert settings["sources"]["office"] == {"time_zone": "Europe/Moscow", "extensions": r"\d{3}"}
