"""What Data health says of loads, lag, restatements and drift, one small example each."""

from __future__ import annotations

import msgspec
import pytest

from pipeline.readouts.plan_fact import data_until
from schemas.codec import encode
from schemas.records import (
    CallLeg,
    Direction,
    Disposition,
    Import,
    Manager,
    Restatement,
)
from tests.grafana.asking import Asker
from tests.grafana.example import at, call, keep, metric_rows
from tests.pipeline.property.brute import cells
from tests.pipeline.property.tables import Database

pytestmark = pytest.mark.stack


def test_load_says_what_it_repeated(database: Database, asker: Asker) -> None:
    def leg(number: int, import_id: str) -> CallLeg:
        return CallLeg(
            source="office",
            call_id=f"{number}",
            record_id=f"{number}",
            started_at=at(0),
            ended_at=at(0),
            direction=Direction.OUTBOUND,
            disposition=Disposition.BUSY,
            import_id=import_id,
            version=1,
        )

    database.store.keep("call_legs", [encode(leg(n, "first" if n < 7 else "second")) for n in range(10)])
    for name, day in (("first", 0), ("second", 1)):
        loaded = Import(
            import_id=name,
            source="office",
            kind="calls",
            file=f"{name}.csv",
            profile="asterisk-csv: cdr_csv, 21 columns",
            started_at=at(day),
            finished_at=at(day, "10:01"),
            rows=8,
            records=8,
            state="stored",
            version=1,
        )
        database.store.keep("imports", [encode(loaded)])
    rows = metric_rows(asker, "imports", 0, 7, limit=10)
    # Eight records each; seven and three of them are what is known now.
    assert [(row["file"], row["repeats"], row["seconds"]) for row in rows] == [
        ("second.csv", 5, 60),
        ("first.csv", 1, 60),
    ]
    # Of how the columns were found only the commands speak: in English.
    assert {row["profile"] for row in rows} == {"asterisk-csv"}


def test_lag_is_from_the_end_of_the_five_minutes_to_the_first_count(database: Database, asker: Asker) -> None:
    facts = [call(n, at(0, f"10:{5 * n:02d}")) for n in range(4)]
    found = list(cells(facts).values())
    for cell, lag_s in zip(found, (-100, 2, 8, 90_000), strict=True):
        counted = msgspec.structs.replace(cell, first_counted_at=(cell.bucket + 300 + lag_s) * 1_000_000_000)
        database.store.keep("manager_activity", [encode(counted)])
    (row,) = metric_rows(asker, "lag", 0, 1)
    assert (row["median_lag_s"], row["late_cells"], row["cells"]) == (2, 1, 4)


def test_restated_day_says_by_how_much_and_which_load_did_it(database: Database, asker: Asker) -> None:
    """23:50 is Monday's, five minutes past midnight Tuesday's; a cell that changed twice changed by both."""

    def restated(day: int, clock: str, before: str, after: str, version: int = 1) -> Restatement:
        bucket = int(at(day, clock).timestamp())
        return Restatement(
            bucket=bucket, manager_id="ann", before=before, after=after, cause="i1", at=at(3, "11:30"), version=version
        )

    changes = [
        restated(0, "10:00", "", '{"team":"A","calls":2,"conversations":1,"contacts":["+7495"],"amounts":{}}'),
        restated(0, "10:00", '{"calls":2,"conversations":1}', '{"calls":5,"conversations":0}', version=2),
        restated(0, "23:50", '{"calls":1,"individual_proposals":2}', '{"calls":0,"individual_proposals":1}'),
        restated(1, "00:05", "", '{"calls":7,"calls_to_potential":3}'),
    ]
    database.store.keep("restatements", [encode(one) for one in changes])
    loaded = Import(import_id="i1", source="s", kind="calls", file="late.csv", profile="", started_at=at(3), version=1)
    database.store.keep("imports", [encode(loaded)])
    # The first load of its kind is the beginning: nobody had seen these days before.
    assert metric_rows(asker, "restatements", 0, 7, limit=10) == []
    first = msgspec.structs.replace(loaded, import_id="i0", file="first.csv", started_at=at(2))
    database.store.keep("imports", [encode(first)])
    rows = metric_rows(asker, "restatements", 0, 7, limit=10)
    assert {(row["time"], row["manager"], row["file"]) for row in rows} == {
        ("2026-03-05 08:30:00.000", "Ann", "late.csv")
    }
    names = ("calls", "conversations", "calls_to_potential", "individual_proposals")
    assert [(row["of_day"], row["cells"], *(row[f"{name}_change"] for name in names)) for row in rows] == [
        ("2026-03-02 21:00:00", 1, 7, 0, 3, 0),
        ("2026-03-01 21:00:00", 2, 4, 0, 0, -1),
    ]


def test_plan_says_until_when_there_are_data_and_goes_on(database: Database, asker: Asker) -> None:
    """As of any moment: the latest call before it, whoever's; none is none."""
    keep(database, [call(1, at(0, "17:27")), call(2, at(0, "17:28"), ""), call(3, at(1, "10:02"), "bob")])
    until = {
        (day, clock): {
            row["data_until"]
            for row in metric_rows(asker, "plan_by_manager", 0, 1, now=at(day, clock), by=("manager",))
        }
        for day, clock in ((0, "17:27"), (1, "10:01"), (40, "10:00"), (-1, "10:00"))
    }
    assert until == {
        (0, "17:27"): {"2026-03-02 14:27:00.000"},
        (1, "10:01"): {"2026-03-02 14:28:00.000"},
        (40, "10:00"): {"2026-03-03 07:02:00.000"},
        (-1, "10:00"): {None},
    }
    for (day, clock), (shown,) in until.items():
        answer = data_until(database.numbers, at(day, clock))
        assert (f"{answer:%F %T.000}" if answer else None) == shown, "`callfunnel plan` says the same"


def test_drift_counts_a_cell_that_is_not_its_facts(database: Database, asker: Asker) -> None:
    facts = [call(1, at(0)), call(2, at(0, "11:00"))]
    keep(database, facts)
    assert metric_rows(asker, "drift", 0, 1) == [{"differing": 0, "cells": 2}]
    database.store.keep("manager_activity", [encode(cells([call(3, at(0, "12:00"))]).popitem()[1])])
    assert metric_rows(asker, "drift", 0, 1) == [{"differing": 1, "cells": 3}]


def test_managers_of_one_name_can_be_told_apart(database: Database, asker: Asker) -> None:
    twin = Manager(manager_id="zed", name="Bob", team="B", extensions=[], valid_from=at(-9), version=1)
    database.store.keep("managers", [encode(twin)])
    rows = metric_rows(asker, "choice_managers", 0, 7)
    assert rows == [
        {"value": "ann", "text": "Ann"},
        {"value": "bob", "text": "Bob (bob)"},
        {"value": "zed", "text": "Bob (zed)"},
    ]
