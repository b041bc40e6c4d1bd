"""What developers run over the code itself; not installed."""
