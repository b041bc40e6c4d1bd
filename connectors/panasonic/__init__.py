"""Panasonic KX-TDA, TDE, NS: SMDR, as a file and over a socket."""
