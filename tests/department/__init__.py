"""The generated department: its truth, its files, and its behaviour."""
