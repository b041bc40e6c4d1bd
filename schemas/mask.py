"""Telephone numbers for readers who may not see them: +7 916 ***-**-01. Pure; the same rule in Python and in SQL.

What stays readable is the country, the area code where it has a fixed length (+7, +1), and the last two digits. How
many digits are hidden is not shown. What is too short to hide five digits is hidden whole.
"""

from __future__ import annotations

import re
from typing import Any

HIDDEN = "***"
_STARS = "***-**-"
_COUNTRY = r"2[07]|3[0-469]|4[0-13-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[2-9][0-9][0-9]"
"""Calling codes of two digits, and the first three digits of all others (E.164; those of one digit have a way of their
own)."""
_WITH_AREA = re.compile(r"\+([17])([0-9]{3})[0-9]{5}([0-9]{2})")
_ABROAD = re.compile(rf"\+({_COUNTRY})[0-9]{{3,}}([0-9]{{2}})")
_LONG_ENOUGH = 10
"""Digits of an E.164 number abroad: three of the country, five hidden, two shown."""

_IN_TEXT = re.compile(
    r"(?:\+\d|(?<!\d)[78][\s(\u00a0-]|\(\d)[\d\s().\u00a0\u2010-\u2015-]{5,}\d"  # written as a telephone number
    r"|\d{7,}"
)


def mask(number: str) -> str:
    """A number in E.164 without what tells whose it is; "" stays "". What is not E.164 is hidden but for two digits."""
    if not number:
        return ""
    if found := _WITH_AREA.fullmatch(number):
        return f"+{found[1]} {found[2]} {_STARS}{found[3]}"
    if len(number) > _LONG_ENOUGH and (found := _ABROAD.fullmatch(number)):
        return f"+{found[1]} {_STARS}{found[2]}"
    return HIDDEN


def mask_text(text: str) -> str:
    """A text with every number in it hidden but for its last two digits: whatever has seven digits or more."""
    return _IN_TEXT.sub(_last_two, text)


def _last_two(found: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", found[0])
    return found[0] if len(digits) < 7 else f"{HIDDEN}{digits[-2:]}"


NUMBERS = frozenset({"contact"})
"""Columns of metrics that hold one number in E.164."""
TEXTS = frozenset(
    {"contact_raw", "did", "application", "recording", "origin", "file", "payload", "detail", "example"}
    | {"extension", "peer_extension"}  # a mobile that took a call is one
)
"""Columns of metrics in whose text numbers may stand."""


def mask_row(row: dict[str, Any]) -> dict[str, Any]:
    """A row of a metric's answer, with its numbers hidden."""
    return {name: _masked(name, value) for name, value in row.items()}


def _masked(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if name in NUMBERS:
        return mask(value)
    return mask_text(value) if name in TEXTS else value


def mask_text_sql(column: str) -> str:
    """`mask_text` as a ClickHouse expression, harder: a run of seven digits or more is hidden whole."""
    written = r"[+]?[0-9(][0-9 ().-]{5,}[0-9]"
    return f"replaceRegexpAll({column}, '{written}', '{HIDDEN}')"


def mask_sql(column: str) -> str:
    """`mask` as a ClickHouse expression over a column of E.164 numbers."""
    with_area = r"'^\\+[17][0-9]{10}$'"
    abroad = rf"'^\\+({_COUNTRY})[0-9]{{5,}}$'"
    return (
        f"multiIf({column} = '', '',"
        f" match({column}, {with_area}),"
        f" concat(substring({column}, 1, 2), ' ', substring({column}, 3, 3), ' {_STARS}', right({column}, 2)),"
        f" length({column}) > {_LONG_ENOUGH} AND match({column}, {abroad}),"
        f" concat('+', extract({column}, {abroad}), ' {_STARS}', right({column}, 2)), '{HIDDEN}')"
    )
