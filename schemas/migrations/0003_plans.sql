-- What was planned, which days are worked, and who is away: facts that plan-fact and "a working day" depend on.

CREATE TABLE plans (
    manager_id      String,
    month           String,
    working_days    Nullable(UInt32),
    calls_to_potential Nullable(UInt32),
    general_proposals Nullable(UInt32),
    individual_proposals Nullable(UInt32),
    amount          Nullable(Decimal(18, 2)),
    currency        String,
    import_id       String,
    origin          String,
    version         UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY (manager_id, month);

-- What the department says of a day. It wins over base_calendar, whichever was written later.
CREATE TABLE calendar_days (
    day             Date,
    kind            String,
    work_minutes    Nullable(UInt32),
    title           String,
    import_id       String,
    origin          String,
    version         UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY day;

-- The country's calendar, made from the settings: every worker sees to it when it starts.
CREATE TABLE base_calendar (
    day             Date,
    kind            String,
    title           String,
    version         UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY day;

CREATE TABLE absences (
    manager_id      String,
    first           Date,
    last            Date,
    kind            String DEFAULT 'other',
    withdrawn       UInt8,
    import_id       String,
    origin          String,
    version         UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY (manager_id, first);
