"""The stages of the design's table, and stages of one's own."""

from __future__ import annotations

import pytest

from schemas.stages import Stage, Stages, Text, default_stages

DESIGN = [
    ("new", "Новый", "New"),
    ("active", "Активный", "Active"),
    ("development", "Разработка", "Development"),
    ("shipment", "Отгрузка", "Shipment"),
    ("customer", "Заказчик", "Customer"),
    ("disqualified", "Отработан", "Disqualified"),
]


def test_default_is_the_table_of_the_design_in_its_order() -> None:
    assert [(stage.code, stage.title.ru, stage.title.en) for stage in default_stages().stages] == DESIGN


def test_default_says_goal_and_result_of_each_stage_in_both_languages() -> None:
    for stage in default_stages().stages:
        for text in (stage.contact, stage.goal, stage.result):
            assert text.ru
            assert text.en
            assert text.ru != text.en


def test_only_disqualified_ends_the_funnel() -> None:
    stages = default_stages()
    assert stages.terminal == ["disqualified"]
    assert stages.funnel == ["new", "active", "development", "shipment", "customer"]
    assert stages.codes == [*stages.funnel, "disqualified"]


def test_calls_with_potential_clients_are_those_of_the_first_three_stages() -> None:
    assert default_stages().potential == {"new", "active", "development"}


@pytest.mark.parametrize(("code", "ru", "en"), DESIGN)
def test_stage_is_found_by_code_and_by_title_whatever_the_case(code: str, ru: str, en: str) -> None:
    find = default_stages().find
    for title in (code, ru, en, code.upper(), ru.upper(), f"  {en.lower()}\u00a0"):
        assert find(title) == code


@pytest.mark.parametrize("title", ["", "   ", "lead", "новый клиент", "new!"])
def test_other_words_are_no_stage(title: str) -> None:
    assert default_stages().find(title) is None


def test_empty_cell_is_no_stage_when_titles_are_in_one_language() -> None:
    stages = Stages((Stage(code="lead", title=Text(ru="Лид")), Stage(code="deal", title=Text(ru="Сделка"))))
    assert [stages.find(title) for title in ("", "лид", "Deal")] == [None, "lead", "deal"]
