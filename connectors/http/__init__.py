"""The HTTP door: records posted as JSON, webhooks of exchanges and CRMs, and whatever pages share its listener."""
