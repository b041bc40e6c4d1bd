-- Warnings that were given: what fired since when, what people said of it, what was delivered to whom.

-- labels and numbers: objects in JSON. An incident is never deleted; it ends.
CREATE TABLE incidents (
    incident_id     String,
    rule            String,
    urgency         String,
    thing           String,
    labels          String,
    numbers         String,
    state           String,
    since           DateTime64(3, 'UTC'),
    last_at         DateTime64(3, 'UTC'),
    resolved_at     Nullable(DateTime64(3, 'UTC')),
    changed_at      DateTime64(3, 'UTC'),
    version         UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY incident_id;

-- The latest mark of an incident holds.
CREATE TABLE incident_marks (
    incident_id     String,
    kind            String,
    at              DateTime64(3, 'UTC'),
    until           Nullable(DateTime64(3, 'UTC')),
    note            String,
    by              String,
    version         UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY (incident_id, at);

CREATE TABLE warning_deliveries (
    message_id      String,
    receiver        String,
    channel         String,
    address         String,
    preview         String,
    notices         Array(String),
    state           String,
    attempts        UInt32,
    error           String,
    created_at      DateTime64(3, 'UTC'),
    next_at         Nullable(DateTime64(3, 'UTC')),
    sent_at         Nullable(DateTime64(3, 'UTC')),
    version         UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY message_id;

-- One row: when the rules were asked last, and as of when.
CREATE TABLE warning_watch (
    one             UInt8,
    watched_at      DateTime64(3, 'UTC'),
    as_of           DateTime64(3, 'UTC'),
    of_files        UInt8,
    error           String,
    version         UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY one;
