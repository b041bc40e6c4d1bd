"""Phones and lines where calls are read one by one: by what a table's rows, or an earlier file, showed of them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.asterisk.ami.cdr import HEADERS, CdrEvents
from connectors.asterisk.ami.messages import AmiMessages
from connectors.asterisk.peer_facts import taught
from connectors.reading.sample import Sample
from connectors.reading.source import Context
from connectors.recognise import choose
from connectors.sql.shapes import shape_of
from schemas.records import CallLeg, Direction
from tests.connectors.conftest import context
from tests.connectors.rows import MOSCOW
from tests.pipeline.cases.harness import Counted, counted, person

CASES = Path(__file__).parents[2] / "pipeline/cases"
NAMED = CASES / "who/named_extensions.csv"
ROSTER = (person("m1", "ivanova"), person("m2", logins=["7010001234"]))
RIGHT = [
    Counted("m1", 60, True, Direction.OUTBOUND, "+79160000001"),
    Counted("m2", 66, True, Direction.OUTBOUND, "+79160000002"),
    Counted("m1", 40, True, Direction.INBOUND, "+79160000003"),
]


def rows() -> list[dict[str, str]]:
    with NAMED.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def shown() -> dict[str, str]:
    """What a load of the file keeps of its peers."""
    source, seen = choose(Sample(NAMED), "calls", "auto", "RU")
    return {one.name: one.taken_for for one in source.beliefs(seen, context())}


def events(of: Context) -> list[CallLeg]:
    reader = CdrEvents(lambda: of)
    by_column = {"start": "calldate", "dcontext": "dcontext"}
    found = []
    for row in rows():
        cells = {header: row.get(by_column.get(name, name), "") for header, name in HEADERS.items()}
        text = "\r\n".join(["Event: Cdr", *(f"{header}: {cell}" for header, cell in cells.items()), "", ""])
        (message,) = AmiMessages().feed(text.encode())
        leg = reader.item(message)
        assert isinstance(leg, CallLeg), leg
        found.append(leg)
    return found


def test_listener_knows_the_phones_that_an_earlier_file_showed() -> None:
    assert counted(events(context("UTC", peers=shown())), ROSTER) == RIGHT
    assert counted(events(context("UTC")), ROSTER) != RIGHT


def test_table_shows_its_own_phones_and_what_is_taken_off_is_said() -> None:
    names = list(rows()[0])
    types: dict[str, Any] = {name: sa.String() for name in names} | {"calldate": sa.DateTime()}
    shape = shape_of("cdr", types, MOSCOW)
    texts = [[row[name] for name in shape.columns] for row in rows()]

    def legs(cells: Sequence[Sequence[str]]) -> list[CallLeg]:
        make = shape.maker(context("UTC"), "sql cdr")
        return [make(list(one), str(number)) for number, one in enumerate(cells)]

    assert counted(legs(texts), ROSTER) != RIGHT
    said = shape.learn(texts, context("UTC"))
    assert counted(legs(texts), ROSTER) == RIGHT
    assert any(line.startswith("PJSIP/ivanova is taken for a phone") for line in said)


@pytest.mark.parametrize(("trunks", "phones"), [((), {"PJSIP/ivanova": "ivanova"}), (("ivanova",), {})])
def test_what_settings_name_is_not_believed_otherwise(trunks: tuple[str, ...], phones: dict[str, str]) -> None:
    peers = {"PJSIP/ivanova": "phone", "PJSIP/101": "phone", "PJSIP/102": "line", "PJSIP/99101": "device"}
    found = taught(peers, r"\d{2,5}", trunks, ("hq",))
    assert found.phones == phones
    assert found.lines == {"PJSIP/102"}
    assert found.devices == {"PJSIP/99101": ""}
    assert "PJSIP/hq" in found.ties
