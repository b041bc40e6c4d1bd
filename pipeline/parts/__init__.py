"""Whether the store still has all that it reported as stored: its parts against the ledger of them."""
