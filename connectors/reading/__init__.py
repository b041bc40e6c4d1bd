"""From bytes to records, whatever wrote them: text, tables, workbooks, JSON, archives, times, lengths, phones, rejects.

Knows no vendor: a room of a vendor imports from here, never the other way round.
"""
