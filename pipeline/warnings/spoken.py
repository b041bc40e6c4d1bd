"""Numbers with their nouns and times in words, in the language of a reader."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
from babel import Locale

from pipeline.drawing.cells import grouped
from pipeline.drawing.languages import number_format
from schemas.screens.translations.warnings import warning_texts

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


class SpokenNumber(msgspec.Struct, frozen=True):
    """A number in a text: `{calls:calls}` with a noun, `{age_s:duration}`, `{share:percent}`, `{change:change}`,
    `{expected:.0f}` alone."""

    value: float
    language: str

    def __format__(self, spec: str) -> str:
        if spec in warning_texts(self.language).nouns:
            return counted(round(self.value), spec, self.language)
        if spec == "duration":
            return duration(self.value, self.language)
        if spec in ("percent", "change"):
            decimals = 1 if 0 < abs(self.value) < 0.1 and spec == "percent" else 0
            sign = "+" if spec == "change" and round(self.value * 100) > 0 else ""
            return sign + grouped(self.value * 100, decimals, self.language) + number_format(self.language).percent
        return grouped(self.value, int(spec.strip(".f") or 0), self.language)


def counted(count: int, noun: str, language: str) -> str:
    """`21 звонок`, `1 call`: the noun in the form that the language has for this number."""
    forms = warning_texts(language).nouns[noun]
    form = forms.get(Locale.parse(language).plural_form(abs(count)), forms["other"])
    return f"{grouped(count, 0, language)} {form}"


def duration(seconds: float, language: str) -> str:
    """The two largest units: `2 days 4 h`, `35 min`. Less than a minute is one."""
    minutes = max(1, int(seconds) // _MINUTE) * _MINUTE
    units = (("days", _DAY), ("hours", _HOUR), ("minutes", _MINUTE))
    parts = []
    for n, unit in enumerate(units):
        if minutes >= unit[1]:
            for one, length in units[n : n + 2]:
                count, minutes = divmod(minutes, length)
                if count:
                    parts.append(counted(count, one, language))
            break
    return " ".join(parts)


def fill(text: str, language: str, labels: Mapping[str, str], numbers: Mapping[str, float]) -> str:
    """The text with its values."""
    return text.format(**labels, **{name: SpokenNumber(value, language) for name, value in numbers.items()})


def moment(at: datetime, now: datetime, zone: ZoneInfo, language: str) -> str:
    """The clock alone where it is today."""
    here, today = at.astimezone(zone), now.astimezone(zone).date()
    phrases = warning_texts(language).phrases
    return here.strftime(phrases["clock"] if here.date() == today else phrases["moment"])
