-- What was said can be taken back: a record with retracted = 1, which FINAL leaves out, so no reader can forget to. The
-- engine of a table cannot be altered: a table with the new one gets the same parts (hard links, no rows are copied) and
-- changes names with the old one. What a death half-way left is dropped first, and all is done again.

ALTER TABLE call_legs ADD COLUMN IF NOT EXISTS retracted UInt8, ADD COLUMN IF NOT EXISTS cause String;
DROP TABLE IF EXISTS retracting;
CREATE TABLE retracting AS call_legs ENGINE = ReplacingMergeTree(version, retracted)
ORDER BY (source, call_id, record_id) SETTINGS index_granularity = 1024;
ALTER TABLE retracting ATTACH PARTITION tuple() FROM call_legs;
EXCHANGE TABLES retracting AND call_legs;
DROP TABLE retracting;

ALTER TABLE managers ADD COLUMN IF NOT EXISTS retracted UInt8, ADD COLUMN IF NOT EXISTS cause String;
CREATE TABLE retracting AS managers ENGINE = ReplacingMergeTree(version, retracted) ORDER BY (manager_id, valid_from);
ALTER TABLE retracting ATTACH PARTITION tuple() FROM managers;
EXCHANGE TABLES retracting AND managers;
DROP TABLE retracting;

ALTER TABLE organisations ADD COLUMN IF NOT EXISTS retracted UInt8, ADD COLUMN IF NOT EXISTS cause String;
CREATE TABLE retracting AS organisations ENGINE = ReplacingMergeTree(version, retracted) ORDER BY organisation_id;
ALTER TABLE retracting ATTACH PARTITION tuple() FROM organisations;
EXCHANGE TABLES retracting AND organisations;
DROP TABLE retracting;

ALTER TABLE stage_changes ADD COLUMN IF NOT EXISTS retracted UInt8, ADD COLUMN IF NOT EXISTS cause String;
CREATE TABLE retracting AS stage_changes ENGINE = ReplacingMergeTree(version, retracted)
ORDER BY (organisation_id, changed_at, stage) SETTINGS index_granularity = 1024;
ALTER TABLE retracting ATTACH PARTITION tuple() FROM stage_changes;
EXCHANGE TABLES retracting AND stage_changes;
DROP TABLE retracting;

ALTER TABLE proposals ADD COLUMN IF NOT EXISTS retracted UInt8, ADD COLUMN IF NOT EXISTS cause String;
CREATE TABLE retracting AS proposals ENGINE = ReplacingMergeTree(version, retracted) ORDER BY (proposal_id, revision);
ALTER TABLE retracting ATTACH PARTITION tuple() FROM proposals;
EXCHANGE TABLES retracting AND proposals;
DROP TABLE retracting;

ALTER TABLE plans ADD COLUMN IF NOT EXISTS retracted UInt8, ADD COLUMN IF NOT EXISTS cause String;
CREATE TABLE retracting AS plans ENGINE = ReplacingMergeTree(version, retracted) ORDER BY (manager_id, month);
ALTER TABLE retracting ATTACH PARTITION tuple() FROM plans;
EXCHANGE TABLES retracting AND plans;
DROP TABLE retracting;

ALTER TABLE calendar_days ADD COLUMN IF NOT EXISTS retracted UInt8, ADD COLUMN IF NOT EXISTS cause String;
CREATE TABLE retracting AS calendar_days ENGINE = ReplacingMergeTree(version, retracted) ORDER BY day;
ALTER TABLE retracting ATTACH PARTITION tuple() FROM calendar_days;
EXCHANGE TABLES retracting AND calendar_days;
DROP TABLE retracting;

ALTER TABLE absences ADD COLUMN IF NOT EXISTS retracted UInt8, ADD COLUMN IF NOT EXISTS cause String;
CREATE TABLE retracting AS absences ENGINE = ReplacingMergeTree(version, retracted) ORDER BY (manager_id, first);
ALTER TABLE retracting ATTACH PARTITION tuple() FROM absences;
EXCHANGE TABLES retracting AND absences;
DROP TABLE retracting;

-- What imports said of an identity beside the one whose record stands: the same (then the record stays when that one is
-- taken back), or something that was replaced, of which the digest remains. One that was taken back is retracted.
CREATE TABLE provenance (
    what            String,
    identity        String,
    import_id       String,
    origin          String,
    digest          String,
    retracted       UInt8,
    version         UInt64
) ENGINE = ReplacingMergeTree(version, retracted)
ORDER BY (what, identity, import_id)
SETTINGS index_granularity = 1024;

-- The parts have other numbers from now on.
TRUNCATE TABLE kept_blocks;

ALTER TABLE imports ADD COLUMN IF NOT EXISTS loaded_by String;
ALTER TABLE rejected ADD COLUMN IF NOT EXISTS resolved_by String;
