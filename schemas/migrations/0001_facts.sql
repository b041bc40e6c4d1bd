-- What was said: legs of calls, proposals, the directory. Replacing tables; a sorting key holds only what never changes.

CREATE TABLE call_legs (
    source          String,
    call_id         String,
    record_id       String,
    started_at      DateTime64(3, 'UTC'),
    answered_at     Nullable(DateTime64(3, 'UTC')),
    ended_at        DateTime64(3, 'UTC'),
    billsec         UInt32,
    direction       String,
    disposition     String,
    extension       String,
    peer_extension  String,
    contact         String,
    contact_raw     String,
    did             String,
    queue           String,
    application     String,
    recording       String,
    import_id       String,
    origin          String,
    version         UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY (source, call_id, record_id)
SETTINGS index_granularity = 1024;

CREATE TABLE managers (
    manager_id      String,
    name            String,
    team            String,
    extensions      Array(String),
    valid_from      DateTime64(3, 'UTC'),
    valid_to        Nullable(DateTime64(3, 'UTC')),
    import_id       String,
    origin          String,
    version         UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY (manager_id, valid_from);

CREATE TABLE organisations (
    organisation_id String,
    name            String,
    phones          Array(String),
    manager_id      String,
    import_id       String,
    origin          String,
    version         UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY organisation_id;

-- The way from a phone to its organisations; a phone taken away is retracted.
CREATE TABLE organisation_phones (
    phone           String,
    organisation_id String,
    retracted       UInt8,
    version         UInt64
) ENGINE = ReplacingMergeTree(version, retracted)
ORDER BY (phone, organisation_id)
SETTINGS index_granularity = 1024;

CREATE TABLE stage_changes (
    organisation_id String,
    stage           String,
    changed_at      DateTime64(3, 'UTC'),
    manager_id      String,
    import_id       String,
    origin          String,
    version         UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY (organisation_id, changed_at, stage)
SETTINGS index_granularity = 1024;

CREATE TABLE proposals (
    proposal_id     String,
    revision        UInt32 DEFAULT 1,
    organisation_id String,
    manager_id      String,
    kind            String,
    sent_at         DateTime64(3, 'UTC'),
    amount          Decimal(18, 2),
    currency        String,
    status          String DEFAULT 'sent',
    import_id       String,
    origin          String,
    version         UInt64,
    INDEX by_organisation organisation_id TYPE bloom_filter GRANULARITY 4
) ENGINE = ReplacingMergeTree(version)
ORDER BY (proposal_id, revision);

-- One row for each change of the directory that was stored whole. Never folded: its count only grows, and
-- that is how the agents see that what they remember of the directory is old.
CREATE TABLE directory_log (
    at              DateTime64(3, 'UTC'),
    what            String,
    records         UInt32
) ENGINE = MergeTree
ORDER BY at;

-- Which directory records have been spread: the past calls they change were sent again. A stored record whose version
-- is not here yet is spread when it is seen next, however often the program died in between.
CREATE TABLE directory_spread (
    what            String,
    identity        String,
    version         UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY (what, identity);
