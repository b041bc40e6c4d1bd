"""3CX: its CDR log, as a file and over a socket."""
