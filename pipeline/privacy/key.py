"""The key of the list of forgotten numbers. The list alone, and the key alone, tell nothing of anybody."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from schemas.durable_files import sync_folder, write_whole
from schemas.errors import Terminal

VARIABLE = "CALLFUNNEL_PRIVACY_KEY"
_BYTES = 32


def key_file(data: Path | str | None, env: Mapping[str, str] = os.environ) -> Path | None:
    """Where the key is, or would be: as the environment says, else in the data folder; None when neither is known."""
    if named := env.get(VARIABLE):
        return Path(named)
    return Path(data) / "privacy.key" if data else None


def read_key(path: Path | None) -> bytes | None:
    """The key; None when there is none. Raises Terminal for a file that is not a key."""
    if path is None:
        return None
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Terminal(f"{path}: the key of forgotten numbers cannot be read: {error.strerror}") from None
    if len(key) != _BYTES:
        raise Terminal(f"{path}: not a key of forgotten numbers ({_BYTES} bytes): restore it from where it was made")
    return key


def make_key(path: Path) -> bytes:
    """A new key, on the disk and readable by its owner only when this returns."""
    key = secrets.token_bytes(_BYTES)
    write_whole(path, key)
    return key


def destroy_key(path: Path) -> None:
    """Overwrite and remove the key: from now on nobody can ask the list for a number."""
    handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(_BYTES))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    sync_folder(path.parent)


def key_id(key: bytes) -> str:
    """Which key it is; tells nothing of the key."""
    return hashlib.blake2b(key, digest_size=6, person=b"callfunnel key").hexdigest()


def digest(key: bytes, kind: str, text: str) -> str:
    """What the list holds instead of a number (its digits) or a manager (the id)."""
    return hashlib.blake2b(f"{kind}:{text}".encode(), key=key, digest_size=16).hexdigest()


def keyed_token(key: bytes, number: str) -> str:
    """What stands for a number whose time is over: the same one each time, so that distinct numbers stay distinct."""
    made = hashlib.blake2b(f"raw:{number}".encode(), key=key, digest_size=8).digest()
    return f"+888{int.from_bytes(made) % 10**11:011d}"
