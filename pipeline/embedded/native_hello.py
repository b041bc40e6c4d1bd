"""The first answer that ClickHouse's Go client (Grafana's plugin) wants over HTTP, in the shape that it reads.

It asks for the server's name, version, revision and zone in Native format, and reads the answer as one of the revision
that it names itself in `client_protocol_version`, as a server would write it; everything after that it reads as one of
the revision that the answer told. The engine writes plain blocks only, so the answer tells revision 0.
"""

from __future__ import annotations

import struct

_QUESTION = "SELECT displayName(), version(), revision(), timezone()"
_BLOCK_INFO, _CUSTOM_SERIALIZATION = 51_903, 54_454
"""Revisions from which on blocks begin with their information, and columns say how they are serialized.
https://github.com/ClickHouse/ClickHouse/blob/master/src/Core/ProtocolDefines.h"""
_NO_INFO = b"\x01\x00\x02\xff\xff\xff\xff\x00"
"""Not an overflow row, no bucket, end."""


def is_hello(sql: str) -> bool:
    """It is the question that the client asks first."""
    return sql.strip().rstrip(";").rstrip() == _QUESTION


def hello(name: str, version: str, zone: str, revision: int) -> bytes:
    """The answer for a client of this revision; 0 for one that names none."""
    columns = (
        ("displayName()", "String", _text(name)),
        ("version()", "String", _text(version)),
        ("revision()", "UInt32", struct.pack("<I", 0)),
        ("timezone()", "String", _text(zone)),
    )
    serialization = b"\x00" if revision >= _CUSTOM_SERIALIZATION else b""
    block = _NO_INFO if revision >= _BLOCK_INFO else b""
    block += _number(len(columns)) + _number(1)
    return block + b"".join(_text(name) + _text(kind) + serialization + value for name, kind, value in columns)


def _text(value: str) -> bytes:
    data = value.encode()
    return _number(len(data)) + data


def _number(value: int) -> bytes:
    """LEB128, as ClickHouse writes lengths."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
