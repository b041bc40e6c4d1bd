"""What the boards' metrics mean, one small example each; expected values are arithmetic."""

from __future__ import annotations

import pytest

from schemas.codec import encode
from schemas.parameters import Value
from schemas.records import Direction, Disposition, Organisation
from tests.grafana.asking import Asker
from tests.grafana.example import at, call, enter, keep, metric_rows
from tests.pipeline.property.tables import Database

pytestmark = pytest.mark.stack


def test_missed_caller_is_recovered_by_a_call_either_way_within_working_hours(database: Database, asker: Asker) -> None:
    lost = {"direction": Direction.INBOUND, "disposition": Disposition.NO_ANSWER, "talk_s": 0}
    friday, monday = 4, 7
    keep(
        database,
        [
            # Friday 17:00, called back on Monday at 15:30: one hour on Friday, six and a half on Monday.
            call(1, at(friday, "17:00"), "", contact="+74950000011", **lost),
            call(2, at(monday, "15:30"), "bob", contact="+74950000011"),
            # Friday 16:00 and Monday 15:30 are eight and a half: too late.
            call(3, at(friday, "16:00"), "", contact="+74950000012", **lost),
            call(4, at(monday, "15:30"), "ann", contact="+74950000012", direction=Direction.INBOUND),
            # Nobody called back, and nobody answered the second try; eight hours are not over on Monday noon.
            call(5, at(monday, "11:00"), "", contact="+74950000013", **lost),
            # Not in working time, on a Sunday, or hung up in the greeting.
            call(6, at(friday, "18:00"), "", contact="+74950000014", **lost),
            call(7, at(6, "12:00"), "", contact="+74950000014", **lost),
            call(8, at(monday, "12:00"), "", contact="+74950000014", **lost | {"wait_s": 4}),
        ],
    )
    limits: dict[str, Value] = {"patience_s": 5, "hours": 8, "limit": 100}
    rows = metric_rows(asker, "missed", 0, 8, now=at(monday, "16:00"), **limits)
    assert {row["contact"][-2:]: (row["recovered"], row["still_open"]) for row in rows} == {
        "11": (1, 0),
        "12": (0, 0),
        "13": (0, 1),
    }
    days = metric_rows(asker, "missed_days", 0, 8, now=at(monday, "16:00"), **limits)
    assert [(row["recovered"], row["not_recovered"], row["still_open"]) for row in days] == [
        *((0, 0, 0) for _ in range(4)),
        (1, 1, 0),
        *((0, 0, 0) for _ in range(2)),
        (0, 0, 1),
    ]


def test_first_toucher_keeps_the_organisation_whoever_owns_it_later(database: Database, asker: Asker) -> None:
    stages = [(f"o{n}", "new", at(0), "bob") for n in (1, 2, 3)] + [("o1", "active", at(3), "bob")]
    enter(database, *stages)
    missed = {"disposition": Disposition.BUSY, "talk_s": 0}
    keep(
        database,
        [
            call(1, at(-9), "", organisation_id="o1", **missed),
            call(2, at(-8), "ann", organisation_id="o1", **missed),
            call(3, at(1), "bob", organisation_id="o1"),
            call(4, at(1), "bob", organisation_id="o2"),
        ],
    )
    rows = metric_rows(asker, "funnel_by", 0, 7, by="toucher", window=5)
    reached = {(row["name"], row["stage"]): row["reached"] for row in rows if row["stage"] in ("new", "active")}
    assert reached == {
        ("Ann", "new"): 1,
        ("Ann", "active"): 1,
        ("Bob", "new"): 1,
        ("Bob", "active"): 0,
        ("", "new"): 1,
        ("", "active"): 0,
    }
    of_owner = metric_rows(asker, "funnel_by", 0, 7, by="manager", window=5)
    assert {row["name"] for row in of_owner} == {"Bob"}


def test_biggest_loss_is_in_organisations_not_in_share(database: Database, asker: Asker) -> None:
    for n in range(10):
        enter(database, (f"o{n}", "new", at(0), "ann"))
    for n in range(4):
        enter(database, (f"o{n}", "active", at(1), "ann"))
    enter(database, ("o0", "development", at(2), "ann"))
    for n in (8, 9):
        enter(database, (f"o{n}", "disqualified", at(1), "ann"))
    columns = ("from_stage", "stage", "lost", "refused", "stuck", "in_work")
    while_open = metric_rows(asker, "funnel_loss", 0, 7, now=at(2, "12:00"), by="", window=5)
    assert [tuple(row[name] for name in columns) for row in while_open] == [
        ("new", "active", 2, 2, 0, 4),
        ("active", "development", 0, 0, 0, 3),
        ("development", "shipment", 0, 0, 0, 1),
    ]
    assert [row["drop_off"] for row in while_open] == [0.2, 0, 0]
    rows = metric_rows(asker, "funnel_loss", 0, 7, now=at(20, "12:00"), by="", window=5)
    assert [tuple(row[name] for name in columns) for row in rows] == [
        ("new", "active", 6, 2, 4, 0),
        ("active", "development", 3, 0, 3, 0),
        ("development", "shipment", 1, 0, 1, 0),
    ]
    assert [row["drop_off"] for row in rows] == [0.6, 0.75, 1]
    assert all(row["may_come"] is None for row in rows)


def test_organisation_left_alone_is_counted_by_who_looks_after_it(database: Database, asker: Asker) -> None:
    known = [
        Organisation(organisation_id=f"o{n}", name=f"o{n}", phones=[], manager_id="ann", version=1) for n in range(5)
    ]
    database.store.keep("organisations", [encode(one) for one in known])
    enter(
        database,
        ("o1", "active", at(-60), "ann"),  # last talked to 40 days ago
        ("o2", "new", at(-31), "ann"),  # never
        ("o3", "new", at(-5), "ann"),  # never, but it is new
        ("o4", "disqualified", at(-90), "ann"),  # is to be left alone
    )
    keep(database, [call(1, at(-40), organisation_id="o1"), call(2, at(-35), organisation_id="o1", disposition="busy")])
    (row,) = metric_rows(asker, "idle_organisations_by_manager", -7, 0, days=30, limit=100)
    assert (row["manager"], row["organisations"], row["never"]) == ("Ann", 2, 1)
    assert row["longest_days"] in (39, 40)
