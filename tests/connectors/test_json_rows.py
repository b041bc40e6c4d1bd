"""Values of JSON, however a file holds them: each once, at its place, and nothing of a broken file unsaid."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.reading.file_format import JsonShape
from connectors.reading.json_rows import MOST_VALUE, JsonRows, Value
from connectors.reading.packed import open_bytes
from connectors.reading.sample import Sample
from schemas.records import Reason
from tests.connectors.conftest import Write

UNDER = (("result", "data"), ("calls",))
ROWS = [{"id": 1, "who": 'A "quoted", [odd] {name}\\'}, {"id": 2, "who": "Щукин\n", "legs": [{"id": 3}]}, {"id": 4}]


def values(path: Path, under: tuple[tuple[str, ...], ...] = UNDER, field: str = "cdr") -> list[Value]:
    form = Sample(path).json_form(under, field)
    assert form is not None
    return list(JsonRows(open_bytes(path), form))


def objects(found: list[Value]) -> list[object]:
    return [json.loads(value.text) for value in found if value.bad is None]


def forms() -> dict[str, tuple[str, JsonShape]]:
    """The same rows in every shape."""
    lines = [json.dumps(row, ensure_ascii=False) for row in ROWS]
    pretty = [json.dumps(row, indent=2) for row in ROWS]
    return {
        "lines": ("\n".join(lines) + "\n", JsonShape.LINES),
        "lines_crlf_blank": ("\r\n\r\n".join(lines), JsonShape.LINES),
        "objects": ("\n".join(pretty), JsonShape.OBJECTS),
        "objects_glued": ("".join(lines), JsonShape.OBJECTS),
        "array": (json.dumps(ROWS), JsonShape.ARRAY),
        "array_pretty": ("\n " + json.dumps(ROWS, indent=1) + "\n", JsonShape.ARRAY),
        "arrays": (json.dumps(ROWS[:1]) + "\n" + json.dumps(ROWS[1:]), JsonShape.ARRAY),
        "answer": (json.dumps({"page": {"calls": []}, "calls": ROWS, "next": None}), JsonShape.ARRAY),
        "answer_deep": (
            json.dumps({"id": 1, "result": {"total": [3], "data": ROWS}, "x": 1}, indent=1),
            JsonShape.ARRAY,
        ),
        "answers": ("\n".join(json.dumps({"calls": part}) for part in (ROWS[:2], [], ROWS[2:])), JsonShape.ARRAY),
        "forms": ("\n".join(urlencode({"uuid": "7", "cdr": line}) for line in lines), JsonShape.FORMS),
        "forms_base64": ("".join(f"cdr={in_base64(line)}\n" for line in lines), JsonShape.FORMS),
        "forms_as_they_are": ("".join(f"cdr={line}\n" for line in lines), JsonShape.FORMS),
        "forms_without_the_field": ("".join(f"{quote(line)}\n" for line in lines), JsonShape.FORMS),
        "forms_without_the_field_base64": ("\n".join(map(in_base64, lines)), JsonShape.FORMS),
    }


def in_base64(line: str) -> str:
    return base64.b64encode(line.encode()).decode()


@pytest.mark.parametrize("name", forms())
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_values_are_the_same_in_every_shape(write: Write, name: str, encoding: str) -> None:
    text, shape = forms()[name]
    path = write(text.encode(encoding), "calls.json")
    form = Sample(path).json_form(UNDER, "cdr")
    assert form is not None
    assert form.shape is shape
    found = list(JsonRows(open_bytes(path), form))
    assert objects(found) == ROWS
    assert len(found) == len(ROWS)


def test_one_object_over_several_lines_is_one_value(write: Write) -> None:
    assert objects(values(write(json.dumps(ROWS[1], indent=1)))) == ROWS[1:2]


def test_places_are_lines_or_numbers(write: Write) -> None:
    assert [value.row_ref for value in values(write('{"a":1}\n\n{"a":2}\n'))] == [1, 3]
    assert [value.row_ref for value in values(write('[{"a":1},\n\n{"a":2}]'))] == ["#1", "#2"]


@pytest.mark.parametrize("text", ["id;name\n1;2\n", "cdr\n", "Call 1,2\n", "a=b=c d\n", "<cdr/>", "=1\n"])
def test_other_text_is_no_json(write: Write, text: str) -> None:
    assert Sample(write(text)).json_form(UNDER, "cdr") is None


def test_broken_line_costs_itself(write: Write) -> None:
    found = values(write('{"a":1}\n{"a":\n{"a":3}\nnoise\n{"a":5}'))
    assert [value.text.strip() for value in found] == ['{"a":1}', '{"a":', '{"a":3}', "noise", '{"a":5}']
    assert [value.whole for value in found] == [True] * 4 + [False]


def test_value_that_is_no_object_is_a_value(write: Write) -> None:
    found = values(write('[{"a":1},2,"x,]",null,[4],{"a":6}]'))
    assert [value.text for value in found] == ['{"a":1}', "2", '"x,]"', "null", "[4]", '{"a":6}']


@pytest.mark.parametrize(
    "cut", ['[{"a":1},{"a":2}', '[{"a":1},{"a":2},{"b":"', '[{"a":1},{"a":2},{"b":[1,2', '[{"a":1},{"a":2},"x']
)
def test_array_that_was_cut_says_so_behind_what_is_whole(write: Write, cut: str) -> None:
    found = values(write(cut))
    assert objects(found) == [{"a": 1}, {"a": 2}]
    assert [value.bad.reason for value in found if value.bad] == [Reason.TRUNCATED]


def test_answer_that_was_cut_behind_its_array_says_so(write: Write) -> None:
    found = values(write('{"calls":[{"a":1}],"next":'))
    assert objects(found) == [{"a": 1}]
    assert [value.bad.reason for value in found if value.bad] == [Reason.TRUNCATED]


def test_something_behind_the_array_is_kept(write: Write) -> None:
    found = values(write('[{"a":1}]\nЩ'))
    assert [(value.row, value.bad is None) for value in found] == [('{"a":1}', True), ("Щ", False)]


@pytest.mark.parametrize("shape", ["[%s]", '{"calls":[%s]}'])
def test_values_longer_than_a_piece_are_whole(write: Write, shape: str) -> None:
    rows = [{"a": "x" * 200_000, "n": n} for n in range(5)]
    assert objects(values(write(shape % ",".join(map(json.dumps, rows))))) == rows


def test_value_over_a_megabyte_is_one_reject(write: Write) -> None:
    long = json.dumps({"a": "x" * (MOST_VALUE + 10)})
    found = values(write(f'{{"a":1}}\n{long}\n{{"a":2}}\n'))
    assert [(value.row_ref, value.bad and value.bad.reason) for value in found] == [
        (1, None),
        (2, Reason.LINE_TOO_LONG),
        (3, None),
    ]
    found = values(write(f'[{{"a":1}},{long},{{"a":2}}]'))
    assert [value.bad and value.bad.reason for value in found] == [None, Reason.LINE_TOO_LONG]


def test_form_without_its_field_or_with_noise_in_it_is_a_reject(write: Write) -> None:
    found = values(write("cdr=%7B%7D\nother=1\ncdr=noise!\n" + "a=1&" * 101 + "cdr=%7B%7D\n"))
    assert [value.bad and value.bad.reason for value in found] == [
        None,
        Reason.MISSING_FIELD,
        Reason.UNREADABLE_TEXT,
        Reason.UNKNOWN_LAYOUT,
    ]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('a"\\[]{},: \nЩ', max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('k"\\', max_size=3), inner, max_size=3),
    max_leaves=8,
)
_ROWS = st.lists(st.dictionaries(st.text('k"]}', max_size=3), _JSON, max_size=3), min_size=1, max_size=6)


@given(_ROWS, st.sampled_from([None, 1]), st.booleans())
@settings(deadline=None)
def test_any_rows_come_back_as_they_were(rows: list[dict[str, object]], indent: int | None, answer: bool) -> None:
    whole = {"before": rows, "calls": rows, "after": rows} if answer else rows
    with TemporaryDirectory() as folder:
        path = Path(folder) / "any.json"
        path.write_text(json.dumps(whole, indent=indent, ensure_ascii=False), encoding="utf-8")
        assert objects(values(path)) == rows


_PIECES = st.sampled_from(['{"a":1}', "[", "]", "{", "}", '"', "\\", ",", ":", '"calls":', "\n", " ", "x", "1", "\0"])


@given(st.sampled_from(["[", "{", '{"calls":[', "cdr="]), st.lists(_PIECES, max_size=30).map("".join))
@settings(deadline=None, max_examples=300)
def test_every_character_of_any_array_is_in_a_value_or_between_them(start: str, text: str) -> None:
    """And nothing raises."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "any.json"
        path.write_text(start + text, encoding="utf-8", newline="")
        form = Sample(path).json_form(UNDER, "cdr")
        found = list(JsonRows(open_bytes(path), form)) if form else []
    if form is None or form.under or form.encoding != "utf-8":  # zeros among the first bytes are taken for utf-16
        return
    left, at = start + text, 0
    for value in found:
        kept = value.row.rstrip("\n")
        begin = left.index(kept, at)
        assert set(left[at:begin]) <= set("[], \n")
        at = begin + len(kept)
    assert set(left[at:]) <= set("[], \n")


def test_reading_is_steady_in_memory_and_time(tmp_path: Path) -> None:
    """Positions move with the file: 20 MB of an array without a line end, and the last value is there."""
    path = tmp_path / "big.json"
    row = json.dumps({"a": "x" * 1000, "n": 0})
    with path.open("w") as file:
        file.write("[" + ",".join([row] * 20_000) + "]")
    reading = JsonRows(open_bytes(path), Sample(path).json_form() or pytest.fail("no JSON"))
    most = 0
    count = 0
    for value in reading:
        count += 1
        most = max(most, len(value.text))
    assert (count, most, reading.bytes_read) == (20_000, len(row), reading.bytes_total)
