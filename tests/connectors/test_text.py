"""The form of a file, told from its bytes: encoding, delimiter, line ends."""

from __future__ import annotations

import codecs
import random
from itertools import product

import pytest

from connectors.reading.sample import Sample
from schemas.records import CallLeg, Organisation, Record, Rejected
from tests.connectors.conftest import Items, Write, read

TABLE = """id;name;phones
o-1;Иванов и сыновья;84950000001
o-2;Щукин Ёж, ООО;84950000002
o-3;"Ромашка ""Плюс"" Юг";84950000003
"""
CALLS = """calldate;clid;src;dst;channel;dstchannel;lastapp;duration;billsec;disposition;uniqueid
2026-11-02 09:00:00;Иванов;101;84950000001;SIP/101-00000001;SIP/p-00000002;Dial;70;60;ANSWERED;1793599200.1
2026-11-02 09:05:00;Щукин, Пётр;Скрытый номер;101;SIP/p-00000003;SIP/101-00000004;Dial;20;0;NO ANSWER;1793599500.3
"""
ENCODINGS = {
    "utf-8": b"",
    "utf-8-sig": b"",
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "cp1251": b"",
}
FORMS = list(product(ENCODINGS, ";,\t", ["\n", "\r\n", "\r"]))


def in_form(text: str, form: tuple[str, str, str]) -> bytes:
    encoding, delimiter, line_end = form
    if delimiter == ",":
        text = "\n".join(_quoted(line) for line in text.splitlines()) + "\n"
    return ENCODINGS[encoding] + text.replace(";", delimiter).replace("\n", line_end).encode(encoding)


def _quoted(line: str) -> str:
    """Cells with a comma in quotes."""
    return ";".join(f'"{cell}"' if "," in cell and '"' not in cell else cell for cell in line.split(";"))


def records_of(items: Items) -> list[Record]:
    assert not any(isinstance(item, Rejected) for item in items)
    return [item for item in items if isinstance(item, CallLeg | Organisation)]


@pytest.mark.parametrize("form", FORMS, ids=repr)
def test_table_is_the_same_in_every_form(write: Write, form: tuple[str, str, str]) -> None:
    found = records_of(read(write(in_form(TABLE, form)), "organisations"))
    assert [(o.organisation_id, o.name, o.phones) for o in found if isinstance(o, Organisation)] == [
        ("o-1", "Иванов и сыновья", ["+74950000001"]),
        ("o-2", "Щукин Ёж, ООО", ["+74950000002"]),
        ("o-3", 'Ромашка "Плюс" Юг', ["+74950000003"]),
    ]


@pytest.mark.parametrize("form", FORMS, ids=repr)
def test_calls_are_the_same_in_every_form(write: Write, form: tuple[str, str, str]) -> None:
    path = write(in_form(CALLS, form))
    assert records_of(read(path)) == records_of(read(write(CALLS)))
    seen = Sample(write(in_form(CALLS, form))).form
    assert (seen.delimiter, seen.line_end) == (form[1], {"\n": "LF", "\r\n": "CRLF", "\r": "CR"}[form[2]])


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark_is_known_by_its_zeros(write: Write, encoding: str) -> None:
    path = write(CALLS.encode(encoding))
    assert Sample(path).form.encoding == encoding
    assert records_of(read(path)) == records_of(read(write(CALLS)))


def test_cp1251_is_told_from_few_words(write: Write) -> None:
    """Names as a department has them, a handful of rows: nothing else is there to tell the encoding by."""
    rnd = random.Random(3)
    names = ["Иванов", "Пётр", "Сидорова", "Щукин", "Анна", "Ольга", "Дмитрий", "Ромашка", "ООО", "Техно", "Север"]
    for rows in (1, 2, 5, 20) * 5:
        lines = [f"o-{n};{' '.join(rnd.sample(names, 2))};84950000001" for n in range(rows)]
        path = write("\r\n".join(["id;название;телефон", *lines]).encode("cp1251"))
        assert Sample(path).form.encoding == "cp1251"


def test_character_that_the_first_megabyte_cuts_in_two_is_still_utf_8(write: Write) -> None:
    path = write("a" + "Щ" * (1 << 19) + "\n")
    assert Sample(path).form.encoding == "utf-8"


def test_comma_inside_of_cells_is_not_the_delimiter(write: Write) -> None:
    text = 'id;name;phones\no-1;"A, B, C, D";84950000001\no-2;"E, F, G, H";84950000002\n'
    assert Sample(write(text)).form.delimiter == ";"
    assert len(records_of(read(write(text), "organisations"))) == 2
