"""A folder that may be on a full, read-only or hung disk, asked by a process of its own.

A thread that waits for a hung mount cannot be left behind: the process that has it does not end before the mount
answers. So another process asks, and that one is left behind.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec

WITHIN_S = 3.0

_PROGRAM = """
import os, sys
folder = sys.argv[1]
try:
    open(os.path.join(folder, "stack.json"), "rb").read()
except OSError:
    pass
try:
    found = os.statvfs(folder)
except OSError as error:
    print("error", error.strerror)
else:
    nodes = found.f_favail if found.f_files else 1 << 40
    print(found.f_bavail * found.f_frsize, nodes, int(bool(found.f_flag & os.ST_RDONLY)))
"""


class FolderState(msgspec.Struct, frozen=True):
    """What was found. `error` is "" when the folder answered."""

    free_bytes: int = 0
    free_files: int = 0
    is_read_only: bool = False
    error: str = ""
    hangs: bool = False


def folder_state(folder: Path, within_s: float = WITHIN_S) -> FolderState:
    """Never blocks for longer."""
    child = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _PROGRAM, str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        output, _ = child.communicate(timeout=within_s)
    except subprocess.TimeoutExpired:
        child.kill()
        if child.stdout:
            child.stdout.close()
        # Not waited for: it ends when the disk answers.
        return FolderState(error=f"no answer within {within_s:.0f} s", hangs=True)
    first, *rest = output.split() or ["error", "it", "could", "not", "be", "asked"]
    if first == "error":
        return FolderState(error=" ".join(rest))
    return FolderState(int(first), int(rest[0]), rest[1] == "1")
