"""The consolidated report's own decisions: which period, against which, whether the data covers it, and the letter."""
