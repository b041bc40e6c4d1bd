"""MikoPBX: calls and employees, pulled from its own API."""
