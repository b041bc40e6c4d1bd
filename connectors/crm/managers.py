"""Who sells: names, teams, and the extensions, mobiles and logins they have for a time."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.crm.definition import DELETED, MANAGER, STATUS, Cells, CrmTable, says, zone_of
from connectors.reading.cells import moment, some
from connectors.reading.phones import e164, refuse_cut_digits, split_phones
from connectors.reading.rejects import Misread
from connectors.reading.source import Context
from schemas.records import Manager, Reason

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_LEFT = DELETED | frozenset(
    {"dismissed", "fired", "left", "resigned", "уволен", "уволена", "уволено", "уволился", "уволилась"}
)


def _manager(cells: Cells, context: Context, origin: str) -> Manager:
    zone = zone_of(context)
    valid_from = moment(cells["valid_from"], zone, "valid_from") if cells["valid_from"].strip() else _BEGINNING
    valid_to = moment(cells["valid_to"], zone, "valid_to") if cells["valid_to"].strip() else None
    if valid_to is not None and valid_to <= valid_from:
        raise Misread(Reason.BAD_PERIOD, "valid_to", "valid_to (exclusive) is not after valid_from")
    if valid_to is None and says(cells["status"], _LEFT):
        # Taking the row back would leave calls of the past without a manager: say until when they were this one's.
        raise Misread(
            Reason.BAD_STATUS,
            "status",
            f"{cells['status']!r} without valid_to: give the first day that is not this manager's any more",
        )
    return Manager(
        manager_id=some(cells["id"], "id"),
        name=cells["name"].strip(),
        team=cells["team"].strip(),
        extensions=sorted(set(split_phones(cells["extensions"].replace(" ", ",")))),
        mobiles=_mobiles(cells["mobiles"], context.region),
        logins=sorted(set(split_phones(cells["logins"]))),
        source=cells["source"].strip(),
        valid_from=valid_from,
        valid_to=valid_to,
        import_id=context.import_id,
        origin=origin,
        version=context.version,
    )


def _mobiles(cell: str, region: str) -> list[str]:
    """In E.164. Raises Misread: the calls of a mobile that is lost would be nobody's."""
    refuse_cut_digits(mobiles=cell)
    numbers = {written: e164(written, region) for written in split_phones(cell)}
    for written, number in numbers.items():
        if not number:
            raise Misread(Reason.BAD_PHONE, "mobiles", f"{written!r} is not a phone number of {region}")
    return sorted(set(numbers.values()))


TABLE = CrmTable(
    "managers",
    {
        "id": ("id", "код", "табельныйномер", *MANAGER),
        "name": ("name", "fullname", "имя", "фио", "manager", "менеджер", "сотрудник"),
        "team": ("team", "group", "department", "группа", "отдел", "команда"),
        "extensions": (
            "extensions",
            "extension",
            "ext",
            "внутренние",
            "внутренний",
            "внутреннийномер",
            "внутренниеномера",
        ),
        "mobiles": (
            *("mobiles", "mobile", "mobilephone", "cell", "cellphone"),
            *("мобильные", "мобильный", "мобильныйтелефон", "сотовый"),
        ),
        "logins": (
            *("logins", "login", "user", "users", "username", "agent", "agents", "agentid", "device", "devices"),
            *("логин", "логины", "пользователь", "агент", "устройство", "устройства"),
        ),
        "source": ("source", "exchange", "pbx", "tenant", "domain", "источник", "атс", "домен"),
        "valid_from": ("validfrom", "from", "since", "действуетс", "с"),
        "valid_to": ("validto", "to", "until", "действуетпо", "до", "по"),
        "status": STATUS,
    },
    ("id", "extensions"),
    _manager,
    several=frozenset({"extensions", "mobiles", "logins"}),
)
