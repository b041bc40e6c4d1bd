"""Who talked, and how long, in calls driven through a real Asterisk: from each of its records, and from all."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from connectors.reading.phones import e164
from connectors.reading.sample import Sample
from connectors.recognise import choose
from pipeline.directory import Managers
from pipeline.stitch import stitch
from schemas.calls import Call
from schemas.records import CallLeg, Direction, Manager
from tests.connectors.conftest import context

FOLDER = Path(__file__).parent / "asterisk"
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
OWN = ("101", "102", "103")
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

UNKNOWABLE_FROM_CDR = {
    # billsec runs from the answer of the channel: a menu, a queue or a colleague answered before.
    *("ivr_ext", "blind_sip", "redirect_ami", "attended_feature", "queue_transfer_local"),
    *("conference", "callback_customer_first"),
}
NONE_WRONG: set[str] = set()
ROSTER = Managers(Manager(manager_id=own, name="", extensions=[own], valid_from=LONG_AGO, version=1) for own in OWN)


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
    owner, _ = ROSTER.of_extension(call.extension, call.started_at)
    return owner == scenario.owner and abs(call.talk_s - scenario.talked_s) <= 1


@pytest.mark.parametrize(
    ("files", "wrong"),
    [
        ((CDR,), UNKNOWABLE_FROM_CDR),
        ((CDR, LOG), UNKNOWABLE_FROM_CDR),
        ((CEL,), NONE_WRONG),
        ((CDR, CEL), NONE_WRONG),
        ((CDR, CEL, LOG), NONE_WRONG),
        ((LOG, CEL, CDR), NONE_WRONG),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, tuple) else "",
)
def test_who_talked_and_how_long_is_what_was_driven(files: tuple[str, ...], wrong: set[str]) -> None:
    """Who has the mobiles of a forward and of follow-me, no record says: they are nobody's."""
    found = {one.name for one in SCENARIOS if not is_right(one, call_of(one, calls(*files)))}
    assert found == wrong


@pytest.mark.parametrize("files", [(CDR,), (CEL,), (CDR, CEL, LOG)], ids="+".join)
@pytest.mark.parametrize(("name", "mobile"), [("followme", "84950007719"), ("forward_mobile", "84950007720")])
def test_mobile_that_talked_is_whose_the_roster_says(name: str, mobile: str, files: tuple[str, ...]) -> None:
    (scenario,) = (one for one in SCENARIOS if one.name == name)
    call = call_of(scenario, calls(*files))
    assert call is not None
    own = [
        Manager(manager_id="vera", name="", extensions=[], mobiles=[e164(mobile, "RU")], valid_from=LONG_AGO, version=1)
    ]
    assert Managers(own).of_extension(call.extension, call.started_at) == ("vera", "")
    assert abs(call.talk_s - scenario.talked_s) <= 1
