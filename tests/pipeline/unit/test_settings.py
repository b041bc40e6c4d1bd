"""A wrong or unknown setting is an error that names it and says what would be right."""

from __future__ import annotations

import re
from datetime import datetime, time
from pathlib import Path

import pytest

from pipeline.settings import VARIABLES, Settings, read_settings
from pipeline.working_calendar import WorkingCalendar
from pipeline.zones import machine_zone, zone_of
from schemas.errors import Terminal
from schemas.stages import default_stages


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "callfunnel.toml"


def read(file: Path, text: str) -> Settings:
    file.write_text(text, encoding="utf-8")
    return read_settings({"CALLFUNNEL_CONFIG": str(file)})


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = read_settings({"TZ": "Europe/Moscow"})
    assert (settings.time_zone.key, settings.region, settings.conversation_s) == ("Europe/Moscow", "RU", 30)
    assert settings.stages == default_stages()
    assert settings.sources == {}
    assert settings.rules.potential == {"new", "active", "development"}
    assert settings.calendar == WorkingCalendar(country="RU")


def test_file_in_the_working_folder_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "callfunnel.toml").write_text('time_zone = "Asia/Tokyo"\nconversation_s = 20\n')
    settings = read_settings({})
    assert (settings.time_zone.key, settings.conversation_s) == ("Asia/Tokyo", 20)


def test_everything_that_can_be_said(file: Path) -> None:
    settings = read(
        file,
        r"""
        time_zone = "Europe/Moscow"
        region = "KZ"
        conversation_s = 45
        [calendar]
        country = "DE"
        subdivision = "BY"
        weekend = ["sun"]
        opens = "08:30"
        [sources.office]
        time_zone = "Asia/Almaty"
        region = "RU"
        extensions = '\d{3}'
        trunks = ["provider1"]
        [sources.branch]
        time_zone = "auto"
        [[stages]]
        code = "lead"
        title = { ru = "Лид" }
        potential = true
        [[stages]]
        code = "lost"
        title = { en = "Lost" }
        terminal = true
        """,
    )
    assert (settings.region, settings.conversation_s) == ("KZ", 45)
    assert settings.calendar == WorkingCalendar(
        country="DE", subdivision="BY", weekend=frozenset({6}), opens=time(8, 30), closes=time(18)
    )
    assert settings.calendar.hours == {"opens_s": 30_600, "closes_s": 64_800}
    office = settings.source("office")
    assert (office.time_zone, office.region, office.extensions) == ("Asia/Almaty", "RU", r"\d{3}")
    assert office.trunks == ("provider1",)
    assert settings.source("branch").time_zone == "auto"
    assert settings.source("never named").time_zone is None
    assert (settings.stages.codes, settings.stages.terminal) == (["lead", "lost"], ["lost"])
    assert settings.rules.potential == {"lead"}


def test_country_of_the_calendar_is_the_region_unless_it_is_named(file: Path) -> None:
    assert read(file, 'region = "KZ"').calendar.country == "KZ"
    assert read(file, '[calendar]\ncountry = ""').calendar.country == ""
    assert read(file, 'region = "AC"\n[calendar]\ncountry = ""').region == "AC"


def test_file_that_notepad_saved_with_a_byte_order_mark(file: Path) -> None:
    assert read(file, '\ufeffregion = "DE"').region == "DE"


@pytest.mark.parametrize(
    ("text", "named", "accepted"),
    [
        (
            'time_zon = "UTC"',
            "time_zon",
            "time_zone, region, conversation_s, calendar, listen, mappings, privacy, retention, sources, stages",
        ),
        ('time_zone = "Moscow"', "time_zone: no time zone is called 'Moscow'", "Europe/Moscow"),
        ('time_zone = ""', "time_zone", "Europe/Moscow"),
        ('time_zone = "../UTC"', "time_zone", "Europe/Moscow"),
        ("time_zone = 3", "time_zone", "Expected `str"),
        ('region = "ru"', "region: no region is called 'ru'", "two capital letters"),
        ('region = "Россия"', "region", "two capital letters"),
        ("conversation_s = -1", "conversation_s", ">= 0"),
        ('conversation_s = "30 s"', "conversation_s", "Expected `int`"),
        (
            "[sources.office]\ntrunk = ['a']",
            "sources.office: Object contains unknown field `trunk`",
            "extensions, trunks, prefixes, columns",
        ),
        ("[calendar]\ncountry = 'XX'", "calendar.country: no holidays of 'XX' are known", "'' for none"),
        ("[calendar]\ncountry = 'GB'\nsubdivision = 'BY'", "calendar.subdivision: 'GB' has no 'BY'", "ENG, NIR, SCT"),
        ("[calendar]\nsubdivision = 'BY'", "calendar.subdivision: 'RU' has no 'BY'", "leave it out"),
        ("region = 'AC'", "calendar.country: no holidays of 'AC' are known", "'' for none"),
        ("[calendar]\nweekend = ['sa']", "calendar: Invalid enum value 'sa'", "weekend"),
        ("[calendar]\nopens = '9:00'", "calendar: Expected `str` matching regex", "opens"),
        ("[calendar]\nopens = '18:00'", "calendar.closes: 18:00 is not after opens (18:00)", ""),
        ("calendar = 'RU'", "calendar: Expected `object`, got `str`", "country, subdivision, weekend, opens, closes"),
        ("[sources.office]\nextensions = '('", "sources.office.extensions: '('", r"'\d{3}'"),
        ("[sources.office]\ntime_zone = 'MSK+3'", "sources.office.time_zone", "Europe/Moscow"),
        ("[sources.office]\nregion = 'USSR'", "sources.office.region", "two capital letters"),
        ("[sources.office]\ntrunks = 'provider1'", "sources.office: Expected `array`", "`$.trunks`"),
        ("sources = 5", "sources", "[sources.NAME]"),
        ("listen = 5", "listen", "[listen.NAME]"),
        ("[listen.'a/b']\napi = 'bitrix24'", "listen.a/b", "letters, digits, . _ -"),
        (
            "[listen.b24]\nfrom = 2026-01-01",
            "listen.b24: Object missing required field `api`",
            "api, secret, secret_file, from, streams",
        ),
        (
            "[listen.b24]\napi = 'bitrix24'\nproposals = ['letters']",
            "listen.b24: Invalid enum value 'letters'",
            "proposals",
        ),
        ("stages = []", "stages", "[[stages]]"),
        ('[[stages]]\ncode = "a"', "stages[0]: Object missing required field `title`", "code, title"),
        ('[[stages]]\ncode = ""\ntitle = {}', "stages: a stage has an empty code", "such as new"),
        (
            '[[stages]]\ncode = "a"\ntitle = { ru = "Лид" }\n[[stages]]\ncode = "b"\ntitle = { ru = "лид" }',
            "stages: 'лид' names two stages (a, b)",
            "give each its own",
        ),
        ("region = Russia", "this is not TOML", "line 1"),
    ],
)
def test_wrong_setting_is_named_with_what_is_accepted(file: Path, text: str, named: str, accepted: str) -> None:
    with pytest.raises(Terminal) as trouble:
        read(file, text)
    assert str(file) in str(trouble.value)
    assert named in str(trouble.value)
    assert accepted in str(trouble.value)


def test_file_in_another_encoding_is_named(file: Path) -> None:
    file.write_bytes('region = "RU" # Россия'.encode("cp1251"))
    with pytest.raises(Terminal, match=r"callfunnel\.toml: not written in UTF-8"):
        read_settings({"CALLFUNNEL_CONFIG": str(file)})


def test_file_that_is_not_there_is_an_error_when_it_was_named(file: Path) -> None:
    with pytest.raises(Terminal, match=r"CALLFUNNEL_CONFIG: .*callfunnel\.toml: No such file"):
        read_settings({"CALLFUNNEL_CONFIG": str(file)})
    with pytest.raises(Terminal, match=r"CALLFUNNEL_CONFIG: .*: Is a directory"):
        read_settings({"CALLFUNNEL_CONFIG": str(file.parent)})


def test_unknown_variable_is_named_with_the_known_ones() -> None:
    with pytest.raises(Terminal) as trouble:
        read_settings({"CALLFUNNEL_KAFKA_HOST": "localhost", "PATH": "/usr/bin"})
    assert "unknown setting CALLFUNNEL_KAFKA_HOST" in str(trouble.value)
    assert ", ".join(sorted(VARIABLES)) in str(trouble.value)


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("moscow", r"'moscow'; Europe/Moscow\?"),
        ("New York", r"America/New_York\?"),
        ("+03:00", "is Etc/GMT-3,"),
        ("UTC-5", r"is Etc/GMT\+5,"),
        ("UTC+05:30", "an IANA name"),
        ("Moskau", "an IANA name"),
    ],
)
def test_wrong_zone_is_told_the_name_it_seems_to_mean(wrong: str, meant: str) -> None:
    with pytest.raises(Terminal, match=f"--tz: no time zone is called .*{meant}") as refused:
        zone_of(wrong, "--tz")
    if named := re.search(r"Etc/GMT[+-]\d+", str(refused.value)):
        offset = datetime(2026, 11, 2, tzinfo=zone_of(named[0], "")).strftime("%z")
        assert offset[:3] in ("+03", "-05")


def test_zone_of_the_machine_is_what_its_users_see() -> None:
    assert machine_zone({"TZ": "Asia/Tokyo"}).key == "Asia/Tokyo"
    assert machine_zone({"TZ": ":Europe/Berlin"}).key == "Europe/Berlin"


def test_words_of_a_crm_for_our_stages_name_stages_that_there_are(file: Path) -> None:
    file.write_text('[sources.kommo.stages]\n"5512/142" = "customer"\n"143" = "Отработан"\n', encoding="utf-8")
    said = read_settings({"CALLFUNNEL_CONFIG": str(file)}).source("kommo").stages
    assert said == {"5512/142": "customer", "143": "Отработан"}
    file.write_text('[sources.kommo.stages]\n"142" = "won"\n', encoding="utf-8")
    with pytest.raises(Terminal, match=r"sources\.kommo\.stages: '142' = 'won': stages are new, active"):
        read_settings({"CALLFUNNEL_CONFIG": str(file)})
