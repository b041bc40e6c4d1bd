"""Aircall: calls."""
