"""Exchanges that send a line of text per call over TCP: the sockets, for both directions. Knows no format."""
