"""Which of two exports is older: by the day in their names where both have one, else by when they were written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from connectors.reading.packed import label, located
from pipeline.loading.prepare import PreparedFile

_DAY = re.compile(
    r"(?<!\d)(?:(?P<y>20\d\d)[-_.]?(?P<m>\d\d)[-_.]?(?P<d>\d\d)|(?P<d2>\d\d)[-_.](?P<m2>\d\d)[-_.](?P<y2>20\d\d))(?!\d)"
)


class FileAge(NamedTuple):
    """What tells how old a file is."""

    day: date | None
    written_at: datetime | None

    def __str__(self) -> str:
        if self.day is not None:
            return f"{self.day}"
        return f"written {self.written_at:%Y-%m-%d %H:%M} UTC" if self.written_at else "of an unknown time"


def day_in_name(name: str) -> date | None:
    """The last day that a file's name tells: 2026-03-09, 20260309, 09.03.2026; of a period its end."""
    last = None
    for found in _DAY.finditer(name):
        year, month, day = (int(found[one] or found[f"{one}2"]) for one in "ymd")
        try:
            last = date(year, month, day)
        except ValueError:
            continue
    return last


def written_at(path: Path) -> datetime | None:
    """When the file, or the archive that it is in, was written last; None when it is not there any more."""
    try:
        at = located(path)[0].stat().st_mtime_ns
    except OSError:
        return None
    return datetime.fromtimestamp(at // 1_000_000 / 1000, UTC)


def age_of(path: Path) -> FileAge:
    return FileAge(day_in_name(label(path)), written_at(path))


def is_older(one: FileAge, other: FileAge) -> bool:
    """Whether it is known to be older. Pure."""
    if one.day is not None and other.day is not None and one.day != other.day:
        return one.day < other.day
    return one.written_at is not None and other.written_at is not None and one.written_at < other.written_at


def oldest_first(ages: Sequence[FileAge]) -> list[int]:
    """The indexes of files in the order of their age; of equal ones as they are given. Pure."""
    have_days = all(age.day is not None for age in ages)
    earliest = datetime.min.replace(tzinfo=UTC)

    def rank(index: int) -> tuple[date, datetime]:
        age = ages[index]
        return (age.day if have_days and age.day else date.min, age.written_at or earliest)

    return sorted(range(len(ages)), key=rank)


def with_versions_by_age(files: Sequence[PreparedFile]) -> list[PreparedFile]:
    """The files as they are given, where the newest of each source and kind has the latest version: what it says holds,
    in whichever order they are read.
    """
    several: dict[tuple[str, str], list[int]] = {}
    for index, file in enumerate(files):
        several.setdefault((file.context.source, file.recognised.kind), []).append(index)
    ordered = list(files)
    for indexes in several.values():
        if len(indexes) == 1:
            continue
        versions = sorted(files[index].context.version for index in indexes)
        by_age = oldest_first([age_of(files[index].path) for index in indexes])
        for version, position in zip(versions, by_age, strict=True):
            file = files[indexes[position]]
            context = msgspec.structs.replace(file.context, version=version)
            ordered[indexes[position]] = msgspec.structs.replace(file, context=context)
    return ordered
