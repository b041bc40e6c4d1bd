"""Look-alike tables of telephone services, and of somebody's own, for the figures of `bench.parse`."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import xlsxwriter  # type: ignore[import-untyped]  # it says nothing of types

from bench.exports import Made, made
from connectors.aircall.calls import AircallCalls
from connectors.bitrix24.statistics import Bitrix24Statistics
from connectors.mapped.source import MappedSource
from connectors.megafon.history import MegafonHistory
from connectors.reading.source import Source
from connectors.ringcentral.call_log import RingCentralLog
from connectors.twilio.calls import TwilioCalls
from connectors.uis.calls import UisCalls
from connectors.zadarma.statistics import ZadarmaStats
from schemas.mapping import Mapping

_MOSCOW = ZoneInfo("Europe/Moscow")
_HEADER = ("Направление", "Начало", "Кто", "Куда", "Длительность", "Разговор", "Очередь", "Запись")
OWN = MappedSource(
    "own",
    Mapping(
        kind="calls",
        columns={
            "direction": "Направление",
            "start": "Начало",
            "from": "Кто",
            "to": "Куда",
            "duration": "Длительность",
            "talk": "Разговор",
            "queue": "Очередь",
            "recording": "Запись",
        },
        date_order="dmy",
    ),
)


def _megafon(call: Made) -> dict[str, object]:
    return {
        "uid": call.uuid,
        "type": "out" if call.is_out else "in",
        "status": "success" if call.talk_s else "missed",
        "client": call.outside,
        "user": str(call.desk),
        "diversion": "74950000900",
        "start": _utc(call.start),
        "wait": call.duration_s - call.talk_s,
        "duration": call.talk_s,
        "record": "",
    }


def _zadarma(call: Made) -> dict[str, object]:
    way = "out" if call.is_out else "in"
    ends = (str(call.desk), call.outside) if call.is_out else (call.outside, str(call.desk))
    return {
        "call_id": call.uuid,
        "sip": str(call.desk),
        "callstart": _wall(call.start),
        "clid": ends[0],
        "destination": ends[1],
        "disposition": "answered" if call.talk_s else "no answer",
        "seconds": call.talk_s,
        "is_recorded": False,
        "pbx_call_id": f"{way}_{call.number}",
    }


def _twilio(call: Made) -> dict[str, object]:
    ends = ("+74950000900", f"+{call.outside}") if call.is_out else (f"+{call.outside}", f"client:{call.desk}")
    return {
        "sid": call.uuid,
        "parent_call_sid": None,
        "from": ends[0],
        "to": ends[1],
        "direction": "outbound-dial",
        "status": "completed" if call.talk_s else "no-answer",
        "start_time": _rfc(call.start),
        "end_time": _rfc(call.end),
        "duration": str(call.talk_s),
        "answered_by": None,
    }


def _ringcentral(call: Made) -> dict[str, object]:
    ours, theirs = {"extensionNumber": str(call.desk), "name": "Anna"}, {"phoneNumber": f"+{call.outside}"}
    return {
        "id": call.uuid,
        "sessionId": str(call.number),
        "startTime": _utc(call.start),
        "duration": call.duration_s,
        "type": "Voice",
        "direction": "Outbound" if call.is_out else "Inbound",
        "result": "Accepted" if call.talk_s else "Missed",
        "from": ours if call.is_out else theirs,
        "to": theirs if call.is_out else ours,
    }


def _aircall(call: Made) -> dict[str, object]:
    start, end = int(call.start.timestamp()), int(call.end.timestamp())
    return {
        "id": call.number,
        "direction": "outbound" if call.is_out else "inbound",
        "started_at": start,
        "answered_at": end - call.talk_s if call.talk_s else None,
        "ended_at": end,
        "raw_digits": f"+{call.outside}",
        "user": {"name": "Anna", "email": f"{call.desk}@sales.example"},
        "number": {"digits": "+74950000900"},
    }


def _bitrix24(call: Made) -> dict[str, object]:
    return {
        "ID": str(call.number),
        "PORTAL_USER_ID": str(call.desk),
        "PORTAL_NUMBER": "reg1",
        "CALL_ID": call.uuid,
        "PHONE_NUMBER": f"+{call.outside}",
        "CALL_DURATION": str(call.talk_s),
        "CALL_TYPE": "1" if call.is_out else "2",
        "CALL_START_DATE": call.start.astimezone(_MOSCOW).isoformat(),
        "CALL_RECORD_URL": None,
        "CALL_FAILED_CODE": "200" if call.talk_s else "304",
        "CRM_ENTITY_TYPE": "CONTACT",
        "CRM_ENTITY_ID": "1",
    }


def _uis(call: Made) -> dict[str, object]:
    return {
        "id": call.number,
        "start_time": _wall(call.start),
        "finish_time": _wall(call.end),
        "direction": "out" if call.is_out else "in",
        "is_lost": not call.talk_s,
        "talk_duration": call.talk_s,
        "total_duration": call.duration_s,
        "contact_phone_number": call.outside,
        "virtual_phone_number": "74950000900",
        "last_answered_employee_id": call.desk,
    }


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _rfc(at: datetime) -> str:
    return f"{at:%a, %d %b %Y %H:%M:%S +0000}"


def _wall(at: datetime) -> str:
    return f"{at.astimezone(_MOSCOW):%Y-%m-%d %H:%M:%S}"


def _answer(row: Callable[[Made], dict[str, object]], before: str, after: str) -> Callable[[Path, int], None]:
    """Writes an answer of a service: objects in an array."""

    def write(path: Path, rows: int) -> None:
        with path.open("w", encoding="utf-8") as file:
            file.write(before)
            file.writelines(("," if call.number else "") + json.dumps(row(call)) + "\n" for call in made(rows))
            file.write(after)

    return write


def _table(row: Callable[[Made], dict[str, object]]) -> Callable[[Path, int], None]:
    """Writes the same as CSV: keys of objects in objects with a point between."""

    def write(path: Path, rows: int) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            header = list(dict.fromkeys(name for call in made(9) for name in _flat(row(call))))
            writer = csv.DictWriter(file, header)
            writer.writeheader()
            writer.writerows(_flat(row(call)) for call in made(rows))

    return write


def _flat(row: dict[str, object]) -> dict[str, object]:
    cells: dict[str, object] = {}
    for name, value in row.items():
        cells |= {f"{name}.{key}": cell for key, cell in value.items()} if isinstance(value, dict) else {name: value}
    return cells


def write_own(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows(_own(rows))


def write_workbook(path: Path, rows: int) -> None:
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("Calls")
        for number, row in enumerate(_own(rows)):
            sheet.write_row(number, 0, row)


def _own(rows: int) -> Iterator[tuple[str, ...]]:
    yield _HEADER
    for call in made(rows):
        ends = (str(call.desk), call.outside) if call.is_out else (call.outside, str(call.desk))
        start = f"{call.start.astimezone(_MOSCOW):%d.%m.%Y %H:%M:%S}"
        lengths = (f"0:{call.duration_s // 60:02d}:{call.duration_s % 60:02d}", str(call.talk_s))
        yield ("Исходящий" if call.is_out else "Входящий", start, *ends, *lengths, "", "")


FORMATS: tuple[tuple[str, Source, Callable[[Path, int], None]], ...] = (
    ("megafon", MegafonHistory(), _answer(_megafon, "[", "]")),
    ("uis", UisCalls(), _table(_uis)),
    ("zadarma", ZadarmaStats(), _answer(_zadarma, '{"stats": [', "]}")),
    ("twilio", TwilioCalls(), _answer(_twilio, '{"calls": [', "]}")),
    ("ringcentral", RingCentralLog(), _answer(_ringcentral, '{"records": [', "]}")),
    ("aircall", AircallCalls(), _answer(_aircall, '{"calls": [', "]}")),
    ("bitrix24", Bitrix24Statistics(), _answer(_bitrix24, '{"result": [', "]}")),
    ("megafon-csv", MegafonHistory(), _table(_megafon)),
    ("zadarma-csv", ZadarmaStats(), _table(_zadarma)),
    ("twilio-csv", TwilioCalls(), _table(_twilio)),
    ("ringcentral-csv", RingCentralLog(), _table(_ringcentral)),
    ("aircall-csv", AircallCalls(), _table(_aircall)),
    ("own-csv", OWN, write_own),
    ("own-xlsx", OWN, write_workbook),
)
