"""Changes that a table, a log or a body of JSON survives in part: cells, lines and keys swapped between goldens."""

from __future__ import annotations

import io
import random
import re
import zipfile
import zlib
from collections.abc import Callable, Sequence

_TOKEN = re.compile(rb'"[^"\n]{0,2000}"|[^,;\t|\n\r:{}\[\]&="<> ]{1,2000}')
_NASTY = (
    *(b"", b'"', b'""', b"\0", b"\r", b"\r\n", b"\n", b"\x0b", b"\x1c", b"\xff", b"\xd0", b"\xe2\x80\xa8"),
    *(b"\xef\xbb\xbf", b"\xff\xfe", "٣".encode(), "²".encode(), "Щ".encode(), b"\\ud800", b"%ed%a0%80", b"%00"),
    *(b"-1", b"0", b"-0", b"1e999", b"1e-999", b"NaN", b"Infinity", b"9" * 30, b"9" * 5_000, b"0x10", b"1_000"),
    *(b"null", b"true", b"[]", b"{}", b"[" * 2_000, b'{"a":' * 1_100, b"7,9E+10", b"7.9E+10", b"+7 495 000-00-01"),
    *(b"0000-00-00 00:00:00", b"9999-12-31 23:59:59", b"0001-01-01T00:00:00-23:59", b"2026-10-25 02:30:00"),
    *(b"2106-02-07 06:28:16", b"1969-12-31 23:59:59", b"9999-12-31T23:59:59+00:00", b"2026-02-30", b"24:00:00"),
    *(b"253402300800", b"4294967296", b"-62135596801", b"99:99:99", b"1793599200.5", b"12/31/26 11:59PM"),
    *("Итого".encode(), "9999999 мин".encode(), b"_" * 300, b" " * 3_000, b'\\\\\\"', b"604801", b"604800"),
)
_ENDS = (b"\n", b"\r\n", b"\r", b"\n\n", b"")


class Mutator:
    """Makes inputs of inputs. What it does follows from the seed alone."""

    def __init__(self, seeds: Sequence[bytes], plain: Callable[[bytes, int], bytes]) -> None:
        """`plain` is the fuzzer's own way to change bytes."""
        self._plain = plain
        self._tokens = sorted({token for seed in seeds for token in _TOKEN.findall(seed)}) or [b""]
        self._lines = sorted({line for seed in seeds for line in seed.split(b"\n")})

    def change(self, data: bytes, most: int, seed: int) -> bytes:
        """At most `most` bytes."""
        dice = random.Random(seed)
        if data.startswith(b"PK\x03\x04") and dice.random() < 0.7:
            return self._within(data, most, dice)[:most]
        for _ in range(dice.choice((1, 1, 1, 2, 3, 6))):
            how = dice.choices(
                (self._swap, self._swap, self._line, self._repeat, self._ends, self._bytes), (6, 4, 4, 1, 1, 4)
            )[0]
            data = bytes(how(data, most, dice)[:most])
        return data

    def _within(self, data: bytes, most: int, dice: random.Random) -> bytes:
        """A file of an archive is changed, and the archive is whole."""
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                files = {name: archive.read(name) for name in archive.namelist()[:20]}
        except (zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError, EOFError):
            return self._plain(data, most)
        if not files:
            return data
        name: str = dice.choice(sorted(files))
        files[name] = self.change(files[name], most, dice.getrandbits(32))
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", dice.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
            for one, content in files.items():
                archive.writestr(one, content)
        return out.getvalue()

    def _token(self, dice: random.Random) -> bytes:
        among: Sequence[bytes] = _NASTY if dice.random() < 0.35 else self._tokens
        return dice.choice(among)

    def _swap(self, data: bytes, most: int, dice: random.Random) -> bytes:
        """A cell, key or value becomes another one, or a few characters of it do."""
        found = list(_TOKEN.finditer(data))
        if not found:
            return data + self._token(dice)
        old = dice.choice(found)
        new = self._token(dice)
        text = old.group()
        if text.startswith(b'"') and not new.startswith(b'"') and dice.random() < 0.8:
            new = b'"' + new + b'"'
        if dice.random() < 0.3:
            at = dice.randrange(len(text) + 1)
            new = text[:at] + dice.choice((b"9", b"0", b":", b"-", b" ", b"/", b".", b"+", new)) + text[at + 1 :]
        return data[: old.start()] + new + data[old.end() :]

    def _line(self, data: bytes, most: int, dice: random.Random) -> bytes:
        lines = data.split(b"\n")
        at = dice.randrange(len(lines))
        match dice.randrange(5):
            case 0:
                lines.insert(at, dice.choice(self._lines))
            case 1:
                lines.insert(at, dice.choice(lines))
            case 2:
                del lines[at]
            case 3:
                other = dice.randrange(len(lines))
                lines[at], lines[other] = lines[other], lines[at]
            case _:
                lines[at] = dice.choice(self._lines)
        return b"\n".join(lines)

    def _repeat(self, data: bytes, most: int, dice: random.Random) -> bytes:
        """A piece stands there very often: what makes a pattern slow."""
        if not data:
            return data
        at = dice.randrange(len(data))
        piece = data[at : at + dice.choice((1, 1, 2, 3, 8, 60))]
        return data[:at] + piece * dice.choice((2, 3, 50, 2_000, 20_000, most // len(piece))) + data[at:]

    def _ends(self, data: bytes, most: int, dice: random.Random) -> bytes:
        old = b"\r\n" if b"\r\n" in data else b"\n"
        return data.replace(old, dice.choice(_ENDS), dice.choice((1, 1, -1)))

    def _bytes(self, data: bytes, most: int, dice: random.Random) -> bytes:
        return self._plain(data, most)
