"""Boards: their definition, their SQL on a department whose truth is known, and the way into a Grafana."""
