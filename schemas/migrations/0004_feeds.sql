-- What live doors say of themselves: the latest word of each.

CREATE TABLE feeds (
    source          String,
    door            String,
    session         String,
    state           String DEFAULT 'connecting',
    detail          String,
    started_at      DateTime64(3, 'UTC'),
    heartbeat_at    DateTime64(3, 'UTC'),
    seen_at         Nullable(DateTime64(3, 'UTC')),
    last_event_at   Nullable(DateTime64(3, 'UTC')),
    records         UInt32,
    rejects         UInt32,
    gaps            UInt32,
    waiting         UInt32,
    lag_ms          UInt32,
    version         UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY (source, door);
