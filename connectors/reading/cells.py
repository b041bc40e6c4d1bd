"""Cells of tables that people export: dates and sums as Russian and English spreadsheets write them. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal, InvalidOperation

from connectors.reading.rejects import Misread
from connectors.reading.times import read
from schemas.records import Reason

_DATE = re.compile(r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}\.\d{1,2}\.(?:\d{4}|\d{2}))(?:[T ].*)?")
"""Which of three numbers is the day is known: the year is first, or there are points."""
_EARLIEST = 1970
_MONTHS = {
    stem: number
    for names in (
        "янв фев мар апр май июн июл авг сен окт ноя дек",
        "янв фев мар апр мая июн июл авг сен окт ноя дек",
        "jan feb mar apr may jun jul aug sep oct nov dec",
    )
    for number, stem in enumerate(names.split(), 1)
}
_MONTH = re.compile(
    rf"(?P<y>\d{{4}})[-/.](?P<m>\d{{1,2}})|(?P<m2>\d{{1,2}})[-/.](?P<y2>\d{{4}})"
    rf"|(?P<name>(?:{'|'.join(_MONTHS)})[a-zа-яё]*)[ .,'’-]+(?P<y3>\d{{4}}|\d{{2}})(?: ?г\.?)?"
)
_CURRENCIES = {
    "RUB": r"₽|руб(?:лей|ля|ль)?\.?|р\.|rub|rur",
    "USD": r"\$|usd|долл(?:аров|ара|ар)?\.?",
    "EUR": r"€|eur|евро",
}
_CURRENCY = re.compile("|".join(f"(?P<{code}>{spellings})" for code, spellings in _CURRENCIES.items()), re.IGNORECASE)
_SPACES = " \u00a0\u2009\u202f"
_GROUPED = re.compile(rf"[+-]?\d{{1,3}}(?:[{_SPACES}']\d{{3}})+(?:[.,]\d+)?")
_EITHER = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")


def moment(text: str, zone: tzinfo, field: str) -> datetime:
    """A time in UTC from ISO or dd.mm.yyyy, with or without a time of day (midnight) and an offset (else `zone`)."""
    bare = text.strip()
    if _DATE.fullmatch(bare) is None:
        raise Misread(Reason.BAD_TIME, field, f"{text!r} is not a date: 2026-11-02, 02.11.2026, either with 15:04:05")
    try:
        local = read(bare, "dmy", field, earliest=_EARLIEST)
        return local.replace(microsecond=0, tzinfo=local.tzinfo or zone).astimezone(UTC)
    except OverflowError as error:
        raise Misread(Reason.BAD_TIME, field, f"{text!r}: {error}") from None


def day(text: str, field: str) -> date:
    """A day as `moment` reads one; a time of day beside it says nothing."""
    bare = re.split(r"[T ]", text.strip(), maxsplit=1)[0]
    return moment(bare, UTC, field).date()


def month(text: str, field: str) -> str:
    """`2026-11` from that, 11.2026, its first day (what spreadsheets make of a month), or its name in ru or en."""
    bare = text.strip().casefold()
    if found := _MONTH.fullmatch(bare):
        number = _MONTHS[found["name"][:3]] if found["name"] else int(found["m"] or found["m2"])
        year = int(found["y"] or found["y2"] or found["y3"])
        year += 2000 if year < 100 else 0
        if 1 <= number <= 12 and _EARLIEST <= year <= 2099:
            return f"{year}-{number:02d}"
    elif _DATE.fullmatch(bare.upper()) and (first := day(bare.upper(), field)).day == 1 and first.year <= 2099:
        return f"{first:%Y-%m}"
    raise Misread(Reason.BAD_TIME, field, f"{text!r} is not a month: 2026-11, 11.2026, its first day, or ноябрь 2026")


def amount(text: str, field: str) -> Decimal:
    """A sum: `1 234 567,89`, `1,234,567.89`, `1.234.567,89`, with a currency word or sign; "" is zero."""
    bare = _CURRENCY.sub("", text.replace("\u2212", "-"), count=1).strip()
    if not bare:
        return Decimal(0)
    if _GROUPED.fullmatch(bare):
        bare = re.sub(rf"[{_SPACES}']", "", bare)
    if _EITHER.fullmatch(bare):
        advice = f"{text!r} may be thousands or a fraction: write {re.sub('[.,]', '', bare)} or two decimals"
        raise Misread(Reason.BAD_AMOUNT, field, advice)
    try:
        value = Decimal(_plain(bare))
    except InvalidOperation:
        raise Misread(Reason.BAD_AMOUNT, field, f"{text!r} is not a sum: 1234567.89 or 1 234 567,89") from None
    if not value.is_finite() or value < 0 or value >= Decimal(10) ** 12:
        raise Misread(Reason.BAD_AMOUNT, field, f"{text!r} is not between 0 and 10^12")
    return value.quantize(Decimal("0.01"))


def currency(text: str, sum_text: str) -> str:
    """The ISO code of a currency's cell; of the word or sign beside the sum where that cell is empty."""
    bare = text.strip()
    word = _CURRENCY.fullmatch(bare) if bare else _CURRENCY.search(sum_text)
    return (word.lastgroup or "") if word else bare.upper()


def _plain(text: str) -> str:
    """The digits with a point: of two separators the last is the decimal one; one that repeats groups thousands."""
    points, commas = text.count("."), text.count(",")
    if points and commas:
        group, decimal = (",", ".") if text.rfind(".") > text.rfind(",") else (".", ",")
        return text.replace(group, "").replace(decimal, ".")
    if commas > 1 or points > 1:
        return text.replace(",", "").replace(".", "")
    return text.replace(",", ".")


def number(text: str, field: str) -> int:
    """A whole number of 1 or more."""
    try:
        value = int(text.strip())
    except ValueError:
        raise Misread(Reason.BAD_NUMBER, field, f"{text!r} is not a whole number") from None
    if not 1 <= value <= 1_000_000:
        raise Misread(Reason.BAD_NUMBER, field, f"{text!r} is not between 1 and 1000000")
    return value


def count(text: str, field: str) -> int | None:
    """A whole number of 0 or more, thousands grouped by spaces or not; None when the cell is empty."""
    bare = re.sub(rf"(?<=\d)[{_SPACES}'](?=\d{{3}})", "", text.strip())
    if not bare:
        return None
    if not re.fullmatch(r"\d{1,9}(?:[.,]0{1,2})?", bare):
        raise Misread(Reason.BAD_NUMBER, field, f"{text!r} is not a whole number of 0 or more")
    return int(re.split("[.,]", bare)[0])


def some(text: str, field: str) -> str:
    """The text, which may not be empty."""
    if not (bare := text.strip()):
        raise Misread(Reason.MISSING_FIELD, field, f"{field} is empty")
    return bare
