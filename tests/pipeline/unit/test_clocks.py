"""`doctor` says which clock is off, by how much, and stored versions that are in the future."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from pipeline.agents.step import Frame
from pipeline.agents.store_feeds import StoreFeeds
from pipeline.agents.store_rejected import StoreRejected
from pipeline.clocks import HERE, NOTHING_AHEAD, compare_clocks, read_clocks, stored_ahead
from pipeline.store import Store, connect
from schemas.codec import encode
from schemas.records import Feed, FeedState, Reason, Rejected
from tests.pipeline.unit.making import leg

S = 10**9
INTEGERS = msgspec.json.Decoder(dict[str, int])
STORE, AMI = "the store", "the listener office ami"


@pytest.mark.parametrize(
    ("clocks", "well", "found"),
    [
        pytest.param({HERE: 0, STORE: 9}, True, f"{HERE}, {STORE}: less than 10 s apart", id="alike"),
        pytest.param({HERE: 0, STORE: -61}, True, f"{STORE} is 1 min 1 s behind {HERE}", id="noted"),
        pytest.param({HERE: 0, STORE: 7200}, False, f"{STORE} is 2 h ahead of {HERE}", id="one of two"),
        pytest.param(
            {HERE: 0, STORE: 0, AMI: 400}, False, f"{AMI} is 6 min 40 s ahead of the other clocks", id="third"
        ),
        pytest.param(
            {HERE: 0, STORE: 3600, AMI: 3601}, False, f"{HERE} is 1 h behind the other clocks", id="this machine"
        ),
    ],
)
def test_the_clock_that_is_off_is_named_and_five_minutes_are_too_much(
    clocks: dict[str, float], well: bool, found: str
) -> None:
    answer = compare_clocks(clocks)
    assert (answer.well, answer.found) == (well, found)
    assert bool(answer.todo) == ("apart" not in found)


@pytest.fixture
def store(store_dsn: str) -> Store:
    client = connect(store_dsn)
    for table in ("feeds", "rejected", "call_legs"):
        client.command(f"TRUNCATE TABLE {table}")
    return Store(client)


def feed(at: datetime, version: int) -> Feed:
    return Feed(source="office", door="ami", state=FeedState.LIVE, started_at=at, heartbeat_at=at, version=version)


def test_clocks_of_the_store_and_of_a_listener_that_is_ahead_are_seen(store: Store) -> None:
    ahead = datetime.now(UTC) + timedelta(hours=3)
    store.keep("feeds", [encode(feed(ahead, 1))])
    seen = read_clocks(store)
    assert list(seen) == [HERE, STORE, AMI]
    assert abs(seen[STORE]) < 10
    assert seen[AMI] == pytest.approx(3 * 3600, abs=120)
    (now,) = store.rows(INTEGERS, "SELECT toUnixTimestamp64Nano(now64(9)) AS now")
    fast = read_clocks(store, lambda: now["now"] + 3600 * S)
    assert fast[STORE] == pytest.approx(-3600, abs=120), "this machine is the one that is an hour ahead"


def test_stored_versions_in_the_future_are_counted_by_table(store: Store) -> None:
    now = int(datetime(2026, 11, 2, 9, tzinfo=UTC).timestamp()) * S
    assert stored_ahead(store, now).found == NOTHING_AHEAD
    store.keep("call_legs", [encode(leg("r1", version=now)), encode(leg("r2", version=now + 3 * 3600 * S))])
    found = stored_ahead(store, now)
    assert found.found.splitlines()[0] == "call_legs: 1 versions are in the future, up to 2026-11-02 12:00:00 UTC"
    assert found.well


def test_listener_whose_clock_was_set_back_is_seen_as_it_is_now(store: Store) -> None:
    noon = datetime(2026, 11, 2, 12, tzinfo=UTC)
    now = int(noon.timestamp()) * S
    store.keep("feeds", [encode(feed(noon + timedelta(hours=3), now + 3 * 3600 * S))])
    step = StoreFeeds(store, lambda: now)
    for seconds in (1, 2):
        step.settle_chunk([Frame(encode(feed(noon + timedelta(seconds=seconds), now + seconds * S)), "feeds:0:1")])
        (row,) = store.rows(msgspec.json.Decoder(Feed), "SELECT * FROM feeds FINAL")
        assert row.heartbeat_at == noon + timedelta(seconds=seconds)


def test_rejection_of_a_fast_clock_is_resolved_by_a_right_one_and_stays_so_when_it_comes_again(store: Store) -> None:
    at = datetime(2026, 11, 2, 12, tzinfo=UTC)
    now = int(at.timestamp()) * S

    def gap(version: int, resolved: int) -> bytes:
        return encode(
            Rejected(
                rejected_id="gap:1",
                source="office",
                reason=Reason.FEED_GAP,
                payload="",
                origin="ami",
                at=at,
                resolved=resolved,
                version=version,
            )
        )

    step = StoreRejected(store, lambda: now)
    fast, right = gap(now + 3 * 3600 * S, 0), gap(now, 1)
    for line in (fast, right, fast):
        step.settle_chunk([Frame(line, "rejected:0:1")])
    (resolved,) = store.rows(INTEGERS, "SELECT toUInt64(resolved) AS resolved FROM rejected FINAL")
    assert resolved == {"resolved": 1}
