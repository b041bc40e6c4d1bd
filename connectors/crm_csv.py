"""CSVs of the sales department: managers, organisations, stages, proposals. Headers in English or Russian."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import NamedTuple

from connectors.cells import amount, currency, moment, number, some
from connectors.phones import e164, is_scientific, split_outside, split_phones
from connectors.rejects import Misread, reject, too_long
from connectors.source import Context, Recognised
from connectors.text import Form, Row, Rows, TooLong, detect
from schemas.records import (
    Manager,
    Organisation,
    Proposal,
    ProposalKind,
    ProposalStatus,
    Reason,
    Record,
    Rejected,
    StageChange,
)
from schemas.trouble import Terminal

Cells = Mapping[str, str]
"""The used cells of a row by our column names; absent columns are ""."""


class Table(NamedTuple):
    """One kind of table: column -> accepted headers (lower case, without spaces and marks), and how a row is read."""

    kind: str
    columns: Mapping[str, tuple[str, ...]]
    required: tuple[str, ...]
    make: Callable[[Cells, Context, str], Record]


# The surest word first: beside a code or an ИНН, a column called "organisation" holds the name.
_MANAGER = ("managerid", "ownerid", "idменеджера", "кодменеджера", "manager", "менеджер", "ответственный")
_ORGANISATION = (
    *("organisationid", "organizationid", "companyid", "idорганизации", "кодорганизации", "инн"),
    *("organisation", "organization", "company", "организация", "компания"),
)
_SENT = {
    "sent": ProposalStatus.SENT, "accepted": ProposalStatus.SENT, "отправлено": ProposalStatus.SENT,
    "принято": ProposalStatus.SENT, "": ProposalStatus.SENT, "withdrawn": ProposalStatus.WITHDRAWN,
    "cancelled": ProposalStatus.WITHDRAWN, "отозвано": ProposalStatus.WITHDRAWN, "отменено": ProposalStatus.WITHDRAWN,
}  # fmt: skip
_KINDS = {
    "general": ProposalKind.GENERAL, "общее": ProposalKind.GENERAL, "кп": ProposalKind.GENERAL,
    "individual": ProposalKind.INDIVIDUAL, "индивидуальное": ProposalKind.INDIVIDUAL, "заявка": ProposalKind.INDIVIDUAL,
}  # fmt: skip
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def _zone(context: Context) -> tzinfo:
    return context.zone or UTC


def _manager(cells: Cells, context: Context, origin: str) -> Manager:
    zone = _zone(context)
    valid_from = moment(cells["valid_from"], zone, "valid_from") if cells["valid_from"].strip() else _BEGINNING
    valid_to = moment(cells["valid_to"], zone, "valid_to") if cells["valid_to"].strip() else None
    if valid_to is not None and valid_to <= valid_from:
        raise Misread(Reason.BAD_PERIOD, "valid_to", "valid_to (exclusive) is not after valid_from")
    return Manager(
        manager_id=some(cells["id"], "id"),
        name=cells["name"].strip(),
        team=cells["team"].strip(),
        extensions=sorted(set(split_phones(cells["extensions"].replace(" ", ",")))),
        valid_from=valid_from,
        valid_to=valid_to,
        import_id=context.import_id,
        origin=origin,
        version=context.version,
    )


def _organisation(cells: Cells, context: Context, origin: str) -> Organisation:
    # A decimal comma is no separator: 7,9E+10 is one lost number, not two strange ones.
    written = [cells["phones"]] if is_scientific(cells["phones"]) else split_outside(cells["phones"])
    phones = [e164(phone, context.region) for phone in written]
    for phone, known in zip(written, phones, strict=True):
        if not known:
            # One lost number is a customer whose calls are nobody's: say so instead of keeping the rest.
            raise Misread(Reason.BAD_PHONE, "phones", f"{phone!r} is no phone number of {context.region}")
    return Organisation(
        organisation_id=some(cells["id"], "id"),
        name=cells["name"].strip(),
        phones=sorted(set(phones)),
        manager_id=cells["manager_id"].strip(),
        import_id=context.import_id,
        origin=origin,
        version=context.version,
    )


def _stage(cells: Cells, context: Context, origin: str) -> StageChange:
    stage = context.stages.find(cells["stage"])
    if stage is None:
        accepted = ", ".join(f"{one.code} ({one.title.ru})" for one in context.stages.stages)
        raise Misread(Reason.UNKNOWN_STAGE, "stage", f"{cells['stage']!r}; stages are {accepted}")
    return StageChange(
        organisation_id=some(cells["organisation_id"], "organisation_id"),
        stage=stage,
        changed_at=moment(cells["changed_at"], _zone(context), "changed_at"),
        manager_id=cells["manager_id"].strip(),
        import_id=context.import_id,
        origin=origin,
        version=context.version,
    )


def _proposal(cells: Cells, context: Context, origin: str) -> Proposal:
    kind = _KINDS.get(cells["kind"].strip().casefold())
    if kind is None:
        raise Misread(
            Reason.BAD_KIND, "kind", f"{cells['kind']!r}; kinds are general (общее), individual (индивидуальное)"
        )
    status = _SENT.get(cells["status"].strip().casefold())
    if status is None:
        raise Misread(
            Reason.BAD_STATUS, "status", f"{cells['status']!r}; accepted are {', '.join(filter(None, _SENT))}"
        )
    return Proposal(
        proposal_id=some(cells["proposal_id"], "proposal_id"),
        revision=number(cells["revision"], "revision") if cells["revision"].strip() else 1,
        organisation_id=some(cells["organisation_id"], "organisation_id"),
        manager_id=some(cells["manager_id"], "manager_id"),
        kind=kind,
        sent_at=moment(cells["sent_at"], _zone(context), "sent_at"),
        amount=amount(cells["amount"], "amount"),
        currency=currency(cells["currency"], cells["amount"]),
        status=status,
        import_id=context.import_id,
        origin=origin,
        version=context.version,
    )


TABLES = (
    Table(
        "managers",
        {
            "id": ("id", "код", "табельныйномер", *_MANAGER),
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
            "valid_from": ("validfrom", "from", "since", "действуетс", "с"),
            "valid_to": ("validto", "to", "until", "действуетпо", "до", "по"),
        },
        ("id", "extensions"),
        _manager,
    ),
    Table(
        "organisations",
        {
            "id": ("id", "код", *_ORGANISATION),
            "name": ("name", "title", "название", "наименование", *_ORGANISATION[-5:]),
            "phones": ("phones", "phone", "tel", "телефоны", "телефон"),
            "manager_id": _MANAGER,
        },
        ("id", "phones"),
        _organisation,
    ),
    Table(
        "stages",
        {
            "organisation_id": (*_ORGANISATION, "id"),
            "stage": ("stage", "status", "этап", "стадия"),
            "changed_at": ("changedat", "changed", "date", "at", "дата", "датаизменения", "изменён", "изменен"),
            "manager_id": _MANAGER,
        },
        ("organisation_id", "stage", "changed_at"),
        _stage,
    ),
    Table(
        "proposals",
        {
            "proposal_id": ("proposalid", "proposal", "id", "number", "номер", "номерпредложения", "предложение"),
            "organisation_id": _ORGANISATION,
            "manager_id": _MANAGER,
            "kind": ("kind", "type", "вид", "тип"),
            "sent_at": ("sentat", "sent", "date", "дата", "отправлено", "датаотправки"),
            "amount": ("amount", "sum", "total", "сумма"),
            "currency": ("currency", "валюта"),
            "revision": ("revision", "version", "редакция", "версия"),
            "status": ("status", "state", "статус", "состояние"),
        },
        ("proposal_id", "organisation_id", "manager_id", "kind", "sent_at"),
        _proposal,
    ),
)


class CrmCsv:
    """One kind of table. Recognised by its header alone."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.profile = f"{table.kind}-csv"

    def recognise(self, path: Path, region: str) -> Recognised | None:
        """What the file is; None when a required column is missing (`require` says which)."""
        form = detect(path)
        header = _header(path, form)
        columns = self._columns(header)
        if not set(self._table.required) <= set(columns):
            return None
        unused = [name for name, column in zip(header, columns, strict=True) if not column]
        why = [f"{form.encoding}, delimiter {form.delimiter!r}, line ends {form.line_end}"]
        why += [f"column {name!r} is {column}" for name, column in zip(header, columns, strict=True) if column]
        why += [f"columns not used: {', '.join(unused)}"] if unused else []
        return Recognised(
            profile=self.profile,
            kind=self._table.kind,
            layout=f"{self._table.kind}, {len(header)} columns with a header",
            encoding=form.encoding,
            delimiter=form.delimiter,
            line_end=form.line_end,
            columns=columns,
            header=True,
            reasons=tuple(why),
        )

    def require(self, path: Path) -> Terminal:
        """Why the file was not recognised: the missing columns, and what they may be called."""
        columns = self._columns(_header(path, detect(path)))
        missing = [name for name in self._table.required if name not in columns]
        accepted = "; ".join(f"{name} (also {', '.join(self._table.columns[name][:6])})" for name in missing)
        return Terminal(f"{path}: a table of {self._table.kind} needs a header with {accepted}")

    def zone(self, path: Path, recognised: Recognised, zone: tzinfo | None) -> tuple[tzinfo, str]:
        """The zone as it was given: a CRM's export has nothing that proves it."""
        if zone is None:
            raise Terminal(f"{path}: nothing in a table of {recognised.kind} proves its zone: give --tz by name")
        return zone, f"times without an offset are read in {zone}"

    def read(self, path: Path, recognised: Recognised, context: Context) -> CrmReading:
        return CrmReading(path, recognised, context, self._table)

    def _columns(self, header: list[str]) -> tuple[str, ...]:
        """What each header is; "" for one that is not used. Of several that fit, the surest word's."""
        bare = [re.sub(r"[\s_.\-\"№()]", "", name).casefold() for name in header]
        columns = [""] * len(header)
        for column, words in self._table.columns.items():
            fits = (bare.index(word) for word in words if word in bare)
            place = next((place for place in fits if not columns[place]), None)
            if place is not None:
                columns[place] = column
        return tuple(columns)


def _header(path: Path, form: Form) -> list[str]:
    first = next(iter(Rows(path, form)), None)
    if not isinstance(first, Row):
        raise Terminal(f"{path}: no header row")
    return first.fields


class CrmReading:
    """Iterate for the records and rejects of a table; each data row gives exactly one."""

    def __init__(self, path: Path, recognised: Recognised, context: Context, table: Table) -> None:
        self.rows = 0
        self._path = path
        self._context = context
        self._table = table
        self._columns = recognised.columns
        form = Form(recognised.encoding, recognised.delimiter, recognised.line_end)
        self._text = Rows(path, form, frozenset({len(recognised.columns)}))

    @property
    def bytes_total(self) -> int:
        return self._text.bytes_total

    @property
    def bytes_read(self) -> int:
        return self._text.bytes_read

    def __iter__(self) -> Iterator[Record | Rejected]:
        rows = iter(self._text)
        next(rows, None)
        for row in rows:
            self.rows += 1
            try:
                yield self._record(row)
            except Misread as misread:
                yield reject(misread.bad, row.text, row.line, self._path.name, self._context)
        if not self.rows:
            raise Terminal(f"{self._path}: a header and no rows: nothing to load")

    def _record(self, row: Row | TooLong) -> Record:
        if isinstance(row, TooLong):
            raise Misread(*too_long())
        if "\0" in row.text:
            raise Misread(Reason.NUL_BYTE, detail="the row holds NUL bytes")
        if len(row.fields) != len(self._columns):
            found = f"{len(row.fields)} columns, {len(self._columns)} expected"
            raise Misread(Reason.WRONG_WIDTH if row.whole else Reason.TRUNCATED, detail=found)
        if not row.whole and row.text.count('"') % 2:
            raise Misread(Reason.TRUNCATED, detail="the row ends inside of quotes")
        cells = dict.fromkeys(self._table.columns, "")
        cells.update((column, cell) for column, cell in zip(self._columns, row.fields, strict=True) if column)
        return self._table.make(cells, self._context, f"{self._path.name}:{row.line}")
