-- Since when and until when an organisation has each of its `phones`, in their order: epoch seconds, 0 for ever.
ALTER TABLE organisations ADD COLUMN IF NOT EXISTS phones_since Array(UInt32),
    ADD COLUMN IF NOT EXISTS phones_until Array(UInt32);
