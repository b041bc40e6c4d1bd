-- Who is forgotten, and from when on facts are there.

-- A digest of every way to write a forgotten number, made with a key that is not in the database (docs/privacy.md), and
-- what stands for it. Never folded: its count tells the agents that it has grown. Emptied when the key is destroyed.
CREATE TABLE forgotten (
    kind            String,
    digest          String,
    token           String,
    key_id          String,
    at              DateTime64(3, 'UTC')
) ENGINE = MergeTree
ORDER BY digest;

-- What retention has taken away: records of days before `first` are refused, and once `is_done` the facts of days before
-- `first` are gone (`legs`) or without numbers (`raw_numbers`).
CREATE TABLE retained_from (
    what            String,
    first           DateTime64(3, 'UTC'),
    is_done         UInt8,
    at              DateTime64(3, 'UTC'),
    version         UInt64
) ENGINE = ReplacingMergeTree(version)
ORDER BY what;

-- What was replaced must leave the disk soon: old parts are looked for every five seconds. By itself ClickHouse looks less
-- and less often, up to five minutes apart. How long they are kept stays as it is; `callfunnel forget` asks for less.
ALTER TABLE call_legs MODIFY SETTING cleanup_delay_period = 5, cleanup_delay_period_random_add = 0,
    max_cleanup_delay_period = 10, cleanup_thread_preferred_points_per_iteration = 0;
ALTER TABLE placements MODIFY SETTING cleanup_delay_period = 5, cleanup_delay_period_random_add = 0,
    max_cleanup_delay_period = 10, cleanup_thread_preferred_points_per_iteration = 0;
ALTER TABLE activities MODIFY SETTING cleanup_delay_period = 5, cleanup_delay_period_random_add = 0,
    max_cleanup_delay_period = 10, cleanup_thread_preferred_points_per_iteration = 0;
ALTER TABLE manager_activity MODIFY SETTING cleanup_delay_period = 5, cleanup_delay_period_random_add = 0,
    max_cleanup_delay_period = 10, cleanup_thread_preferred_points_per_iteration = 0;
ALTER TABLE organisations MODIFY SETTING cleanup_delay_period = 5, cleanup_delay_period_random_add = 0,
    max_cleanup_delay_period = 10, cleanup_thread_preferred_points_per_iteration = 0;
ALTER TABLE organisation_phones MODIFY SETTING cleanup_delay_period = 5, cleanup_delay_period_random_add = 0,
    max_cleanup_delay_period = 10, cleanup_thread_preferred_points_per_iteration = 0;
ALTER TABLE managers MODIFY SETTING cleanup_delay_period = 5, cleanup_delay_period_random_add = 0,
    max_cleanup_delay_period = 10, cleanup_thread_preferred_points_per_iteration = 0;
ALTER TABLE restatements MODIFY SETTING cleanup_delay_period = 5, cleanup_delay_period_random_add = 0,
    max_cleanup_delay_period = 10, cleanup_thread_preferred_points_per_iteration = 0;
ALTER TABLE rejected MODIFY SETTING cleanup_delay_period = 5, cleanup_delay_period_random_add = 0,
    max_cleanup_delay_period = 10, cleanup_thread_preferred_points_per_iteration = 0;
ALTER TABLE imports MODIFY SETTING cleanup_delay_period = 5, cleanup_delay_period_random_add = 0,
    max_cleanup_delay_period = 10, cleanup_thread_preferred_points_per_iteration = 0;
ALTER TABLE feeds MODIFY SETTING cleanup_delay_period = 5, cleanup_delay_period_random_add = 0,
    max_cleanup_delay_period = 10, cleanup_thread_preferred_points_per_iteration = 0;

-- A part all of whose rows were deleted stays, empty: the books of blocks (0006) would call it lost.
ALTER TABLE call_legs MODIFY SETTING remove_empty_parts = 0;
ALTER TABLE placements MODIFY SETTING remove_empty_parts = 0;
ALTER TABLE activities MODIFY SETTING remove_empty_parts = 0;
ALTER TABLE organisation_phones MODIFY SETTING remove_empty_parts = 0;
ALTER TABLE rejected MODIFY SETTING remove_empty_parts = 0;
ALTER TABLE forgotten MODIFY SETTING remove_empty_parts = 0;
