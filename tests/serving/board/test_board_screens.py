"""What the board page asks the store for. The store is one that writes down its questions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

import msgspec
import pytest
from clickhouse_connect.driver.client import Client

from pipeline.readouts.numbers import Numbers
from pipeline.serving.board.screens import BoardScreens
from pipeline.serving.board.server import Pairs
from pipeline.settings import read_settings

T = TypeVar("T")

LAST_CALL = "2026-03-13T12:31:06Z"
NOW = datetime(2026, 3, 16, 9, tzinfo=UTC)


class Asked(Numbers):
    """Answers what it was given, and knows what it was asked."""

    def __init__(self, answers: Mapping[str, list[dict[str, Any]]]) -> None:
        super().__init__(cast(Client, None))
        self.asked: dict[str, Mapping[str, Any]] = {}
        earlier: list[dict[str, Any]] = [{"before_from": "2026-03-08 21:00:00", "before_to": "2026-03-09 09:00:00"}]
        last: list[dict[str, Any]] = [{"records": 1, "at": LAST_CALL}]
        self._answers = {"last_call": last, "compared_with": earlier, **answers}

    def rows(self, metric: str, row: type[T], parameters: Mapping[str, Any]) -> list[T]:
        self.asked[metric] = dict(parameters)
        return [msgspec.convert(one, row) for one in self._answers.get(metric, [])]

    def ask(self, sql: str, row: type[T], parameters: Mapping[str, Any]) -> list[T]:
        """A store whose books were never opened."""
        return []


def screens(store: Asked) -> BoardScreens:
    settings = msgspec.structs.replace(read_settings({}), time_zone=ZoneInfo("Europe/Moscow"))
    return BoardScreens(store, settings, clock=lambda: NOW)


@pytest.mark.parametrize(
    ("board", "panel", "metric"),
    [
        ("health", "health_freshness", "freshness"),
        ("health", "health_imports", "imports"),
        ("health", "health_reasons", "rejected_by_reason"),
        ("health", "health_restatements", "restatements"),
    ],
)
def test_loads_are_told_up_to_this_moment_though_the_board_is_as_of_the_last_call(
    board: str, panel: str, metric: str
) -> None:
    """They came after the last call that they brought: as of that call there would be nothing."""
    rows = {metric: [{"source": "pbx", "door": "file:calls"}]}
    for address, is_said in (([("now", "last")], True), ([], False)):
        store = Asked(rows)
        shown = screens(store).panel(board, panel, address, "en").decode()
        assert store.asked[metric]["to"] == f"{NOW:%F %T}"
        assert ("Loads and sources: as of 16 Mar 2026 12:00" in shown) is is_said
    days: Pairs = [("first", "2026-03-02"), ("last", "2026-03-08"), ("now", "last")]
    store = Asked(rows)
    screens(store).panel(board, panel, days, "en")
    assert store.asked[metric]["to"] == "2026-03-08 21:00:00", "days that were asked for are those days"


def test_what_tells_of_calls_stays_as_of_the_last_call() -> None:
    store = Asked({})
    screens(store).panel("today", "today_talks", [("now", "last")], "en")
    assert store.asked["call_rates"]["to"] == "2026-03-13 12:31:07"


def test_one_row_more_than_is_shown_is_asked_for() -> None:
    store = Asked({"proposals": [{"manager_id": "m01", "time": "2026-03-02 08:00:00.000"}] * 501})
    shown = screens(store).panel("manager", "manager_proposals", [], "ru").decode()
    assert store.asked["proposals"]["limit"] == 501
    assert shown.count("<tr>") == 1 + 500
    assert "Показаны первые 500, есть ещё" in shown


@pytest.mark.parametrize("board", ["today", "manager"])
def test_who_is_chosen_and_not_offered_is_called_by_name(board: str) -> None:
    """A kept address of somebody who left before the period."""
    offered = {"choice_managers": [{"value": "m01", "text": "Anna"}], "choice_names": [{"value": "m99", "text": "Zoë"}]}
    store = Asked(offered)
    html = screens(store).page(board, [("manager", "m99")], "en")
    assert store.asked["choice_names"] == {"managers": ["m99"]}
    assert re.search(r'value="m99" (selected|checked)>Zoë<', html)
    store = Asked(offered)
    screens(store).page(board, [("manager", "m01")], "en")
    assert "choice_names" not in store.asked


def test_a_number_leads_to_the_panel_of_its_calls_and_a_call_to_that_of_its_legs() -> None:
    talks = {"call_rates": [{"manager_id": "m01", "manager": "Anna", "conversations": 39}]}
    shown = screens(Asked(talks)).panel("today", "today_talks", [], "en").decode()
    address = "/manager?lang=en&amp;period=today&amp;manager=m01"
    assert f"{address}&amp;of=conversations#manager_calls" in shown
    assert f'"{address}' in shown.replace("\\", ""), "a name leads to the top of the board"
    calls = {"calls": [{"manager_id": "m01", "source": "pbx", "call_id": "1.2", "time": "2026-03-02 08:00:00.000"}]}
    shown = screens(Asked(calls)).panel("manager", "manager_calls", [("of", "answered")], "en").decode()
    assert "of=answered&amp;source_of_call=pbx&amp;call=1.2&amp;manager=m01#manager_legs" in shown


def test_how_far_the_data_can_be_trusted_is_one_line_of_today_alone() -> None:
    feed = {
        "source": "pbx", "door": "ami", "state": "silent", "detail": "", "last_seen": None, "last_event": None,
        "last_heartbeat": "", "age_s": 1, "records": 1, "rejects": 0, "gaps": 0, "waiting": 0, "lag_ms": 0,
    }  # fmt: skip
    answers: dict[str, list[dict[str, Any]]] = {
        "activity": [{"match_coverage": 0.8953}],
        "unassigned": [{"of_extensions": 2}],
        "freshness": [feed, {**feed, "source": "crm", "state": "stored"}],
    }
    html = screens(Asked(answers)).page("today", [], "ru")
    for line in ("13.03.2026 15:31", "опознано звонков: 89,5", "звонков с незакреплённых номеров: 2", "pbx: "):
        assert line in html
    assert "crm: " not in html
    assert "опознано" not in screens(Asked(answers)).page("funnel", [], "ru")


def test_numbers_are_held_against_the_period_that_the_page_names() -> None:
    store = Asked({})
    screens(store).panel("today", "today_people", [("period", "today")], "en")
    assert store.asked["compared_with"]["from"] == "2026-03-15 21:00:00"
    asked = store.asked["people_compared"]
    assert (asked["before_from"], asked["before_to"]) == ("2026-03-08 21:00:00", "2026-03-09 09:00:00")
    assert "Compared with 09 Mar 2026 00:00 – 09 Mar 2026 12:00" in screens(store).page("today", [], "en")


def test_calls_that_are_missing_are_said_above_every_board() -> None:
    rows = [
        {"source": "pbx", "since": "2026-03-13 09:55:00", "until": "2026-03-13 15:00:00", "missing": 317, "goes_on": 0},
        {"source": "pbx", "since": "2026-03-16 06:00:00", "until": "2026-03-16 09:00:00", "missing": 41, "goes_on": 1},
    ]
    for board in ("today", "funnel", "manager", "warning", "health"):
        store = Asked({"missing_calls": rows})
        page = screens(store).page(board, [("period", "7d")], "en")
        assert "Calls are missing from 13 Mar 2026 12:55 to 18:00: about 317 are usual then (source pbx)." in page
        assert "Calls are missing since 16 Mar 2026 09:00: about 41 are usual since then (source pbx)." in page
        assert store.asked["missing_calls"]["from"] == "2026-03-09 21:00:00"
    assert 'class="missing"' not in screens(Asked({})).page("today", [], "en")


def test_name_beside_a_plan_opens_its_month() -> None:
    row = {
        "manager_id": "m01",
        "manager": "Ann",
        "month": "2026-02",
        "month_first": "2026-02-01",
        "month_last": "2026-02-28",
    }
    store = Asked({"plan_by_manager": [row]})
    panel = screens(store).panel("today", "today_plan", [("period", "week")], "en").decode()
    (address,) = re.findall(r"/manager\?([^\"\\#]+)", panel)
    assert {"first=2026-02-01", "last=2026-02-28", "manager=m01"} <= set(address.replace("&amp;", "&").split("&"))
