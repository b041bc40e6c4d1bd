"""Numbers, as every screen shows them: metrics of the store as typed rows, and what is read from them. No drawing."""
