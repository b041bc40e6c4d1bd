"""Tables of somebody's own: what is proposed for look-alike exports, and what is read of them by it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.mapped.choose import choose_mapped
from connectors.mapped.kinds import KINDS, bare
from connectors.mapped.propose import fitting_kinds, propose
from connectors.mapped.source import MappedSource
from connectors.mapped.table_sample import sample_table
from connectors.reading.sample import Sample
from connectors.reading.source import Hints
from schemas.codec import encode
from schemas.errors import Terminal
from schemas.mapping import Mapping
from schemas.records import CallLeg, Manager, Organisation, Proposal, Record, Rejected, StageChange
from schemas.stages import default_stages
from tests.connectors.conftest import Items, Write, context
from tests.connectors.packed.containers import workbook

HERE = Path(__file__).parent
CASES: list[dict[str, Any]] = tomllib.loads((HERE / "cases.toml").read_text(encoding="utf-8"))["case"]
NAMES = [f"{case['file']}-{case['kind']}" for case in CASES]


def mapping(case: dict[str, Any]) -> Mapping:
    given = {name: case[name] for name in ("kind", "columns", "constants", "values", "date_order") if name in case}
    return msgspec.convert(given, Mapping)


def read(path: Path, given: Mapping, region: str = "RU") -> Items:
    """All of a file; its rows are counted against what the reading gave."""
    found = choose_mapped(Sample(path), given.kind, "auto", region, {"mine": given})
    assert found is not None
    source, seen = found
    reading = source.read(path, seen, context("Europe/Moscow", region=region))
    items = list(reading)
    assert reading.rows == len(items)
    return items


def as_text(item: Record | Rejected) -> str:
    """A record in words: what is not empty, in the order of its fields."""
    match item:
        case Rejected():
            parts: list[Any] = [item.reason, item.field]
        case CallLeg():
            parts = [item.direction, item.disposition, item.extension, item.peer_extension, item.contact]
            parts += [item.started_at, item.answered_at, item.billsec or ""]
        case StageChange():
            parts = [item.organisation_id, item.stage, item.changed_at, item.manager_id]
        case Proposal():
            parts = [item.proposal_id, item.revision, item.organisation_id, item.manager_id, item.kind, item.sent_at]
            parts += [item.amount, item.currency, item.status]
        case Organisation():
            parts = [item.organisation_id, item.name, ",".join(item.phones), item.manager_id]
        case Manager():
            parts = [item.manager_id, item.name, item.team, ",".join(item.extensions), item.valid_from]
        case _:
            raise AssertionError(item)
    texts = [part.isoformat().replace("+00:00", "Z") if hasattr(part, "isoformat") else part for part in parts]
    return " ".join(str(part) for part in texts if part not in ("", None))


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_mapping_is_proposed_from_header_and_values(case: dict[str, Any]) -> None:
    look = sample_table(HERE / "files" / case["file"], case.get("region", "RU"), default_stages())
    proposed = propose(look, case["kind"])
    assert proposed.mapping == mapping(case)
    assert {ours: list(texts) for ours, texts in proposed.strange.items()} == case.get("strange", {})
    if case.get("found"):
        assert fitting_kinds(look) == [case["kind"]]


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_rows_are_read_as_a_person_reads_them(case: dict[str, Any]) -> None:
    items = read(HERE / "files" / case["file"], mapping(case), case.get("region", "RU"))
    assert list(map(as_text, items)) == case["rows"]


def test_deals_are_stages_or_proposals_and_a_person_says_which() -> None:
    look = sample_table(HERE / "files" / "hubspot_deals.csv", "US", default_stages())
    assert fitting_kinds(look) == ["stages", "proposals"]


def test_workbook_of_1c_with_titles_numbers_and_a_footer(write: Write) -> None:
    rows: list[list[object]] = [
        ["Список контрагентов"],
        ["Отбор: все"],
        [],
        ["Код", "Наименование", "Телефон", "Основной менеджер"],
        ["00-001", "ООО Ромашка", 84950000001.0, "Анна"],
        ["00-002", "ООО Лютик", "8 (495) 000-00-02, 8 (495) 000-00-03", "Борис"],
        ["00-003", "ООО Василёк", "7,9E+10", ""],
        ["Итого", "", "", ""],
    ]
    path = write(workbook(Лист1=rows), "1c.xlsx") / "Лист1"
    proposed = propose(sample_table(path, "RU", default_stages()), "organisations")
    assert proposed.mapping is not None
    assert proposed.mapping.columns == {
        "id": "Наименование",
        "name": "Наименование",
        "phones": "Телефон",
        "manager_id": "Основной менеджер",
    }
    items = read(path, proposed.mapping)
    assert list(map(as_text, items)) == [
        "ООО Ромашка ООО Ромашка +74950000001 Анна",
        "ООО Лютик ООО Лютик +74950000002,+74950000003 Борис",
        "bad_phone phones",
        "unknown_layout",
    ]
    assert isinstance(items[0], Organisation)
    assert items[0].origin == "1c.xlsx:Лист1!5"


def test_phones_are_found_by_their_values_when_no_header_says_so(write: Write) -> None:
    path = write("Имя;Куда звонить;Сколько\nАльфа;84950000001;1800000\nБета;84950000002;1900000\n", "t.csv")
    proposed = propose(sample_table(path, "RU", default_stages()), "organisations", {"id": "Имя"})
    assert proposed.mapping is not None
    assert proposed.mapping.columns["phones"] == "Куда звонить"


def test_table_without_a_header_is_refused_in_words(write: Write) -> None:
    with pytest.raises(Terminal, match="put a first line with the columns' names above"):
        sample_table(write("2026-11-02 09:00:00,101,84950000001\n" * 2), "RU", default_stages())


# --- which mapping


CALLS = Mapping(kind="calls", columns={"start": "When", "from": "A", "to": "B", "talk": "S"})
TABLE = "When,A,B,S,X\n2026-11-02 09:00:00,101,84950000001,60,y\n"


def test_table_is_known_by_its_header_in_any_order_case_and_company(write: Write) -> None:
    path = write("x,b, WHEN ,s,a\ny,84950000001,2026-11-02 09:00:00,60,101\n")
    assert as_text(read(path, CALLS)[0]) == as_text(read(write(TABLE, "b.csv"), CALLS)[0])


def test_mapping_that_names_most_columns_reads_the_file(write: Write) -> None:
    more = msgspec.structs.replace(CALLS, columns={**CALLS.columns, "queue": "X"})
    found = choose_mapped(Sample(write(TABLE)), "", "auto", "RU", {"few": CALLS, "more": more})
    assert found is not None
    assert found[1].profile == "more"
    named = choose_mapped(Sample(write(TABLE)), "", "few", "RU", {"few": CALLS, "more": more})
    assert named is not None
    assert named[1].profile == "few"


def test_file_that_is_mapped_as_two_kinds_asks_which(write: Write) -> None:
    people = Mapping(kind="managers", columns={"id": "A", "extensions": "B"})
    mappings = {"calls": CALLS, "people": people}
    with pytest.raises(Terminal, match="mapped as calls and as managers: say which with --kind"):
        choose_mapped(Sample(write(TABLE)), "", "auto", "RU", mappings)
    found = choose_mapped(Sample(write(TABLE)), "managers", "auto", "RU", mappings)
    assert found is not None
    assert found[1].kind == "managers"


def test_mapping_asked_for_by_name_says_which_columns_it_needs(write: Write) -> None:
    with pytest.raises(Terminal, match=r"columns of mappings\.mine: When, A, B, S"):
        choose_mapped(Sample(write("a,b\n1,2\n")), "", "mine", "RU", {"mine": CALLS})
    assert choose_mapped(Sample(write("a,b\n1,2\n")), "", "auto", "RU", {"mine": CALLS}) is None


@pytest.mark.parametrize(
    ("columns", "texts"),
    [
        ({"start": "When", "from": "A", "to": "B", "speech": "S"}, "calls has no column speech; columns: answer, "),
        ({"start": "When", "from": "A"}, "needs contact or to, duration or end or status or talk"),
        ({"start": "", "from": "A", "to": "B", "talk": "S"}, r"mappings\.mine\.columns\.start: no header is named"),
        ({"start": [], "from": "A", "to": "B", "talk": "S"}, r"mappings\.mine\.columns\.start: no header is named"),
    ],
)
def test_mapping_that_cannot_be_is_named(columns: dict[str, str | list[str]], texts: str) -> None:
    with pytest.raises(Terminal, match=texts):
        MappedSource("mine", Mapping(kind="calls", columns=columns))


def test_start_with_an_offset_needs_no_zone(write: Write) -> None:
    path = write(TABLE.replace("2026-11-02 09:00:00", "2026-11-02T09:00:00+03:00"))
    found = choose_mapped(Sample(path), "", "auto", "RU", {"m": CALLS})
    assert found is not None
    source, seen = found
    assert not seen.needs_zone
    assert source.zone(Sample(Path("x")), seen, None)[1] == "times say their offset: no zone is asked for"


def test_headers_by_which_columns_are_proposed_are_bare() -> None:
    """A word with a space, a capital or ё would never be found."""
    texts = [word for table in KINDS.values() for column in table.columns.values() for word in column.keywords]
    assert [word for word in texts if word != bare(word)] == []


# --- any rows


_CELLS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["2026-11-02 09:00:00", "02.11.2026", "1:25", "84950000001", "101", "in", "Отвечен", "7,9E+10"]),
    st.sampled_from(["Итого", "", "9" * 4400, "0001-01-01T00:00:00+14:00", "9999-12-31 23:59:59", "\0", '"', "new"]),
)


@given(
    st.lists(st.lists(_CELLS, min_size=9, max_size=10), max_size=8),
    st.sampled_from(list(KINDS)),
    st.sampled_from(",;\t"),
)
@settings(max_examples=200, deadline=None)
def test_any_rows_under_a_mapped_header_are_each_one_item(rows: list[list[str]], kind: Any, delimiter: str) -> None:
    ours = [name for name in KINDS[kind].columns if name != "time"]
    header = [f"c{n}" for n in range(9)]
    given = Mapping(kind=kind, columns={name: header[n % 9] for n, name in enumerate(ours)}, date_order="dmy")
    text = "\n".join(delimiter.join(row) for row in [header, ["x"] * 9, *rows])
    with TemporaryDirectory() as folder:
        path = Path(folder) / "any.csv"
        path.write_text(text, encoding="utf-8", errors="replace")
        source = MappedSource("mine", given)
        try:
            seen = source.recognise(Sample(path), Hints())
        except Terminal as trouble:
            assert "binary" in str(trouble)  # noqa: PT017  # or it is read
            return
        if seen is None:  # other cells may hold more of another delimiter
            return
        reading = source.read(path, seen, context())
        items = list(reading)
    assert len(items) == reading.rows
    for item in items:
        encode(item)
