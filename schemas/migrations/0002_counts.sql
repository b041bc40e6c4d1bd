-- What was decided and counted. `placements` is the deciding agents' memory of every cell that an activity was ever
-- put in, by activity; `activities` are the same rows where the counting agent and the read-outs want them: by time.

CREATE TABLE placements (
    activity_id     String,
    kind            String,
    bucket          DateTime('UTC'),
    manager_id      String,
    team            String,
    at              DateTime64(3, 'UTC'),
    organisation_id String,
    stage           String,
    contact         String,
    extension       String,
    source          String,
    direction       String DEFAULT 'unknown',
    disposition     String DEFAULT 'unknown',
    talk_s          UInt32,
    wait_s          UInt32,
    queue           String,
    did             String,
    recording       String,
    legs            UInt32,
    amount          Decimal(18, 2),
    currency        String,
    revision        UInt32,
    withdrawn       UInt8,
    retracted       UInt8,
    cause           String,
    caused_at       UInt64,
    version         UInt64,
    INDEX by_contact contact TYPE bloom_filter GRANULARITY 2,
    INDEX by_extension extension TYPE bloom_filter GRANULARITY 2,
    INDEX by_organisation organisation_id TYPE bloom_filter GRANULARITY 2
) ENGINE = ReplacingMergeTree(version)
ORDER BY (activity_id, bucket, manager_id)
SETTINGS index_granularity = 1024;

CREATE TABLE activities (
    activity_id     String,
    kind            String,
    bucket          DateTime('UTC'),
    manager_id      String,
    team            String,
    at              DateTime64(3, 'UTC'),
    organisation_id String,
    stage           String,
    contact         String,
    extension       String,
    source          String,
    direction       String DEFAULT 'unknown',
    disposition     String DEFAULT 'unknown',
    talk_s          UInt32,
    wait_s          UInt32,
    queue           String,
    did             String,
    recording       String,
    legs            UInt32,
    amount          Decimal(18, 2),
    currency        String,
    revision        UInt32,
    withdrawn       UInt8,
    retracted       UInt8,
    cause           String,
    caused_at       UInt64,
    version         UInt64
) ENGINE = ReplacingMergeTree(version, retracted)
ORDER BY (bucket, manager_id, activity_id)
SETTINGS index_granularity = 2048;

CREATE TABLE manager_activity (
    bucket          DateTime('UTC'),
    manager_id      String,
    team            String,
    calls           UInt32,
    attempts        UInt32,
    answered        UInt32,
    conversations   UInt32,
    talk_s          UInt32,
    calls_to_potential UInt32,
    unknown_calls   UInt32,
    contacts        Array(String),
    organisations   Array(String),
    general_organisations Array(String),
    individual_proposals UInt32,
    withdrawn_proposals UInt32,
    currencies      Array(String),
    amounts         Array(Decimal(18, 2)),
    first_counted_at UInt64,
    retracted       UInt8,
    version         UInt64
) ENGINE = ReplacingMergeTree(version, retracted)
ORDER BY (bucket, manager_id)
SETTINGS index_granularity = 2048;

CREATE TABLE restatements (
    bucket          DateTime('UTC'),
    manager_id      String,
    before          String,
    after           String,
    cause           String,
    at              DateTime64(3, 'UTC'),
    version         UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY (bucket, manager_id, version);

CREATE TABLE rejected (
    rejected_id     String,
    source          String,
    reason          String,
    field           String,
    detail          String,
    payload         String,
    origin          String,
    topic           String,
    at              DateTime64(3, 'UTC'),
    resolved        UInt8,
    import_id       String,
    version         UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY rejected_id;

CREATE TABLE imports (
    import_id       String,
    source          String,
    kind            String,
    file            String,
    profile         String,
    time_zone       String,
    started_at      DateTime64(3, 'UTC'),
    finished_at     Nullable(DateTime64(3, 'UTC')),
    rows            UInt64,
    records         UInt64,
    rejected        UInt64,
    state           String DEFAULT 'running',
    version         UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY import_id;
