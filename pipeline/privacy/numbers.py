"""How a telephone number is found in any text, however it is written, and what is put in its place. Pure.

A number is a run of digit groups with separators between them, and it ends where digits end. The same rule exists
three times, held together by a property test: `replace` for texts whose numbers are known or recognised by a digest,
and `pattern` for ClickHouse.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

import phonenumbers

_SEPARATOR = "(?:[\\s().~\u00a0\u2010-\u2015-]|%20|%28|%29|%2D)"
"""What may stand between digits: as `connectors.reading.phones` reads it, and as web addresses write it."""
_BETWEEN = _SEPARATOR + "{0,3}"
_BEFORE = r"(?:\+|\(|%2B|%20|%28){0,3}"
_GROUPS = re.compile(rf"{_BEFORE}[0-9]+(?:{_SEPARATOR}{{1,3}}[0-9]+)*", re.IGNORECASE)
_SEPARATORS = re.compile(rf"{_SEPARATOR}{{1,3}}", re.IGNORECASE)
_BEGINS = re.compile(_BEFORE, re.IGNORECASE)
FEWEST, MOST = 7, 19
"""Digits of a number as somebody wrote it: with 00 or 810 before the country."""

_NO_COUNTRY = "888"
"""No country has this code, and `phonenumbers` takes eleven digits behind it for a possible number: a token passes
every reader, and is nobody's number."""
TOKEN = re.compile(r"\+888[0-9]{11}")


def new_token() -> str:
    """What stands for a number from now on. Random: nothing leads back from it."""
    return f"+{_NO_COUNTRY}{secrets.randbelow(10**11):011d}"


def spellings(number: str) -> tuple[str, ...]:
    """Every row of digits that means this E.164 number: with the country, without, behind a prefix. Longest first."""
    parsed = phonenumbers.parse(number)
    whole, national = number.lstrip("+"), phonenumbers.national_significant_number(parsed)
    found = {whole, f"00{whole}", f"011{whole}", f"810{whole}", f"8{whole}"}
    if len(national) >= FEWEST:
        found |= {national, f"0{national}", f"{parsed.country_code}{national}"}
        region = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
        found.add(f"{phonenumbers.ndd_prefix_for_region(region, True) or ''}{national}")
        # A provider's prefix in front of a local number: 98 for an outside line.
        found |= {f"9{national}", f"98{national}"} if parsed.country_code == 7 else set()
    return tuple(sorted((digits for digits in found if FEWEST <= len(digits) <= MOST), key=lambda d: (-len(d), d)))


def pattern(number: str) -> str:
    """A regular expression of re2 and of Python: group 1 is what stands before, group 2 what stands behind."""
    ways = spellings(number)
    national = min(ways, key=len)
    prefixes = "|".join(_BETWEEN.join([*way[: -len(national)], ""]) for way in ways if way != national)
    return rf"(?i)(^|[^0-9]|%2[089BD]){_BEFORE}(?:{prefixes})?{_BETWEEN.join(national)}([^0-9]|$)"


def replace(text: str, token_of: Callable[[str], str | None]) -> tuple[str, int]:
    """The text with its numbers replaced, and how many were. `token_of` says by its digits what stands for a number."""
    pieces: list[str] = []
    done = count = 0
    for run in _GROUPS.finditer(text):
        if len(run[0]) < FEWEST:
            continue
        for start, end, token in _found(run[0], token_of):
            pieces += (text[done : run.start() + start], token)
            done = run.start() + end
            count += 1
    return ("".join(pieces) + text[done:], count) if count else (text, 0)


def _found(run: str, token_of: Callable[[str], str | None]) -> list[tuple[int, int, str]]:
    """(start, end, token) of the numbers in a run of groups, the longest at each place."""
    groups: list[tuple[int, int]] = []
    begins = _BEGINS.match(run)
    at = begins.end() if begins else 0
    for separator in _SEPARATORS.finditer(run, at):
        groups.append((at, separator.start()))
        at = separator.end()
    groups.append((at, len(run)))
    found: list[tuple[int, int, str]] = []
    first = 0
    while first < len(groups):
        digits, longest = "", 0
        token = None
        for last in range(first, len(groups)):
            digits += run[groups[last][0] : groups[last][1]]
            if len(digits) > MOST:
                break
            if len(digits) >= FEWEST and (one := token_of(digits)) is not None:
                token, longest = one, last
        if token is None:
            first += 1
            continue
        start = 0 if first == 0 else groups[first][0]
        found.append((start, groups[longest][1], token))
        first = longest + 1
    return found
