"""The floor board: a department's day as it happens, in a terminal."""
