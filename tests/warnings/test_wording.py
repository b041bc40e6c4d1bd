"""What is read on a telephone: one line that is enough, then since when, what to do, where the calls are."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from pipeline.readouts.board_request import parse_request
from pipeline.warnings.notices import Notice, NoticeKind
from pipeline.warnings.spoken import counted, duration
from pipeline.warnings.wording import Telling, compose
from schemas.alerts import RULES
from schemas.screens.boards import BOARDS
from schemas.screens.translations import LANGUAGES
from schemas.screens.translations.alerts import placeholders
from schemas.screens.translations.warnings import warning_texts
from schemas.warnings import Incident, IncidentState
from tests.warnings.worlds import NOON, NUMBERS, ZONE, incident, labels_of

LINK = "https://boards.example.com"
NBSP = "\N{NO-BREAK SPACE}"
RU = Telling(language="ru", zone=ZONE, now=NOON)


def notice(of: Incident, kind: NoticeKind = NoticeKind.FIRING) -> Notice:
    return Notice(notice_id=f"{of.incident_id}:{kind}", kind=kind, incident=of)


def telling(language: str = "ru", **more: object) -> Telling:
    return Telling(**{"language": language, "zone": ZONE, "now": NOON, **more})  # type: ignore[arg-type]


def test_message_says_number_expected_since_when_what_to_do_and_where_the_calls_are() -> None:
    told = compose([notice(incident())], telling(link=LINK))
    assert told.preview == "Анна Петрова (Север), сегодня: 12 звонков, ожидалось 31"
    assert told.text.splitlines() == [
        told.preview,
        "С 11:20 (уже 40 мин)",
        "Что сделать: сначала поговорите: меньше звонков - не всегда меньше работы.",
        f"Звонки: {LINK}/manager?lang=ru&manager=anna&first=2026-11-27&last=2026-11-27",
    ]


def test_the_same_in_english_without_boards_that_a_reader_could_reach() -> None:
    assert compose([notice(incident())], telling("en")).text.splitlines() == [
        "Анна Петрова (Север), today: 12 calls, 31 expected",
        "Since 11:20 (40 min by now)",
        "What to do: ask first: who calls less does not always work less.",
        "Calls: callfunnel calls --manager anna --from 2026-11-27",
    ]


def test_end_says_what_is_over_and_how_long_it_lasted() -> None:
    over = incident("manager_silent", state=IncidentState.RESOLVED, resolved_at=NOON + timedelta(minutes=5))
    told = compose([notice(over, NoticeKind.RESOLVED)], RU)
    assert told.text == "Закончилось: Анна Петрова (Север), нет звонков\nС 11:20 до 12:05"


def test_end_of_what_began_another_day_has_both_days() -> None:
    yesterday = NOON - timedelta(days=1)
    over = incident("department_drop", state=IncidentState.RESOLVED, since=yesterday, resolved_at=NOON)
    told = compose([notice(over, NoticeKind.RESOLVED)], RU)
    assert told.text == "Закончилось: мало звонков у всего отдела\nС 26.11, 12:00 до 27.11, 12:00"


def test_several_are_one_message_that_names_them_in_its_first_line() -> None:
    over = incident("stale_data", state=IncidentState.RESOLVED, resolved_at=NOON)
    several = [notice(incident()), notice(incident(manager="ivan")), notice(over, NoticeKind.RESOLVED)]
    told = compose(several, RU)
    assert told.preview == "2 предупреждения: Анна Петрова, Иван Сидоров; закончилось: АТС"
    assert told.text.count("Что сделать") == 2
    many = compose([notice(incident(incident_id=f"i{n}")) for n in range(25)], RU)
    assert (many.text.count("Что сделать"), many.text.splitlines()[-1]) == (10, "и ещё 15")
    assert len(many.data["items"]) == 25, "programs get them all"


def test_numbers_of_files_are_those_of_the_latest_call_and_say_so() -> None:
    yesterday = NOON - timedelta(hours=18)
    of_files = incident(since=yesterday, last_at=yesterday)
    told = compose([notice(of_files)], telling(as_of=yesterday))
    assert told.preview == "Анна Петрова (Север), 26.11: 12 звонков, ожидалось 31"
    assert told.text.splitlines()[1] == "С 26.11, 18:00"
    assert told.text.splitlines()[-1] == "По состоянию на 26.11, 18:00: это последний загруженный звонок"
    stale = compose([notice(incident("stale_data"))], telling(as_of=yesterday))
    assert "По состоянию" not in stale.text, "how old the data is, is known as of now"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NUMBERS)
def test_first_line_fits_a_telephone_and_no_text_holds_code(name: str, language: str) -> None:
    told = compose([notice(incident(name))], telling(language, link=LINK))
    assert len(told.preview) <= 90
    assert not re.search(r"[{}]|\d\d\.\d\d\d|nan|None|\b\d{4,} ?s\b", told.text)
    lines = told.text.splitlines()
    assert lines[2].startswith(("Что сделать: ", "What to do: "))


@pytest.mark.parametrize("name", NUMBERS)
def test_link_leads_to_a_board_that_there_is_with_the_manager_chosen(name: str) -> None:
    (line,) = (one for one in compose([notice(incident(name))], telling(link=LINK)).text.splitlines() if LINK in one)
    address = urlsplit(line.partition(": ")[2])
    board = next(one for one in BOARDS if one.id == address.path.strip("/"))
    pairs = [(key, value) for key, values in parse_qs(address.query).items() for value in values]
    request = parse_request(pairs, board, "ru")
    if "manager_id" in labels_of(name):
        assert request.variables["manager"] == ("anna",)
    assert request.language == "ru"


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_of_every_rule_and_name_only_what_it_says(language: str) -> None:
    found, english = warning_texts(language), warning_texts("en")
    assert list(found.rules) == [rule.id for rule in RULES]
    for part in ("phrases", "frames", "digest", "lists", "backtest", "nouns"):
        ours, theirs = getattr(found, part), getattr(english, part)
        assert ours.keys() == theirs.keys()
        if part != "nouns":
            assert {key: set(placeholders(text)) for key, text in ours.items()} == {
                key: set(placeholders(text)) for key, text in theirs.items()
            }
    for rule in RULES:
        texts = found.rules[rule.id]
        named = {*placeholders(texts.line), *placeholders(texts.over), *placeholders(texts.todo)}
        assert named <= {*rule.labels, *rule.numbers, *rule.remarks}


@pytest.mark.parametrize(
    ("seconds", "russian", "english"),
    [
        (20, "1 мин", "1 min"),
        (2_100, "35 мин", "35 min"),
        (3_600, "1 ч", "1 h"),
        (7_500, "2 ч 5 мин", "2 h 5 min"),
        (86_400, "1 день", "1 day"),
        (187_200, "2 дня 4 ч", "2 days 4 h"),
        (86_400 * 5 + 120, "5 дней", "5 days"),
    ],
)
def test_durations_are_words(seconds: int, russian: str, english: str) -> None:
    assert (duration(seconds, "ru"), duration(seconds, "en")) == (russian, english)


@pytest.mark.parametrize(
    ("count", "russian"),
    [
        (0, "0 звонков"),
        (1, "1 звонок"),
        (3, "3 звонка"),
        (11, "11 звонков"),
        (21, "21 звонок"),
        (1_102, f"1{NBSP}102 звонка"),
    ],
)
def test_nouns_have_the_form_of_their_number(count: int, russian: str) -> None:
    assert counted(count, "calls", "ru") == russian
