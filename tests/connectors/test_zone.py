"""The zone that a person gives, against the epoch inside uniqueid; and the offset that the data proves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connectors.reading.sample import Sample
from connectors.recognise import choose
from schemas.errors import Terminal
from schemas.records import CallLeg
from tests.connectors.conftest import Write, read
from tests.connectors.rows import MOSCOW, many, row

BERLIN = ZoneInfo("Europe/Berlin")


def zone(path: Path, given: str) -> tuple[tzinfo, str]:
    """What the source makes of --tz."""
    source, recognised = choose(Sample(path), "calls", "auto", "RU")
    return source.zone(Sample(path), recognised, None if given == "auto" else ZoneInfo(given))


def starts(path: Path, tz: str) -> list[datetime]:
    return [item.started_at for item in read(path, tz=tz) if isinstance(item, CallLeg)]


def test_zone_that_agrees_is_taken_with_the_count_that_says_so(write: Write) -> None:
    found, why = zone(write("".join(many(30))), "Europe/Moscow")
    assert (found, why) == (MOSCOW, "30 of 30 rows checked agree with Europe/Moscow by the epoch in uniqueid")


def test_zone_that_disagrees_is_an_error_that_names_both(write: Write) -> None:
    path = write("".join(many(30)))
    with pytest.raises(Terminal) as error:
        zone(path, "Asia/Yekaterinburg")
    message = str(error.value)
    assert message.startswith(f"{path}: ")
    assert "the file says UTC+03:00 (30 of 30 rows, by the epoch in uniqueid)" in message
    assert "--tz Asia/Yekaterinburg is UTC+05:00 then" in message
    assert message.endswith("give the zone of the exchange, or --tz auto")


def test_zone_of_the_office_with_usegmtime_is_told_the_option(write: Write) -> None:
    first = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
    with pytest.raises(Terminal, match=r"UTC\+00:00 .*--tz UTC \(usegmtime=yes in cdr\.conf\)"):
        zone(write("".join(many(30, first=first))), "Europe/Moscow")


def test_zone_that_is_right_for_the_winter_half_only_is_refused(write: Write) -> None:
    """Berlin and Lagos share their offset until the clocks change; more rows are of the winter."""
    winter = many(300, first=datetime(2026, 11, 2, 9, 0, tzinfo=BERLIN))
    summer = many(100, first=datetime(2026, 7, 1, 9, 0, tzinfo=BERLIN))
    path = write("".join([*summer, *winter]))
    with pytest.raises(Terminal, match=r"in 2026-07 the file says UTC\+02:00 .* --tz Africa/Lagos is UTC\+01:00 then"):
        zone(path, "Africa/Lagos")
    assert zone(path, "Europe/Berlin")[0] == BERLIN


def test_change_of_clocks_in_the_middle_of_a_large_file_is_seen(write: Write) -> None:
    """A year of calls begins and ends in winter time: only its middle disagrees."""
    first = datetime(2026, 1, 1, 9, 0, tzinfo=BERLIN)
    path = write("".join(many(12_000, every_s=364 * 86_400 / 12_000, first=first)))
    with pytest.raises(
        Terminal, match=r"--tz auto finds .*clocks (may have )?changed in between: give the zone by name"
    ):
        zone(path, "auto")
    with pytest.raises(Terminal, match=r"in 2026-0[4-9] the file says UTC\+02:00"):
        zone(path, "Africa/Lagos")
    assert zone(path, "Europe/Berlin")[0] == BERLIN


def test_legs_that_begin_long_after_their_channel_do_not_disturb(write: Write) -> None:
    """A transfer an hour into a call has the uniqueid of its beginning: 4 rows of 30 say UTC+04:00."""
    late = [row(n, uniqueid=f"{1_793_599_200 - 3600}.{n}") for n in range(31, 35)]
    path = write("".join([*many(26), *late]))
    assert zone(path, "Europe/Moscow")[1].startswith("26 of 30 rows checked agree")


def test_auto_takes_the_offset_that_the_data_proves(write: Write) -> None:
    path = write("".join(many(30)))
    assert zone(path, "auto") == (timezone(timedelta(hours=3)), "30 of 30 rows prove UTC+03:00 (epoch in uniqueid)")
    assert starts(path, "auto") == starts(path, "Europe/Moscow")
    assert starts(path, "auto")[0] == datetime(2026, 11, 2, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(("name", "offset"), [("Asia/Kathmandu", "+05:45"), ("America/St_Johns", "-03:30")])
def test_auto_knows_quarters_of_an_hour(write: Write, name: str, offset: str) -> None:
    path = write("".join(many(30, first=datetime(2026, 11, 2, 9, 0, tzinfo=ZoneInfo(name)))))
    assert f"UTC{offset}" in zone(path, "auto")[1]


def test_auto_without_uniqueid_fails_and_says_what_to_give(write: Write) -> None:
    path = write("calldate,src,dst,duration,billsec,disposition\n2026-11-02 09:00,101,84950000001,70,60,ANSWERED\n")
    with pytest.raises(Terminal, match="--tz auto needs uniqueid with an epoch, and there is none: give --tz Europe"):
        zone(path, "auto")
    assert zone(path, "Europe/Moscow")[1] == "no uniqueid with an epoch: the zone cannot be checked"


def test_auto_does_not_take_days_between_the_clocks_for_a_zone(write: Write) -> None:
    path = write("".join(row(n, uniqueid=f"{1_793_599_200 - 26 * 3600}.{n}") for n in range(1, 31)))
    with pytest.raises(Terminal, match=r"the clock is \+29:00 hours off, as in no zone: give it by name"):
        zone(path, "auto")


def test_auto_over_a_change_of_clocks_fails_and_names_both_offsets(write: Write) -> None:
    summer = many(50, first=datetime(2026, 10, 23, 9, 0, tzinfo=BERLIN))
    winter = many(50, first=datetime(2026, 10, 26, 9, 0, tzinfo=BERLIN))
    with pytest.raises(
        Terminal, match=r"no single offset: UTC\+0[12]:00 \(50 of 100 rows\), UTC\+0[12]:00 \(50 rows\)"
    ):
        zone(write("".join([*summer, *winter])), "auto")


def test_table_of_the_crm_proves_no_zone(write: Write) -> None:
    path = write("organisation_id,stage,changed_at\no-1,new,2026-09-01\n")
    source, recognised = choose(Sample(path), "stages", "auto", "RU")
    with pytest.raises(Terminal, match="nothing in a table of stages proves its zone: give --tz by name"):
        source.zone(Sample(path), recognised, None)


# --- day before month


def day_first(day: str, uniqueid: str, name: str = "105") -> str:
    return (
        f'"{day} 9:00:00","","{name}","84950000001","from-internal","SIP/105-00000001","SIP/p-00000002","Dial",,'
        f'"9","0","BUSY","3",,"{uniqueid}",,,,"105",,,,,"0",\n'
    )


def test_epoch_tells_day_first_from_month_first(write: Write) -> None:
    """1/9/2026 is the first of September: its uniqueid was made on 2026-09-01 at 06:00 UTC."""
    september = int(datetime(2026, 9, 1, 6, 0, tzinfo=UTC).timestamp())
    january = int(datetime(2026, 1, 9, 6, 0, tzinfo=UTC).timestamp())
    day = "".join(day_first(f"{n}/9/2026", f"{september + (n - 1) * 86_400}.{n}") for n in range(1, 11))
    month = "".join(day_first(f"1/{n}/2026", f"{january + (n - 9) * 86_400}.{n}") for n in range(9, 13))
    assert starts(write(day), "Europe/Moscow")[0] == datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
    assert starts(write(month), "Europe/Moscow")[0] == datetime(2026, 1, 9, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "region", "order"),
    [("24/08/26", "US", "dmy"), ("08/24/26", "RU", "mdy"), ("08/09/26", "RU", "dmy"), ("08/09/26", "US", "mdy")],
)
def test_without_an_epoch_a_number_above_12_decides_else_the_region(
    write: Write, day: str, region: str, order: str
) -> None:
    header = "calldate,src,dst,duration,billsec,disposition\n"
    path = write(f"{header}{day} 09:32,101,84950000001,70,60,ANSWERED\n")
    assert choose(Sample(path), "calls", "auto", region)[1].date_order == order
