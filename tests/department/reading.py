"""The numbers of docs/metrics from the files of a folder, by brute force: what the truth has to be."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tests.department.clouds import heard
from tests.department.legs import Heard

STAGES = {
    title: index
    for index, titles in enumerate(
        (
            ("new", "Новый"),
            ("active", "Активный"),
            ("development", "Разработка"),
            ("shipment", "Отгрузка"),
            ("customer", "Заказчик"),
            ("disqualified", "Отработан"),
        )
    )
    for title in titles
}
POTENTIAL = (0, 1, 2)
DISQUALIFIED = 5
CODES = {"RU": "7", "DE": "49", "GB": "44"}


class Table(NamedTuple):
    """Rows of the CRM's tables, cells as they are written."""

    managers: list[dict[str, str]]
    organisations: list[dict[str, str]]
    stages: list[dict[str, str]]
    proposals: list[dict[str, str]]


class Folder:
    """A generated folder, read."""

    def __init__(self, folder: Path, truth: dict[str, Any]) -> None:
        self.zone = ZoneInfo(truth["time_zone"])
        self._epochs: dict[str, int] = {}
        self.code = CODES[truth["region"]]
        files: dict[str, list[Path]] = {}
        for one in truth["files"]:
            files.setdefault(one["kind"], []).append(folder / one["file"])
        self.calls = list(heard(files["calls"], truth["knobs"]["format"], self.zone))
        self.tables = Table(*(_rows(files[kind]) for kind in Table._fields))
        self.by_phone: dict[str, list[str]] = {}
        for row in self.tables.organisations:
            for phone in row["phones"].split(","):
                self.by_phone.setdefault(self.e164(phone), []).append(row["id"])
        self.histories: dict[str, list[tuple[int, int]]] = {}
        for row in self.tables.stages:
            change = (self.epoch(row["changed_at"]), STAGES[row["stage"]])
            self.histories.setdefault(row["organisation_id"], []).append(change)
        for history in self.histories.values():
            history.sort()

    def e164(self, written: str) -> str:
        """+ and digits of a number in any notation; "" for none."""
        digits = "".join(char for char in written if char.isdigit())
        if len(digits) < 7:
            return ""
        national = (
            digits[-10:] if self.code == "7" else digits.removeprefix("00").removeprefix(self.code).removeprefix("0")
        )
        return f"+{self.code}{national}"

    def epoch(self, text: str) -> int:
        """A moment of a table: midnight when it is a day alone."""
        if (known := self._epochs.get(text)) is not None:
            return known
        for export_format in ("%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%Y-%m-%d"):
            try:
                at = int(datetime.strptime(text, export_format).replace(tzinfo=self.zone).timestamp())
            except ValueError:
                continue
            return self._epochs.setdefault(text, at)
        raise AssertionError(f"{text!r} is no moment")

    def manager(self, extension: str, at: int) -> str:
        """Whose extension it was at a time."""
        for row in self.tables.managers:
            since = self.epoch(row["valid_from"]) if row["valid_from"] else 0
            until = self.epoch(row["valid_to"]) if row["valid_to"] else 1 << 60
            if since <= at < until and extension in row["extensions"].split(", "):
                return row["id"]
        return ""

    def stage(self, organisation: str, at: int) -> tuple[int, int]:
        """(stage, since) as of a time; (-1, 0) before the first change."""
        found = (-1, 0)
        for changed, stage in self.histories.get(organisation, ()):
            if changed <= at:
                found = (stage, changed)
        return found

    def organisation(self, phone: str, at: int) -> str:
        """Of several with one number: an open one, then the latest stage change, then the lowest id (decision 12)."""

        def rank(organisation: str) -> tuple[bool, int, str]:
            stage, since = self.stage(organisation, at)
            return stage in (-1, DISQUALIFIED), -since, organisation

        return min(set(self.by_phone.get(phone, ())), key=rank, default="")


def numbers(folder: Folder) -> dict[tuple[str, str], dict[str, Any]]:
    """(manager or "", day) -> the numbers, in the names of `callfunnel activity`."""
    calls_of: dict[tuple[str, str], list[Heard]] = {}
    for call in folder.calls:
        calls_of.setdefault((folder.manager(call.extension, call.start), call.day), []).append(call)
    counted = {key: _count(those, folder) for key, those in calls_of.items()}
    for key, proposals in _proposals(folder).items():
        counted.setdefault(key, _count((), folder)).update(proposals)
    return counted


def ids(folder: Folder) -> dict[tuple[str, str], set[str]]:
    """(manager or "", day) -> the calls behind it."""
    found: dict[tuple[str, str], set[str]] = {}
    for call in folder.calls:
        found.setdefault((folder.manager(call.extension, call.start), call.day), set()).add(call.id)
    return found


def _count(those: Iterable[Heard], folder: Folder) -> dict[str, Any]:
    those = list(those)
    contacts = [folder.e164(call.number) for call in those]
    owners = [folder.organisation(contact, call.start) for contact, call in zip(contacts, those, strict=True)]
    long = [call.answered and call.talk_s >= 30 for call in those]
    known = sum(owner != "" for owner in owners)
    different = len(set(owners) - {""})
    return {
        "calls": len(those),
        "attempts": sum(call.outbound for call in those),
        "answered": sum(call.answered for call in those),
        "conversations": sum(long),
        "talk_s": sum(call.talk_s for call in those if call.answered),
        "contacts": len(set(contacts) - {""}),
        "organisations": different,
        "calls_to_potential": sum(
            is_long and owner != "" and folder.stage(owner, call.start)[0] in POTENTIAL
            for is_long, owner, call in zip(long, owners, those, strict=True)
        ),
        "calls_per_organisation": float(round(Fraction(known, different), 4)) if different else None,
        "general_proposals": 0,
        "individual_proposals": 0,
        "individual_amount": {},
        "unknown_calls": len(those) - known,
        "match_coverage": float(round(Fraction(known, len(those)), 4)) if those else None,
    }


def _proposals(folder: Folder) -> dict[tuple[str, str], dict[str, Any]]:
    """General: organisations of a day. Individual: counted on the day of the first revision, the sum of the latest."""
    revisions: dict[str, dict[int, dict[str, str]]] = {}
    for row in folder.tables.proposals:
        revisions.setdefault(row["proposal_id"], {})[int(row["revision"])] = row
    general: dict[tuple[str, str], set[str]] = {}
    sums: dict[tuple[str, str], list[tuple[str, Fraction]]] = {}
    for versions in revisions.values():
        first, latest = versions[min(versions)], versions[max(versions)]
        if latest["status"] == "withdrawn":
            continue
        day = datetime.fromtimestamp(folder.epoch(first["sent_at"]), folder.zone).date().isoformat()
        key = first["manager_id"], day
        if first["kind"] == "general":
            general.setdefault(key, set()).add(latest["organisation_id"])
        else:
            amount = Fraction(latest["amount"].replace(" ", "").replace(",", "."))
            sums.setdefault(key, []).append((latest["currency"], amount))
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for key in general.keys() | sums.keys():
        total: dict[str, Fraction] = {}
        for currency, amount in sums.get(key, ()):
            total[currency] = total.get(currency, Fraction(0)) + amount
        found[key] = {
            "general_proposals": len(general.get(key, ())),
            "individual_proposals": len(sums.get(key, ())),
            "individual_amount": {currency: float(amount) for currency, amount in total.items()},
        }
    return found


def _rows(files: Iterable[Path]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for path in files:
        with path.open(encoding="utf-8", newline="") as file:
            found += csv.DictReader(file, delimiter=";")
    return found
