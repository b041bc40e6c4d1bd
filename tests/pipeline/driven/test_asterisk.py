"""Who talked, and how long, in calls driven through a real Asterisk: from each of its records, and from all."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from connectors.reading.phones import e164
from connectors.reading.sample import Sample
from connectors.recognise import choose
from pipeline.stitch import stitch
from schemas.records import Call, CallLeg, Direction
from tests.connectors.conftest import context

FOLDER = Path(__file__).parent / "asterisk"
CDR, CEL, LOG = "Master.csv", "cel.csv", "queue_log"


class Scenario(NamedTuple):
    """One row of truth.csv."""

    name: str
    at: datetime
    number: str
    """The outside party in E.164; "" for an internal call."""
    direction: Direction
    talked_s: int
    """Seconds of the owner with the outside; of whoever talked longest where no record says who that was."""
    owner: str
    answered: bool


def _scenarios() -> Iterator[Scenario]:
    with (FOLDER / "truth.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            talked = dict(part.split("=") for part in row["talked_s"].split(";") if part)
            yield Scenario(
                row["scenario"],
                datetime.fromisoformat(row["start_utc"].replace("Z", "+00:00")),
                e164(row["outside_number"], "RU"),
                Direction(row["direction"]),
                int(talked.get(row["owner"], "0") if row["owner"] else max(map(int, talked.values()), default=0)),
                row["owner"],
                row["answered_by_person"] == "y",
            )


SCENARIOS = list(_scenarios())

MOBILE = {"followme"}
"""A mobile talked, and no record says whose it is: the called phone has it."""
PREFIX = {"sub_out"}
"""Dialled with a prefix that no setting names yet."""
UNKNOWABLE_FROM_CDR = {
    # billsec runs from the answer of the channel: a menu, a queue or a colleague answered before.
    *("ivr_ext", "blind_sip", "redirect_ami", "attended_feature", "queue_transfer_local"),
    *("conference", "queue_pickup", "callback_customer_first"),
}
ZERO = {"zero_in"}
"""Picked up and dropped within the second: a CDR's billsec of 0 is taken for a machine yet."""


@cache
def calls(*files: str) -> list[Call]:
    by_call: defaultdict[str, dict[str, CallLeg]] = defaultdict(dict)
    for name in files:
        source, recognised = choose(Sample(FOLDER / name), "calls", "auto", "RU")
        for item in source.read(FOLDER / name, recognised, context("UTC")):
            assert isinstance(item, CallLeg)
            by_call[item.call_id][item.record_id] = item
    return [stitch(list(legs.values())) for legs in by_call.values()]


def call_of(scenario: Scenario, found: list[Call]) -> Call | None:
    """The one call of a scenario; None when there is not one."""
    near = timedelta(minutes=1) if scenario.number else timedelta(seconds=3)
    within = [call for call in found if abs(call.started_at - scenario.at) < near]
    matching = [call for call in within if call.contact == scenario.number]
    return matching[0] if len(matching) == 1 else None


def is_right(scenario: Scenario, call: Call | None) -> bool:
    if call is None or (call.direction, call.answered) != (scenario.direction, scenario.answered):
        return False
    if scenario.direction is Direction.INTERNAL:
        return True
    return call.extension == scenario.owner and abs(call.talk_s - scenario.talked_s) <= 1


@pytest.mark.parametrize(
    ("files", "wrong"),
    [
        ((CDR,), UNKNOWABLE_FROM_CDR | PREFIX | ZERO),
        ((CDR, LOG), UNKNOWABLE_FROM_CDR | PREFIX | ZERO),
        ((CEL,), MOBILE | PREFIX),
        ((CDR, CEL), MOBILE | PREFIX),
        ((CDR, CEL, LOG), MOBILE | PREFIX),
        ((LOG, CEL, CDR), MOBILE | PREFIX),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, tuple) else "",
)
def test_who_talked_and_how_long_is_what_was_driven(files: tuple[str, ...], wrong: set[str]) -> None:
    found = {one.name for one in SCENARIOS if not is_right(one, call_of(one, calls(*files)))}
    assert found == wrong
