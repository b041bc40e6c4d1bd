"""Backups of the embedded stack: one moment of all tables, journals and settings, checked before it counts.

snapshot    in the store's process: hard links of all parts of one moment, and what ClickHouse's BACKUP makes of them
manifest    what a backup says of itself; its folder
files       small files, journals among them
take        a backup of a running stack
bring       a data folder from a backup
"""
