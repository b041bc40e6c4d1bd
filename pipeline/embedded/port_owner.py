"""Whose a listening port is: a port that a stack has left may be anybody's, and must not be sent a password."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

_LISTENS = "0A"
_LOOPBACK = "0100007F"
_ANY = ("00000000", "0" * 32)


def listening_sockets(port: int) -> set[int]:
    """Inodes of the sockets that answer at 127.0.0.1:PORT; empty when nobody does."""
    found = list(_listeners(port))
    exact = {inode for address, inode in found if address == _LOOPBACK}
    return exact or {inode for address, inode in found if address in _ANY}


def is_owned(sockets: set[int], pids: Iterable[int]) -> bool:
    """All of them are open in one of these processes."""
    return sockets <= {inode for pid in pids for inode in _sockets_of(pid)}


def children(pid: int) -> set[int]:
    """The processes that a process started itself and that run."""
    found: set[int] = set()
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found |= {int(child) for child in (task / "children").read_text(encoding="ascii").split()}
    except OSError:  # it ended meanwhile, or the kernel does not tell
        return found
    return found


def _listeners(port: int) -> Iterator[tuple[str, int]]:
    """(address, inode) of each; https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html."""
    for table in ("tcp", "tcp6"):
        try:
            lines = Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            address, _, at = fields[1].rpartition(":")
            if fields[3] == _LISTENS and int(at, 16) == port:
                yield address, int(fields[9])


def _sockets_of(pid: int) -> Iterator[int]:
    try:
        handles = list(os.scandir(f"/proc/{pid}/fd"))
    except OSError:
        return
    for handle in handles:
        try:
            to = os.readlink(handle.path)
        except OSError:
            continue
        if to.startswith("socket:["):
            yield int(to[8:-1])
