"""Which numbers are of mobiles: what a person's calls are forwarded to is mostly that person's own."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers

_MOBILE = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)


@lru_cache(maxsize=20_000)
def is_mobile(number: str) -> bool:
    """Whether a number in E.164 is (or, as in America, may be) a mobile's."""
    if not number:
        return False
    try:
        return phonenumbers.number_type(phonenumbers.parse(number)) in _MOBILE
    except phonenumbers.NumberParseException:
        return False
