"""A folder into which exports are dropped: when a file is whole, and where it goes afterwards. Knows no format."""
