"""Boards as pages of a browser: the same definitions as Grafana's, drawn without it."""
