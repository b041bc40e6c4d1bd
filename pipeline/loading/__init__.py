"""Loading files: recognise, read, send, wait until ClickHouse has what followed. Joins sources and pipeline."""
