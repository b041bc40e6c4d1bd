-- An organisation that was merged into another one is known, for its past, and its numbers are the other's.
ALTER TABLE organisations ADD COLUMN IF NOT EXISTS merged_into String;

-- When a loaded file was written: an older one may come later.
ALTER TABLE imports ADD COLUMN IF NOT EXISTS file_at Nullable(DateTime64(3, 'UTC'));
-- What the peers of the file's calls were taken for.
ALTER TABLE imports ADD COLUMN IF NOT EXISTS peers String;
