"""Avaya IP Office: SMDR, as a file and over a socket."""
