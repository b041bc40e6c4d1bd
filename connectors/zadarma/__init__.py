"""Zadarma: statistics, and notifications."""
