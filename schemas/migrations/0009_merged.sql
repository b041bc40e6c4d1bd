-- An organisation that was merged into another one is known, for its past, and its numbers are the other's.
ALTER TABLE organisations ADD COLUMN IF NOT EXISTS merged_into String;
