"""The default department behaves like one: a head of sales would believe it."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from statistics import mean, pvariance
from zoneinfo import ZoneInfo

from department.working_days import season
from tests.department.conftest import Truth
from tests.department.legs import calls, rows

MOSCOW = ZoneInfo("Europe/Moscow")


def busy_days(truth: Truth) -> set[str]:
    """Working days without an anomaly of the whole department, a short day, or a holiday week."""
    hidden = [
        (event["first"], event["last"])
        for event in truth["planted"]
        if event["kind"] in ("dead_feed", "low_month", "clock_change")
    ]
    counted = Counter(row["day"] for row in truth["activity"])
    return {
        day for day, there in counted.items() if there >= 5 and not any(first <= day <= last for first, last in hidden)
    }


def hours(truth: Truth, days: set[str]) -> Counter[int]:
    """Calls by hour: an id begins with the second of its call."""
    return Counter(
        datetime.fromtimestamp(int(call.partition(".")[0]), MOSCOW).hour
        for row in truth["calls"]
        if row["day"] in days
        for call in row["ids"].split()
    )


def test_hours_are_two_humps_with_lunch_between(truth: Truth) -> None:
    by_hour = hours(truth, busy_days(truth))
    assert by_hour[13] < 0.6 * min(by_hour[11], by_hour[15])
    assert min(by_hour[10], by_hour[11], by_hour[14], by_hour[15]) > 0.1 * by_hour.total()
    assert sum(by_hour[hour] for hour in range(9, 18)) > 0.93 * by_hour.total()


def test_week_peaks_in_its_middle_and_fridays_are_weak(truth: Truth) -> None:
    by_weekday: dict[int, list[int]] = {}
    per_day: Counter[str] = Counter()
    for row in truth["activity"]:
        per_day[row["day"]] += row["calls"]
    for day in busy_days(truth):
        by_weekday.setdefault(date.fromisoformat(day).weekday(), []).append(per_day[day])
    average = {weekday: mean(counts) for weekday, counts in by_weekday.items()}
    assert average[4] < min(average[1], average[2], average[3])
    assert average[2] > average[0] > average[4]


def test_nobody_works_on_holidays_and_weekends_but_those_on_call(truth: Truth) -> None:
    free = ("2026-02-23", "2026-03-09", "2026-05-01", "2026-05-11")  # Russian holidays and bridges of 2026
    per_day: Counter[str] = Counter()
    for row in truth["activity"]:
        per_day[row["day"]] += row["calls"]
    usual = mean(per_day[day] for day in busy_days(truth))
    weekend = [day for day in per_day if date.fromisoformat(day).weekday() >= 5]
    assert weekend
    assert max(per_day[day] for day in (*free, *weekend)) < 0.05 * usual


def test_counts_of_a_manager_are_over_dispersed(truth: Truth) -> None:
    """Of a Poisson count the variance is the mean: in the same weekday, over two months without an anomaly."""
    ratios = []
    for manager in ("m01", "m06", "m07", "m08", "m09", "m10", "m11"):
        counts: dict[int, list[int]] = {}
        for row in truth["activity"]:
            day = date.fromisoformat(row["day"])
            if row["manager_id"] == manager and day.weekday() < 5 and date(2026, 2, 1) <= day < date(2026, 4, 1):
                counts.setdefault(day.weekday(), []).append(row["calls"])
        ratios += [pvariance(those) / mean(those) for those in counts.values() if len(those) >= 4]
    assert mean(ratios) > 2


def test_legs_a_call_and_share_of_answered(folder: Path) -> None:
    legs = list(rows(folder / "Master.csv", "asterisk-csv"))
    assert 1.5 < len(legs) / len({leg.call for leg in legs}) < 2.2
    heard = list(calls([folder / "Master.csv"], "asterisk-csv", MOSCOW))
    inbound = [call.answered for call in heard if not call.outbound]
    outbound = [call.answered for call in heard if call.outbound]
    assert 0.5 < mean(outbound) < 0.7
    assert 0.55 < mean(inbound) < 0.8
    assert 0.25 < len(inbound) / len(heard) < 0.5


def test_calls_answered_by_machines_alone_reach_nobody(folder: Path) -> None:
    """Finding 2 of the formats: many more inbound calls have an ANSWERED row than a person who answered."""
    machine = {leg.call for leg in rows(folder / "Master.csv", "asterisk-csv") if leg.row["disposition"] == "ANSWERED"}
    heard = [call for call in calls([folder / "Master.csv"], "asterisk-csv", MOSCOW) if not call.outbound]
    answered_row = sum(call.id in machine for call in heard)
    assert answered_row > 1.1 * sum(call.answered for call in heard)


def test_every_way_through_the_exchange_is_there(folder: Path) -> None:
    legs = list(rows(folder / "Master.csv", "asterisk-csv"))
    seen = Counter((leg.row["lastapp"], leg.row["disposition"]) for leg in legs)
    for way in (
        *(("Dial", "ANSWERED"), ("Dial", "NO ANSWER"), ("Dial", "BUSY"), ("Dial", "FAILED")),
        *(("Queue", "ANSWERED"), ("Queue", "NO ANSWER")),
        *(
            ("ForkCDR", "ANSWERED"),
            ("BackGround", "ANSWERED"),
            ("VoiceMail", "ANSWERED"),
            ("VoiceMailMain", "ANSWERED"),
        ),
    ):
        assert seen[way] > 30, way
    contexts = Counter(leg.row["dcontext"] for leg in legs)
    assert contexts["forward"] > 30  # the half of a pair that dials a mobile
    assert contexts["from-internal-xfer"] > 100
    assert sum(leg.row["src"] == "anonymous" for leg in legs) > 100
    assert any(leg.row["start"][:10] < leg.row["end"][:10] for leg in legs)  # over midnight


def test_channels_are_named_by_when_they_began(folder: Path) -> None:
    """uniqueid is the second of the channel's creation and a running number; linkedid is the first channel's."""
    legs = list(rows(folder / "Master.csv", "asterisk-csv"))
    for leg in legs:
        began = int(leg.row["uniqueid"].partition(".")[0])
        start = int(datetime.fromisoformat(leg.row["start"]).replace(tzinfo=MOSCOW).timestamp())
        assert 0 <= start - began < 4 * 3600
    assert len({leg.row["sequence"] for leg in legs}) == len(legs)
    channels = {leg.row["uniqueid"] for leg in legs}
    assert {leg.row["linkedid"] for leg in legs} <= channels
    numbers = [int(channel.partition(".")[2]) for channel in channels]
    assert len(set(numbers)) == len(numbers)


def test_managers_differ_and_a_newcomer_ramps_up(truth: Truth) -> None:
    conversations: Counter[str] = Counter()
    proposals: Counter[str] = Counter()
    for row in truth["activity"]:
        conversations[row["manager_id"]] += row["conversations"]
        proposals[row["manager_id"]] += row["general_proposals"]
    steady = [proposals[m] / conversations[m] for m in ("m01", "m06", "m07", "m08", "m09", "m10", "m11")]
    assert max(steady) > 1.3 * min(steady)
    # The newcomer comes in the low month; the others' calls of the same days are what theirs are held against.
    new = [row for row in truth["activity"] if row["manager_id"] == "m12"]
    weeks = {"2026-04-06": 0.0, "2026-05-04": 0.0}
    for monday in weeks:
        days = {
            row["day"] for row in truth["activity"] if monday <= row["day"] <= f"{monday[:8]}{int(monday[8:]) + 4:02d}"
        }
        others = [row["calls"] for row in truth["activity"] if row["day"] in days and row["manager_id"] != "m12"]
        weeks[monday] = mean(row["calls"] for row in new if row["day"] in days) / mean(others)
    assert weeks["2026-04-06"] < 0.7 * weeks["2026-05-04"]


def test_proposals_follow_conversations(folder: Path, truth: Truth) -> None:
    """Nobody is sent a proposal who was not talked to before; individual ones come after the general ones."""
    with (folder / "proposals.csv").open(encoding="utf-8") as file:
        proposals = list(csv.DictReader(file, delimiter=";"))
    first_call: dict[str, str] = {}
    with (folder / "organisations.csv").open(encoding="utf-8") as file:
        phones = {
            "".join(char for char in phone if char.isdigit())[-10:]: row["id"]
            for row in csv.DictReader(file, delimiter=";")
            for phone in row["phones"].split(",")
        }
    for call in sorted(calls([folder / "Master.csv"], "asterisk-csv", MOSCOW), key=lambda call: call.start):
        organisation = phones.get(call.number[-10:])
        if organisation and call.talk_s >= 30:
            first_call.setdefault(
                organisation, datetime.fromtimestamp(call.start, MOSCOW).strftime("%Y-%m-%d %H:%M:%S")
            )
    dead = next(event["first"] for event in truth["planted"] if event["kind"] == "dead_feed")
    recorded = [row for row in proposals if row["sent_at"][:10] != dead]
    known = [row for row in recorded if row["organisation_id"] in first_call]
    assert len(known) > 0.98 * len(recorded)  # the rest: talked to in the hours that nobody recorded
    assert sum(first_call[row["organisation_id"]] < row["sent_at"] for row in known) > 0.98 * len(known)
    kinds = Counter((row["kind"], row["status"]) for row in proposals)
    assert kinds["individual", "withdrawn"] > 10
    assert sum(int(row["revision"]) > 1 for row in proposals) > 50


def test_funnel_leaks_most_at_its_first_steps(truth: Truth) -> None:
    months = {f"2026-0{month}" for month in (1, 2)}
    reached: Counter[str] = Counter()
    for step in truth["funnel_cohort"]:
        if step["month"] in months and not step["manager_id"]:
            reached[step["stage"]] += step["reached"]
    assert reached["new"] > reached["active"] > reached["development"] > reached["shipment"] >= reached["customer"] > 0
    assert reached["new"] - reached["active"] > reached["active"] - reached["development"]
    assert reached["customer"] < 0.1 * reached["new"]


def test_summers_are_weak_and_autumns_strong() -> None:
    assert season(date(2026, 8, 3)) < season(date(2026, 4, 3)) < season(date(2026, 10, 5))
