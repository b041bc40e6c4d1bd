"""Phone numbers to E.164, fast: a plain path for what is common, `phonenumbers` for the rest, and a memory.

Same answers as `phonenumbers.parse` with the source's region (a property test holds them together).
"""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

_NOBODY = frozenset(
    {"", "unknown", "<unknown>", "anonymous", "private", "restricted", "unavailable", "withheld", "asterisk", "s", "-"}
    | {"null", "none", "i", "t", "h", "скрытый номер", "номер скрыт", "скрыт"}
    # Twilio's words for hidden callers
    | {"+266696687", "+7378742833", "+86282452253", "+2562533"}
)
_SCIENTIFIC = re.compile(r"\d+(?:[.,]\d+)?[eе][+]\d+", re.IGNORECASE)  # Latin and Russian e
_NUMBER = re.compile(r"\+?[\d\s().\-~\u00a0\u2010-\u2015]+")
_NOT_DIGITS = re.compile(r"[^\d+]")


def is_scientific(text: str) -> bool:
    """A spreadsheet's `7,9E+10`: the digits are gone for good, so the row must be rejected."""
    return "+" in text and _SCIENTIFIC.fullmatch(text.strip()) is not None


@lru_cache(maxsize=200_000)
def e164(text: str, region: str) -> str:
    """The number in E.164, "" for a hidden caller, an extension, or what is no possible number.

    `region` is an ISO 3166 code; numbers with `+` ignore it.
    """
    if region == "RU" and text.isdecimal() and text.isascii() and (plain := _russian(text)):
        return plain
    text = text.strip().strip("'\"=")
    if text.casefold() in _NOBODY:
        return ""
    if text.startswith(("sip:", "tel:")):
        text = text[4:].partition("@")[0]
    if _NUMBER.fullmatch(text) is None:
        return ""
    digits = _NOT_DIGITS.sub("", text)
    if region == "RU" and (plain := _russian(digits)):
        return plain
    return _parse(digits, region)


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
    if len(digits.lstrip("+")) < 7:
        return ""  # an extension, a service, an emergency number
    candidates = [digits] if digits.startswith("+") else [digits, "+" + digits]
    for candidate in candidates:
        try:
            number = phonenumbers.parse(candidate, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return ""


_SEPARATORS = re.compile(r"[,;/|\n]+")
# It begins with the first of the spaces, and takes all: a cell of spaces would be looked at once for each of them.
_THEIR_EXTENSION = re.compile(r"[,;]?(?<!\s)\s*+(?:доб|внутр|вн|ext|x)\.?\s*+:?\s*+\d{1,6}\b", re.IGNORECASE)


def split_phones(cell: str) -> list[str]:
    """The numbers of a cell that holds several, separated by `, ; / |` or a newline."""
    return [part.strip() for part in _SEPARATORS.split(cell) if part.strip()]


def split_outside(cell: str) -> list[str]:
    """The same for numbers outside, of which `доб. 12` and `ext. 12` are no numbers but a part."""
    return split_phones(_THEIR_EXTENSION.sub("", cell))
