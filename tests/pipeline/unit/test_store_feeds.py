"""`store_feeds`: the latest word of each door stands, and a line that is none is a reject."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from pipeline.agents.step import Frame
from pipeline.agents.store_feeds import StoreFeeds
from pipeline.store import Store, connect
from schemas.codec import Codec, encode
from schemas.records import Feed, FeedState, Reason, Rejected

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)


def feed(door: str, state: FeedState, version: int) -> Feed:
    return Feed(source="office", door=door, state=state, started_at=AT, heartbeat_at=AT, version=version)


def test_latest_word_of_each_door_stands_whatever_comes_last(store_dsn: str) -> None:
    client = connect(store_dsn)
    client.command("TRUNCATE TABLE feeds")
    step = StoreFeeds(Store(client), lambda: 7)
    newest = feed("sql", FeedState.AWAY, 3)
    said = [feed("sql", FeedState.LIVE, 1), newest, feed("sql", FeedState.LIVE, 2), feed("ami", FeedState.LIVE, 1)]
    frames = [Frame(encode(one), "feeds:0:1") for one in said]
    assert list(step.settle_chunk(frames).outgoing) == []
    step.settle_chunk(frames[::-1])
    found = Store(client).rows(msgspec.json.Decoder(Feed), "SELECT * FROM feeds FINAL ORDER BY door")
    assert found == [feed("ami", FeedState.LIVE, 1), newest]
    (reject,) = step.settle_chunk([Frame(b'{"v":1,"door":"sql"}', "feeds:0:9")]).outgoing
    (rejected,) = Codec(Rejected).read(reject.line)[0]
    assert (reject.topic.name, rejected.reason, rejected.topic) == ("rejected", Reason.BAD_WIRE, "feeds")
    client.command("TRUNCATE TABLE feeds")
