"""Countries to do business in: time zone, numbers that nobody has, money, names."""

from __future__ import annotations

from typing import NamedTuple
from zoneinfo import ZoneInfo

from schemas.errors import Terminal

_NATIONAL = 10
"""Digits of a number behind the country's code, in all of these countries."""


class Country(NamedTuple):
    """Numbers are `code`, an area, a 0 and the rest: no subscriber's number begins with 0, so nobody has them."""

    name: str
    zone: ZoneInfo
    code: str
    areas: tuple[str, ...]
    prefixes: tuple[str, ...]
    """How a number may be written before its national part: first as dialled, then as a trunk shows it."""
    currency: str
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    companies: tuple[str, ...]
    """Patterns of company names; {} is a word."""
    company_words: tuple[str, ...]

    def number(self, index: int) -> str:
        """The index-th number in E.164, each another one."""
        area = self.areas[index % len(self.areas)]
        digits = _NATIONAL - 1 - len(area)
        rest = (index // len(self.areas) * 7_919 + 104_729) % 10**digits
        return f"{self.code}{area}0{rest:0{digits}d}"

    def written(self, e164: str, notation: int) -> str:
        """A number without marks, in the notation asked for."""
        return self.prefixes[notation % len(self.prefixes)] + e164[len(self.code) :]

    def pretty(self, e164: str, notation: int) -> str:
        """A number as people write it into a CRM."""
        national = e164[len(self.code) :]
        area = next(area for area in self.areas if national.startswith(area))
        rest = national[len(area) :]
        groups = f"{rest[:-4]}-{rest[-4:-2]}-{rest[-2:]}"
        if notation % 2:
            return f"{self.code} ({area}) {groups}"
        return (
            f"{self.prefixes[0]} {area} {groups}" if self.prefixes[0] == "8" else f"{self.prefixes[0]}{area} {groups}"
        )


COUNTRIES = {
    "RU": Country(
        name="RU",
        zone=ZoneInfo("Europe/Moscow"),
        code="+7",
        # Towns, and codes of mobiles that no operator has.
        areas=("495", "943", "499", "944", "812", "945", "343", "946", "383", "947", "846", "948", "861", "831"),
        prefixes=("8", "7", "+7", ""),
        currency="RUB",
        first_names=(
            "Анна",
            "Борис",
            "Вера",
            "Глеб",
            "Дина",
            "Егор",
            "Жанна",
            "Захар",
            "Инна",
            "Кирилл",
            "Лидия",
            "Марк",
        ),
        last_names=(
            *("Белых", "Бондаренко", "Гринь", "Дзюба", "Живаго", "Коваль", "Кравец", "Левченко", "Мороз", "Седых"),
            *("Ткач", "Черных", "Шевченко"),
        ),
        companies=("ООО «{}»", "АО «{}»", "ИП {}", "ТД «{}»", "НПП «{}»"),
        company_words=(
            *("Вектор", "Сфера", "Промснаб", "Северный путь", "Ладога", "Меридиан", "Техмаш", "Альянс", "Кварц"),
            *("Уралстрой", "Волна", "Комплект", "Горизонт", "Стандарт", "Магистраль", "Импульс", "Орион"),
        ),
    ),
    "DE": Country(
        name="DE",
        zone=ZoneInfo("Europe/Berlin"),
        code="+49",
        areas=("30", "40", "89", "69", "221", "711", "341", "351"),
        prefixes=("0", "+49", "0049"),
        currency="EUR",
        first_names=("Anke", "Bernd", "Carla", "Dirk", "Edda", "Fritz", "Grit", "Holger", "Ina", "Jens", "Katja"),
        last_names=("Albers", "Brandt", "Claasen", "Dietz", "Ebert", "Fromm", "Gerke", "Hagen", "Ihde", "Jahn", "Kolb"),
        companies=("{} GmbH", "{} AG", "{} KG", "{} & Söhne"),
        company_words=(
            "Nordlicht",
            "Feinmechanik",
            "Spedition Elbe",
            "Werkhaus",
            "Bauwelt",
            "Isar",
            "Lindenhof",
            "Rheintal",
        ),
    ),
    "GB": Country(
        name="GB",
        zone=ZoneInfo("Europe/London"),
        code="+44",
        areas=("20", "161", "121", "113", "117", "131", "141", "151"),
        prefixes=("0", "+44", "0044"),
        currency="GBP",
        first_names=("Alice", "Brian", "Clare", "Derek", "Edith", "Frank", "Gwen", "Hugh", "Isla", "Jack", "Kate"),
        last_names=(
            "Ashby",
            "Barlow",
            "Cotton",
            "Dunmore",
            "Eccles",
            "Fenwick",
            "Garside",
            "Hobson",
            "Irwin",
            "Jessop",
        ),
        companies=("{} Ltd", "{} plc", "{} & Co", "{} Partners"),
        company_words=(
            "Harbour",
            "Northgate",
            "Pennine",
            "Foundry",
            "Meadow",
            "Beacon",
            "Thames",
            "Orchard",
            "Kestrel",
        ),
    ),
}


def country(name: str) -> Country:
    """The country of an ISO 3166 code. Raises Terminal naming those there are."""
    found = COUNTRIES.get(name.upper())
    if found is None:
        raise Terminal(f"no department can be generated for country {name!r}; accepted: {', '.join(COUNTRIES)}")
    return found
