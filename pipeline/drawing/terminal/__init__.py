"""Numbers as tables of a terminal."""
