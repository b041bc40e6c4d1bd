-- A CRM's notes of calls that an exchange had: which they are, and which calls they are copies of.
ALTER TABLE call_legs ADD COLUMN IF NOT EXISTS noted UInt8;
ALTER TABLE activities ADD COLUMN IF NOT EXISTS noted UInt8, ADD COLUMN IF NOT EXISTS copies_of Array(String);
ALTER TABLE placements ADD COLUMN IF NOT EXISTS noted UInt8, ADD COLUMN IF NOT EXISTS copies_of Array(String);

-- Each chunk of calls asks for the notes near them: where there are none, no row is read for that.
ALTER TABLE placements ADD INDEX IF NOT EXISTS by_noted noted TYPE minmax GRANULARITY 1;
-- And each chunk of notes asks for the calls near them.
ALTER TABLE placements ADD INDEX IF NOT EXISTS by_bucket bucket TYPE minmax GRANULARITY 1;
