"""What department is wanted."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

from schemas.errors import Terminal

FORMATS = ("asterisk-csv", "freepbx", "cdr-custom", "mango", "3cx")
ODD_FORMATS = ("asterisk-csv", "freepbx")
MOST_MANAGERS = 20_000


class DepartmentOptions(msgspec.Struct, frozen=True, kw_only=True, rename={"corruption": "dirt"}):
    """The same options give the same bytes."""

    managers: int = 12
    days: int = 120
    """Calendar days from `first` on."""
    seed: int = 7
    first: date = date(2026, 1, 12)
    country: str = "RU"
    format: str = "asterisk-csv"
    corruption: float = 0.0
    """Share of rows that something happens to. It changes no number of the truth."""
    files: int = 1
    """Exports of calls, by time, one after the other."""
    pace: float = 55.0
    """Calls that a manager has on an ordinary day."""
    oddities: bool = False
    """Parking, pick-ups, dial prefixes, second devices, click to call, mobiles: what real exchanges record oddly."""

    def __post_init__(self) -> None:
        _between("managers", self.managers, 1, MOST_MANAGERS)
        _between("days", self.days, 1, 3_660)
        _between("dirt", self.corruption, 0, 0.5)
        _between("files", self.files, 1, self.days)
        _between("pace", self.pace, 1, 300)
        if self.format not in FORMATS:
            raise Terminal(f"format {self.format!r} is not written; accepted: {', '.join(FORMATS)}")
        if self.oddities and self.format not in ODD_FORMATS:
            raise Terminal(f"oddities are Asterisk's: they are written as {' or '.join(ODD_FORMATS)}")

    @property
    def last(self) -> date:
        """The first day that is not in it any more."""
        return self.first + timedelta(days=self.days)

    @property
    def links_legs(self) -> bool:
        """Whether the export says which channels belong to one call. The usual cdr_custom mapping has no linkedid."""
        return self.format != "cdr-custom"

    @property
    def hands_over_out(self) -> bool:
        """Whether the export is known to say who took over a call out."""
        return self.format in ("asterisk-csv", "freepbx")

    def day(self, share: float) -> date:
        """The day at a share of the period."""
        return self.first + timedelta(days=int(self.days * share))


def _between(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise Terminal(f"{name} is {value}; from {least:g} to {most:g} can be generated")
