"""Boards and alert rules as code."""
