"""Tables of the sales department: columns that hold lists are read from every header that fits."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.reading.sample import Sample
from connectors.recognise import choose
from schemas.records import Manager, Organisation, Record, Rejected
from tests.connectors.conftest import context


def read(tmp_path: Path, kind: str, text: str) -> list[Record | Rejected]:
    path = tmp_path / f"{kind}.csv"
    path.write_text(text, encoding="utf-8")
    source, recognised = choose(Sample(path), kind, "auto", "RU")
    return list(source.read(path, recognised, context("UTC")))


@pytest.mark.parametrize(
    "header",
    [
        "id;name;phones;phones;manager_id",
        "id;name;Телефон;Мобильный телефон;manager_id",
        "id;name;phone 1;Phone 2;owner id",
    ],
)
def test_numbers_of_two_columns_are_both_the_organisations(tmp_path: Path, header: str) -> None:
    found = read(
        tmp_path, "organisations", f"{header}\np1;P1;+79163330001;+79163330002, 89163330003;m1\np2;P2;;89163330004;\n"
    )
    assert all(isinstance(one, Organisation) for one in found)
    assert [one.phones for one in found if isinstance(one, Organisation)] == [
        ["+79163330001", "+79163330002", "+79163330003"],
        ["+79163330004"],
    ]


def test_number_that_a_spreadsheet_lost_refuses_its_row_in_either_column(tmp_path: Path) -> None:
    found = read(tmp_path, "organisations", "id;name;phone 1;phone 2\np1;P1;+79163330001;7,9E+10\n")
    assert [type(one) for one in found] == [Rejected]


def test_extensions_of_two_columns_are_both_the_managers(tmp_path: Path) -> None:
    (found,) = read(tmp_path, "managers", "id;name;extension 1;extension 2\nm1;Vera;101;201 202\n")
    assert isinstance(found, Manager)
    assert found.extensions == ["101", "201", "202"]
