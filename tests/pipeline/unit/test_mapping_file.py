"""A mapping goes into callfunnel.toml as one table, and nothing else of the file changes."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.mapping_file import with_mapping, written
from schemas.errors import Terminal
from schemas.mapping import Mapping

DEALS = Mapping(
    kind="stages",
    columns={"organisation_id": "Компания", "stage": "Этап сделки", "changed_at": ["Дата", 'В "кавычках" \\']},
    constants={"manager_id": "anna"},
    values={"stage": {"Переговоры, 1": "active", "won": "customer"}},
    date_order="dmy",
)
FILE = """# ours
time_zone = "Europe/Moscow"  # the office

[mappings.other]
kind = "managers"
columns.id = "A"
columns.extensions = "B"

# about the office
[sources.office]
extensions = '\\d{3}'
"""


def test_mapping_is_written_as_people_write_toml() -> None:
    assert written("deals", DEALS, {"stage": ["Ждём"]}) == (
        "[mappings.deals]\n"
        'kind = "stages"\n'
        'date_order = "dmy"\n'
        'columns.organisation_id = "Компания"\n'
        'columns.stage = "Этап сделки"\n'
        'columns.changed_at = ["Дата", "В \\"кавычках\\" \\\\"]\n'
        'constants.manager_id = "anna"\n'
        'values.stage."Переговоры, 1" = "active"\n'
        'values.stage.won = "customer"\n'
        '# values.stage."Ждём" = ""  # which of ours?\n'
    )


def test_new_mapping_stands_at_the_end_of_the_file() -> None:
    assert with_mapping(FILE, "deals", DEALS, {}) == FILE + "\n" + written("deals", DEALS, {})


def test_first_mapping_makes_a_file() -> None:
    assert with_mapping("", "deals", DEALS, {}) == written("deals", DEALS, {})


def test_mapping_takes_the_place_of_the_one_before_and_comments_stay() -> None:
    small = Mapping(kind="managers", columns={"id": "C", "extensions": "D"})
    new = with_mapping(FILE, "other", small, {})
    assert new == FILE.replace('"A"', '"C"').replace('"B"', '"D"')


def test_words_that_waited_for_a_meaning_go_with_their_mapping() -> None:
    waiting = with_mapping(FILE, "other", DEALS, {"stage": ["Ждём", "Думаем"]})
    assert waiting.count("# values.") == 2
    done = with_mapping(waiting, "other", DEALS, {})
    assert "# values." not in done
    assert "\n# about the office\n[sources.office]\n" in done


def test_subtables_of_a_mapping_are_replaced_with_it() -> None:
    behind = '\n[[stages]]\ncode = "a"\n'
    by_hand = f'{FILE}\n[mappings.deals]\nkind = "stages"\n[mappings.deals.columns]\nstage = "x"\n{behind}'
    new = with_mapping(by_hand, "deals", DEALS, {})
    assert new == FILE + "\n" + written("deals", DEALS, {}) + behind


def test_line_ends_stay_those_of_the_file() -> None:
    new = with_mapping(FILE.replace("\n", "\r\n"), "deals", DEALS, {})
    assert new.replace("\r\n", "\n") == with_mapping(FILE, "deals", DEALS, {})
    assert new.count("\n") == new.count("\r\n")


@pytest.mark.parametrize(
    "text",
    [
        'mappings.deals.kind = "stages"\n',
        '[mappings]\ndeals = { kind = "stages" }\n',
        'a = """\n[mappings.deals]\n"""\n',
    ],
)
def test_mapping_that_cannot_be_replaced_safely_is_left_alone(text: str) -> None:
    with pytest.raises(Terminal, match="take it out of the file first"):
        with_mapping(text, "deals", DEALS, {})


_WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_PIECES = st.sampled_from(
    ["[a]\nb = 1\n", "# x\n", "\n", '[mappings.old]\nkind = "calls"\n', "[[stages]]\ncode = 'n'\n", "[sources.x]\n"]
)


@given(st.lists(_PIECES, unique=True, max_size=6), st.dictionaries(_WORDS, _WORDS, max_size=3), _WORDS, st.booleans())
def test_any_words_in_any_file_change_their_mapping_alone(
    pieces: list[str], words: dict[str, str], header: str, twice: bool
) -> None:
    text = "".join(pieces)
    mapping = Mapping(kind="calls", columns={"start": header, "from": [header, "b"]}, values={"status": words})
    new = with_mapping(text, "mine", mapping, {"status": list(words)})
    if twice:
        new = with_mapping(new, "mine", mapping, {"status": list(words)})
    before, after = tomllib.loads(text), tomllib.loads(new)
    said = after["mappings"].pop("mine")
    assert said["columns"] == {"start": header, "from": [header, "b"]}
    assert {**after, "mappings": after["mappings"]} == {"mappings": {}, **before}
    assert all(line in new for line in text.splitlines())
