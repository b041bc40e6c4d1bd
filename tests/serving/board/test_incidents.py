"""What needs somebody now, in words; and what a reader says of it. The store writes down what it is told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from pipeline.audit import lines
from pipeline.drawing.page.incidents import MOST
from pipeline.serving.board.incidents import MarkBody, Marks, decode_mark, draw_incidents, snooze_end
from pipeline.serving.board.server import NotThere, NotUnderstood
from pipeline.settings import Settings, read_settings
from pipeline.warnings.kept import WarningReader, WarningWriter
from schemas.warnings import Incident, IncidentMark, MarkKind, WarningWatch
from tests.serving.board.test_board_screens import Asked
from tests.warnings.worlds import NOON, ZONE, incident

WATCH = WarningWatch(watched_at=NOON, as_of=NOON)
SETTINGS: Settings = msgspec.structs.replace(read_settings({}), time_zone=ZONE)


def row(one: Incident, **mark: Any) -> dict[str, Any]:
    """As `standing_incidents` says it."""
    told = msgspec.to_builtins(one)
    objects = {name: msgspec.json.encode(told[name]).decode() for name in ("labels", "numbers")}
    nobody = {"mark": "", "mark_by": "", "mark_note": "", "mark_at": None, "mark_until": None}
    return {**told, **objects, **nobody, **mark}


def text(html: str) -> str:
    return unescape(re.sub(r"\s*\|[|\s]*", "|", re.sub("<[^>]+>", "|", html)))


def drawn(*rows: Mapping[str, Any], watch: WarningWatch | None = WATCH, can_mark: bool = True, lang: str = "en") -> str:
    return draw_incidents(rows, watch, SETTINGS, NOON, lang, can_mark=can_mark)


def test_a_warning_is_said_whole_and_leads_to_its_calls() -> None:
    html = drawn(row(incident()))
    assert (
        "Анна Петрова (Север), today: 12 calls, 31 expected|"
        "Calls fall. Since 11:20 (40 min by now). "
        "What to do: ask first: who calls less does not always work less.|Calls|"
    ) in text(html)
    assert 'href="/manager?lang=en&amp;manager=anna&amp;first=2026-11-27&amp;last=2026-11-27#manager_calls"' in html
    assert "Checked 12:00." in text(html)
    ru = text(drawn(row(incident()), lang="ru"))
    assert "Анна Петрова (Север), сегодня: 12 звонков, ожидалось 31|Звонков стало меньше. С 11:20 (уже 40 мин)." in ru
    assert "|Принять|" in ru
    assert "до завтра, 09:00" in ru


def test_without_any_there_is_one_calm_line() -> None:
    assert text(drawn()).strip("|") == "Nothing needs you now.|Checked 12:00."
    assert "button" not in drawn()


@pytest.mark.parametrize(
    ("watch", "said"),
    [
        (None, "Warnings have not been checked here yet"),
        (WarningWatch(watched_at=NOON - timedelta(hours=2), as_of=NOON), "have not been checked since 10:00"),
        (WarningWatch(watched_at=NOON, as_of=NOON, error="drift: too slow"), "could not be checked: drift: too slow"),
    ],
)
def test_that_nothing_stands_is_not_said_alone_when_nobody_asks(watch: WarningWatch | None, said: str) -> None:
    assert said in text(drawn(watch=watch))


def test_as_of_when_files_are_is_said_where_it_is_about_people() -> None:
    files = WarningWatch(watched_at=NOON, as_of=NOON - timedelta(hours=3), of_files=1)
    assert "As of 09:00: that is the latest call that is loaded." in text(drawn(row(incident()), watch=files))
    assert "As of" not in text(drawn(row(incident("stale_data")), watch=files))


def test_who_looks_after_it_and_since_when_is_said_below_and_can_be_taken_back() -> None:
    acked = row(incident(), mark="ack", mark_by="Vera", mark_note="<b>calling", mark_at="2026-11-27T08:30:00Z")
    until = {"mark_at": "2026-11-27T08:30:00Z", "mark_until": "2026-11-28T06:00:00Z"}
    snoozed = row(incident("squeeze", "ivan"), mark="snooze", mark_by="Vera", **until)
    html = drawn(acked, snoozed)
    assert "Acknowledged by Vera, 11:30; note: <b>calling" in text(html)
    assert "<b>" not in html
    assert "Quiet until 28 Nov, 09:00, by Vera, 11:30" in text(html)
    assert "Acknowledged or snoozed: 2" in text(html)
    assert "Somebody looks after everything that needs attention." in text(html)
    assert html.count('data-kind="wake"') == 2
    assert 'data-kind="ack"' not in html


def test_who_may_only_read_has_no_button_and_is_told_how_else() -> None:
    html = drawn(row(incident()), can_mark=False)
    assert "button" not in html
    assert "callfunnel alerts ack" in text(html)


def test_many_are_folded_and_a_rule_of_another_version_is_left_out() -> None:
    many = [row(incident(incident_id=f"id{n}")) for n in range(MOST + 3)]
    html = drawn(*many, {**many[0], "rule": "of_tomorrow"})
    assert html.count('class="incident"') == MOST + 3
    assert "3 more" in text(html)


@pytest.mark.parametrize(
    ("body", "until"),
    [
        (MarkBody(kind=MarkKind.SNOOZE, snooze="hour"), NOON + timedelta(hours=1)),
        (MarkBody(kind=MarkKind.SNOOZE, snooze="morning"), datetime(2026, 11, 28, 9, tzinfo=ZONE)),
        (MarkBody(kind=MarkKind.SNOOZE, snooze="day", day=date(2026, 12, 7)), datetime(2026, 12, 7, 9, tzinfo=ZONE)),
        (MarkBody(kind=MarkKind.SNOOZE, snooze="day", day=date(2026, 11, 27)), None),
        (MarkBody(kind=MarkKind.SNOOZE, snooze="day", day=date(2028, 1, 1)), None),
        (MarkBody(kind=MarkKind.SNOOZE, snooze="day"), None),
        (MarkBody(kind=MarkKind.SNOOZE), None),
    ],
)
def test_a_snooze_ends_in_an_hour_or_as_a_day_opens(body: MarkBody, until: datetime | None) -> None:
    assert snooze_end(body, NOON, ZONE, time(9)) == until


def test_a_morning_is_that_of_the_department_and_over_a_change_of_clocks() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    before = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)  # half past midnight there, on the day of the change
    ends = snooze_end(MarkBody(kind=MarkKind.SNOOZE, snooze="morning"), before, berlin, time(9))
    assert ends is not None
    assert ends.astimezone(UTC) == datetime(2026, 3, 30, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"kind":"no"}', b'{"kind":"ack","more":1}', b'{"kind":"ack","note":"%s"}' % (b"x" * 501),
     b'{"kind":"snooze","day":"tomorrow"}', b"\xff"],
)  # fmt: skip
def test_what_the_page_does_not_send_is_refused(body: bytes) -> None:
    with pytest.raises(NotUnderstood):
        decode_mark(body)


class Written(WarningWriter):
    """Remembers what it is to keep."""

    def __init__(self) -> None:
        self.marks: list[IncidentMark] = []

    def keep_mark(self, mark: IncidentMark) -> None:
        self.marks.append(mark)


def test_a_mark_is_kept_with_who_and_when_and_written_down_without_numbers(tmp_path: Path) -> None:
    store = Asked({"incidents": [row(incident(incident_id="a1b2c3d4e5"))]})
    written, audit = Written(), tmp_path / "audit.log"
    marks, reader = Marks(written, audit), WarningReader(store)
    said = MarkBody(kind=MarkKind.ACK, note="  звоню +7 916 123-45-67 ", by=" Вера ")
    marks.keep(reader, "a1b2c3d4e5", said, SETTINGS, NOON, "127.0.0.1", "ru")
    anonymous = MarkBody(kind=MarkKind.SNOOZE, snooze="morning")
    marks.keep(reader, "a1b2c3d4e5", anonymous, SETTINGS, NOON, "127.0.0.1", "ru")
    first, second = written.marks
    assert (first.by, first.at, first.note, first.until) == ("Вера", NOON, "звоню ***67", None)
    morning = datetime(2026, 11, 28, 9, tzinfo=ZONE)
    assert (second.by, second.until) == ("страница экранов (127.0.0.1)", morning)
    one, other = lines(audit)
    assert (one.action, one.who) == ("mark", "127.0.0.1")
    assert one.about == {
        "kind": "ack", "incident": "a1b2c3d4e5", "rule": "calls_drop", "by": "Вера", "note": "звоню ***67"
    }  # fmt: skip
    assert other.about["until"] == "2026-11-28T06:00:00Z"


def test_what_is_over_or_a_day_that_is_over_keeps_nothing(tmp_path: Path) -> None:
    store = Asked({"incidents": [row(incident(incident_id="a1b2c3d4e5", state="resolved"))]})
    written = Written()
    marks, reader = Marks(written, tmp_path / "audit.log"), WarningReader(store)
    with pytest.raises(NotThere, match="over already"):
        marks.keep(reader, "a1b2c3d4e5", MarkBody(kind=MarkKind.ACK), SETTINGS, NOON, "", "en")
    with pytest.raises(NotThere):
        marks.keep(reader, "a1b2", MarkBody(kind=MarkKind.ACK), SETTINGS, NOON, "", "en")
    store = Asked({"incidents": [row(incident(incident_id="a1b2c3d4e5"))]})
    late = MarkBody(kind=MarkKind.SNOOZE, snooze="day", day=date(2026, 11, 1))
    with pytest.raises(NotUnderstood, match="choose a day"):
        marks.keep(WarningReader(store), "a1b2c3d4e5", late, SETTINGS, NOON, "", "en")
    assert written.marks == []
    assert not (tmp_path / "audit.log").exists()
