"""Whether the store still has what it said it has: its parts against the books that were kept of them."""
