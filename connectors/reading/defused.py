"""Cells that a spreadsheet would run (`=cmd|...`, `+1`, `-1`, `@SUM`), made harmless in files that we write, and back.

A cell is made text by an apostrophe before it, as spreadsheets themselves write it. Rejected rows are broken rows, and
a spreadsheet chooses the delimiter itself: so each place where any of them could see a cell begin is such a place. What
is put in is taken out again when the file is loaded, and nothing else is: `restored(defused(text)) == text`.
https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import re

IMPORT = re.compile(r"\.(\d{8}T\d{6}-[0-9a-f]{6})(?![0-9a-f])")
"""In the name of a file of rejected rows."""
_BEGINS = r'((?:^|[,;\t|])"*)'
_RUNS = r"(?=[\t\r']*[=+\-@])"
_DEFUSE = re.compile(_BEGINS + _RUNS, re.MULTILINE)
_RESTORE = re.compile(_BEGINS + "'" + _RUNS, re.MULTILINE)


def defused(text: str) -> str:
    """Lines of delimited text without a cell that runs."""
    return _DEFUSE.sub(r"\1'", text)


def restored(text: str) -> str:
    """What `defused` was given."""
    return _RESTORE.sub(r"\1", text)


def restored_bytes(content: bytes) -> bytes:
    """The same of the bytes of a file, in any encoding in which ASCII is ASCII (not UTF-16)."""
    return restored(content.decode("latin-1")).encode("latin-1")


def import_of(name: str) -> str:
    """The import whose rejected rows a file of this name holds; "" for any other file."""
    found = IMPORT.search(name)
    return found[1] if found else ""
