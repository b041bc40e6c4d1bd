"""What `connect` proposes and writes: stages by kind, words and place; callfunnel.toml with what people wrote in it."""

from __future__ import annotations

import tomllib

import pytest

from connectors.api.survey import StageKind, VendorStage, VendorUser
from pipeline.loading.connecting.propose import StageProposal, general_stages, propose_managers, propose_stages
from pipeline.loading.connecting.settings_file import with_source
from schemas.errors import Terminal
from schemas.stages import default_stages

OURS = default_stages()


def stages(*titles: str, pipeline: str = "0") -> list[VendorStage]:
    """A pipeline; `+` stands before a stage that is won, `-` before one that is lost."""
    kinds = {"+": StageKind.WON, "-": StageKind.LOST}
    return [
        VendorStage(f"{pipeline}/S{number}", title.lstrip("+-"), "Общая", kinds.get(title[0], StageKind.OPEN), number)
        for number, title in enumerate(titles)
    ]


def codes(found: list[StageProposal]) -> list[str]:
    return [one.code for one in found]


def test_bitrix24s_own_pipeline() -> None:
    found = stages(
        "Новая", "Подготовка документов", "Cчет на предоплату", "В работе", "Финальный счет", "+Сделка успешна",
        "-Сделка провалена", "-Анализ причины провала",
    )  # fmt: skip
    proposed = propose_stages(found, OURS, {})
    assert codes(proposed) == [
        *("new", "active", "development", "development", "development", "customer", "disqualified", "disqualified"),
    ]


def test_titles_that_nobody_knows_are_spread_over_the_funnel_in_order() -> None:
    found = propose_stages(stages("А", "Б", "В", "Г", "+Д", "-Е"), OURS, {})
    assert codes(found) == ["new", "active", "development", "shipment", "customer", "disqualified"]
    assert found[1].why == "by its place, 2 of 4"


def test_titles_of_ours_and_what_settings_say_go_first() -> None:
    found = propose_stages(stages("Отгрузка", "Новый"), OURS, {})
    assert codes(found) == ["shipment", "shipment"]  # a pipeline does not go back
    found = propose_stages(stages("Отгрузка", "Новый"), OURS, {"0/S0": "new", "S1": "Активный"})
    assert codes(found) == ["new", "active"]
    assert found[0].why == "as it is in callfunnel.toml"


def test_each_pipeline_begins_at_the_beginning() -> None:
    found = propose_stages([*stages("Отгрузка"), *stages("Первичный контакт", pipeline="3")], OURS, {})
    assert codes(found) == ["shipment", "active"]


def test_stage_in_which_a_proposal_was_sent() -> None:
    assert general_stages(stages("Новая", "КП отправлено", "Proposal sent")) == ("0/S1", "0/S2")


FILE = """# of the office
time_zone = "Europe/Moscow"   # ours

[sources.office]
trunks = ["a"]

[listen.b24]
api = "bitrix24"
streams = ["calls"]  # nothing else, please
"""


def test_what_people_wrote_stays_with_its_comments_and_writing_twice_changes_nothing() -> None:
    proposals = propose_stages(stages("Новая", "+Успех"), OURS, {})
    once = with_source(FILE, "b24", {"api": "bitrix24", "proposals": ["deals"]}, proposals)
    written = once.splitlines()
    assert [line for line in FILE.splitlines() if line and line not in written] == []
    assert with_source(once, "b24", {"api": "other", "proposals": ["quotes"]}, proposals) == once
    read = tomllib.loads(once)
    assert read["listen"]["b24"] == {"api": "bitrix24", "streams": ["calls"], "proposals": ["deals"]}
    assert read["sources"]["b24"]["stages"] == {"0/S0": "new", "0/S1": "customer"}
    assert '"0/S0" = "new" # Общая: Новая; 0 deals' in once
    edited = once.replace('"0/S0" = "new"', '"0/S0" = "active"')
    more = with_source(edited, "b24", {}, propose_stages(stages("Новая", "+Успех", "-Провал"), OURS, {}))
    assert tomllib.loads(more)["sources"]["b24"]["stages"] == {
        "0/S0": "active",
        "0/S1": "customer",
        "0/S2": "disqualified",
    }


def test_stage_that_fits_nothing_is_a_comment_to_be_completed() -> None:
    one = StageProposal(stages("Странная")[0], "", "nothing fits")
    text = with_source("", "b24", {"api": "bitrix24"}, [one])
    assert '# "0/S0" = ""  # Общая: Странная; 0 deals; nothing fits: which of ours?' in text
    assert "0/S0" not in str(tomllib.loads(text))


@pytest.mark.parametrize("text", ["listen = 5", "sources = [1]", "a = "])
def test_file_that_cannot_be_added_to_is_left_as_it_is(text: str) -> None:
    with pytest.raises(Terminal, match="write it by hand"):
        with_source(text, "b24", {"api": "bitrix24"}, propose_stages(stages("Новая"), OURS, {}))


def test_users_are_proposed_to_be_managers_of_the_same_name_where_there_is_one_of_each() -> None:
    users = [
        VendorUser("7", "Анна Петрова"), VendorUser("8", "Семён Ильин"), VendorUser("9", "Иван Иванов"),
        VendorUser("10", "Иван Иванов"), VendorUser("11", "Олег Орлов"), VendorUser("12", ""), VendorUser("13", "Нет"),
    ]  # fmt: skip
    known = {
        "m1": "Петрова Анна",
        "m2": "Ильин Семен",
        "m3": "Иванов Иван",
        "m4": "Орлов Олег",
        "m5": "Олег Орлов",
        "m6": "",
    }
    assert propose_managers(users, known) == {"7": "m1", "8": "m2"}
    once = with_source(FILE, "b24", {}, [], {"7": "m1"})
    assert tomllib.loads(once)["listen"]["b24"]["managers"] == {"7": "m1"}
    assert with_source(once, "b24", {}, [], {"7": "m9"}) == once
