"""Beeline Cloud PBX: calls and people, pulled from its portal."""
