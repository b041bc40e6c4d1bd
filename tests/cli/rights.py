"""Root is asked for its rights as anybody else is: tests may run as root, and a folder must be read-only there too."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager

_VERSION_3 = 0x20080522
_DAC_OVERRIDE, _DAC_READ_SEARCH = 1, 2
_libc = ctypes.CDLL(None, use_errno=True)


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Data(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


@contextmanager
def as_owner_only() -> Iterator[None]:
    """This thread may do with a file only what the file's mode lets its owner do.

    https://man7.org/linux/man-pages/man2/capset.2.html
    """
    header, data = _Header(_VERSION_3, 0), (_Data * 2)()
    assert _libc.capget(ctypes.byref(header), data) == 0, ctypes.get_errno()
    was = data[0].effective
    data[0].effective = was & ~(1 << _DAC_OVERRIDE | 1 << _DAC_READ_SEARCH)
    assert _libc.capset(ctypes.byref(header), data) == 0, ctypes.get_errno()
    try:
        yield
    finally:
        data[0].effective = was
        assert _libc.capset(ctypes.byref(header), data) == 0, ctypes.get_errno()
