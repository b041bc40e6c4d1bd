"""Phone numbers to E.164, fast: a plain path for what is common, `phonenumbers` for the rest, and a memory.

However an exchange, a softphone, a browser or a spreadsheet spells a number, it is the same number. Valid numbers are
what `phonenumbers` says (a property test holds them together).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import unquote

import phonenumbers

from connectors.reading.rejects import Misread
from schemas.records import Reason

_NOBODY = frozenset(
    {"", "unknown", "<unknown>", "anonymous", "private", "restricted", "unavailable", "withheld", "asterisk", "s", "-"}
    | {"null", "none", "i", "t", "h", "скрытый номер", "номер скрыт", "скрыт"}
    # Twilio's words for hidden callers
    | {"+266696687", "+7378742833", "+86282452253", "+2562533"}
)
_SCIENTIFIC = re.compile(r"\d+(?:[.,]\d+)?[eе][+]\d+", re.IGNORECASE)  # Latin and Russian e
_NUMBER = re.compile(r"\+?[\d\s().\-~\u00a0\u2010-\u2015]+")
_SHORTEST = 7
"""Digits of a number that is not a service's."""
_NOT_DIGITS = re.compile(r"[^\d+]")


def is_scientific(text: str) -> bool:
    """A spreadsheet's `7,9E+10`: the digits are gone for good, so the row must be rejected."""
    return "+" in text and _SCIENTIFIC.fullmatch(text.strip()) is not None


def is_hidden(text: str) -> bool:
    """The exchange says that the caller's number is not shown (or there is none), whatever its words for it."""
    text = _bare(text)
    return text.casefold() in _NOBODY or (text != "" and not text.strip("0"))


def refuse_cut_digits(**numbers: str) -> None:
    """Raises Misread naming the column whose number a spreadsheet has cut."""
    for field, text in numbers.items():
        if "+" in text and is_scientific(text):
            raise Misread(Reason.BAD_PHONE, field, f"{text[:40]!r}: a spreadsheet cut the digits off")


@lru_cache(maxsize=200_000)
def e164(text: str, region: str, prefixes: tuple[str, ...] = ()) -> str:
    """The number in E.164, "" for a hidden caller (`is_hidden`), an extension, or what is not a possible number.

    `region` is an ISO 3166 code; numbers with `+` ignore it. Numbers without one are of the region before they are
    anybody else's. `prefixes` are digits that are dialled before a number to get a line to the outside.
    """
    if region == "RU" and text.isdecimal() and text.isascii() and (plain := _russian(text)):
        return plain
    if is_hidden(text):
        return ""
    text = _spelled(_bare(text))
    if prefixes and (behind := _behind_prefix(text, region, prefixes)):
        return behind
    return _of_spelling(text, region)


def _of_spelling(text: str, region: str) -> str:
    if _NUMBER.fullmatch(text) is None:
        return ""
    digits = _NOT_DIGITS.sub("", text)
    if region == "RU" and (plain := _russian(digits)):
        return plain
    return _parse(digits, region)


def _behind_prefix(text: str, region: str, prefixes: Iterable[str]) -> str:
    """The number behind a dial prefix; "" where the text is a number of the region as it stands, or none is behind."""
    if text.startswith("+") or _is_own(text, region):
        return ""
    for prefix in sorted(prefixes, key=len, reverse=True):
        rest = text.removeprefix(prefix).lstrip(" -,wp")
        if text.startswith(prefix) and (_is_own(rest, region) or rest.startswith(("+", "00", "810"))):
            return _of_spelling(rest, region)
    return ""


_MOST_PREFIX = 3


@lru_cache(maxsize=50_000)
def possible_prefix(text: str, region: str) -> str:
    """The shortest run of digits without which a dialled text would be a number of the region, or one with `+`; "" for
    a text that is a number of the region as it stands, or that no such digits stand before.
    """
    text = _spelled(_bare(text))
    digits = re.match(r"\d*", text)
    if text.startswith(("+", "00", "810")) or digits is None or _is_own(text, region):
        return ""
    for length in range(1, min(_MOST_PREFIX, len(digits[0])) + 1):
        rest = text[length:]
        if rest.startswith("+") or _is_own(rest, region):
            return text[:length]
    return ""


@lru_cache(maxsize=50_000)
def exists(number: str) -> bool:
    """Whether a number in E.164 is one that its country's plan has."""
    return _is_valid(_number(number, "ZZ"))


def _is_own(text: str, region: str) -> bool:
    """Whether a text without a country is a number of the region's plan, as its people write it."""
    if _NUMBER.fullmatch(text) is None or text.startswith("+"):
        return False
    digits = _NOT_DIGITS.sub("", text)
    if len(digits) < _SHORTEST:
        return False
    own = phonenumbers.country_code_for_region(region)
    national, international = _number(digits, region), _number("+" + digits, region)
    return _is_valid(national) or (
        international is not None and international.country_code == own and _is_valid(international)
    )


def _bare(text: str) -> str:
    """Without the quotes that programs and people put around a number so that a spreadsheet leaves it alone."""
    return text.strip().strip("'\"=`").strip()


_NAMED = re.compile(r"(?:[^<>]*\s)?<([^<>]+)>")
_URI = re.compile(r"(?:(?:sips?|tel|callto|pjsip):)?([^@;]+)(?:@[^@;]*)?(?:;.*)?", re.IGNORECASE | re.DOTALL)
"""RFC 3261 and 3966: a scheme, the number, a host, parameters (`;ext=5`, `;user=phone`)."""
_AS_NUMBER = re.compile(r"(\+?\d{9,})(?:[.,]0+|#)")
"""What a spreadsheet makes of a column of numbers; and the `#` that sends a dialled number off at once."""


def _spelled(text: str) -> str:
    """A number out of the address, name or cell that it stands in."""
    if named := _NAMED.fullmatch(text):
        text = named[1].strip()
    if "%" in text:
        text = unquote(text)
    if uri := _URI.fullmatch(text):
        text = uri[1]
    text = _THEIR_EXTENSION.sub("", text).strip()
    return number[1] if (number := _AS_NUMBER.fullmatch(text)) else text


def _russian(digits: str) -> str:
    """`8XXXXXXXXXX`, `7XXXXXXXXXX`, `+7XXXXXXXXXX`, `XXXXXXXXXX` of the Russian plan; "" for everything else."""
    length = len(digits)
    if length == 11 and digits[0] in "78" and digits[1] in "3489":
        return "+7" + digits[1:]
    if length == 12 and digits.startswith("+7") and digits[2] in "3489":
        return digits
    if length == 10 and digits[0] in "3489" and digits[:2] != "80":
        return "+7" + digits
    return ""


def _parse(digits: str, region: str) -> str:
    if len(digits.lstrip("+")) < _SHORTEST:
        return ""  # an extension, a service, an emergency number
    if digits.startswith("+"):
        return _written([_number(digits, region)])
    own = phonenumbers.country_code_for_region(region)
    national, international = _number(digits, region), _number("+" + digits, region)
    if international is not None and international.country_code == own and _is_valid(international):
        return _written([international])  # its own country code without the plus, as many exchanges write
    # 00 goes out of most countries, and out of an exchange of any
    dialled = _number("+" + digits[2:], region) if digits.startswith("00") else None
    candidates = [national, dialled, international]
    return _written([*filter(_is_valid, candidates), *(candidates if dialled is None else candidates[1:])])


def _number(digits: str, region: str) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_possible_number(number) else None


def _is_valid(number: phonenumbers.PhoneNumber | None) -> bool:
    return number is not None and phonenumbers.is_valid_number(number)


def _written(candidates: Iterable[phonenumbers.PhoneNumber | None]) -> str:
    """The first that is a number."""
    found = next((number for number in candidates if number is not None), None)
    return "" if found is None else phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)


_SEPARATORS = re.compile(r"[,;/|\n]+")
# It begins with the first of the spaces, and takes all: a cell of spaces would be looked at once for each of them.
_THEIR_EXTENSION = re.compile(r"[,;]?(?<!\s)\s*+(?:доб|внутр|вн|ext|x)\.?\s*+:?\s*+\d{1,6}\b", re.IGNORECASE)


def split_phones(cell: str) -> list[str]:
    """The numbers of a cell that holds several, separated by `, ; / |` or a newline."""
    return [part.strip() for part in _SEPARATORS.split(cell) if part.strip()]


def split_outside(cell: str) -> list[str]:
    """The same for numbers outside, of which `доб. 12` and `ext. 12` are not numbers but a part."""
    return split_phones(_THEIR_EXTENSION.sub("", cell))
