"""Webhooks: one sender = one file with a pure function from a request to records, rejects, or a refusal."""
