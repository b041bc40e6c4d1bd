-- Which blocks of which table are on the disk since when: ClickHouse numbers what is inserted, and its parts say which
-- numbers they hold, however they are merged. What an import brought is in the blocks between its beginning and its end.
-- import_id '': between loads, from live doors, a row a day.
CREATE TABLE kept_blocks (
    import_id       String,
    source          String,
    kind            String,
    file            String,
    path            String,
    time_zone       String,
    table           String,
    first_block     Int64,
    last_block      Int64,
    at              DateTime64(3, 'UTC'),
    version         UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY (import_id, table, first_block);

-- Parts that were put aside as broken, and blocks that no part holds any more; settled once they were mended.
CREATE TABLE broken_parts (
    table           String,
    name            String,
    reason          String,
    first_block     Int64,
    last_block      Int64,
    found_at        DateTime64(3, 'UTC'),
    settled         UInt8,
    version         UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY (table, name, found_at);
