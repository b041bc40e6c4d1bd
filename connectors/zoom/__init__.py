"""Zoom Phone: call logs of its API."""
