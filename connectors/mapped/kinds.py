"""What can be read from a table of somebody's own: our columns, the headers by which they are proposed, what is needed.

Headers are of amoCRM and Kommo, Bitrix24, HubSpot, 1C, and of spreadsheets that people keep, in Russian and English.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from connectors.crm import managers, organisations, proposals, stages
from connectors.crm.definition import CrmTable


class MappedColumn(NamedTuple):
    """One of our columns; `keywords` are bare headers, the surest first."""

    keywords: tuple[str, ...]
    holds: str = ""
    """What its values must look like to be proposed: time, phone, length, link; "" for anything."""
    takes_all: bool = False
    """Whether every column that fits is a part of it: several phones."""


class TableKind(NamedTuple):
    """One kind of table."""

    columns: Mapping[str, MappedColumn]
    needed: Sequence[frozenset[str]]
    """Of each of these sets, at least one column or constant."""
    table: CrmTable | None = None
    """How its cells become a record; None for calls."""


def _needed(*names: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(name.split("|")) for name in names)


_NAMES = (
    *("компания", "названиекомпании", "компанияконтакта", "контрагент", "организация", "клиент", "заказчик"),
    *("companyname", "company", "associatedcompany", "primarycompany", "organisation", "organization", "account"),
    *("accountname", "customer", "партнер"),
)
_COMPANY = (
    *("idкомпании", "companyid", "associatedcompanyids", "associatedcompanyid", "кодконтрагента"),
    *(*_NAMES, "инн"),
)
"""How tables name the organisation that they are about. A name before an ИНН: exports of deals have names alone, and
the tables of one CRM must mean the same by it."""
_OWNER = (
    *("ответственный", "ответственныйid", "ответственныйменеджер", "менеджер", "сотрудник", "assignedbyid", "owner"),
    *("hubspotownerid", "contactowner", "dealowner", "companyowner"),
    *("responsible", "responsibleuser", "responsibleuserid", "manager", "salesrep", "кемсоздан"),
)
CALLS = TableKind(
    {
        "start": MappedColumn(
            (
                *("началозвонка", "датаивремязвонка", "датаивремя", "датавремя", "времяначала", "начало"),
                *("датазвонка", "дата", "startedat", "starttime", "calldate", "datetime", "datetimestart"),
                *(
                    "datetimestartutc",
                    "activitydate",
                    "datestarted",
                    "callstart",
                    "calltime",
                    "start",
                    "date",
                    "timestamp",
                    "created",
                    "createdat",
                    "время",
                    "time",
                ),
            ),
            "time",
        ),
        "time": MappedColumn(("время", "времязвонка", "time", "calltime"), "clock"),
        "answer": MappedColumn(
            (
                *("времяответа", "ответ", "answeredat", "answertime", "answer", "datetimeconnectutc"),
                *("dateconnected", "answerstarttime"),
            ),
            "time",
        ),
        "end": MappedColumn(
            (
                *("времяокончания", "окончание", "конец", "завершение", "конецзвонка", "endedat", "endtime", "end"),
                *("finish", "finishtime", "datetimeendutc", "dateended", "callendtime"),
            ),
            "time",
        ),
        "wait": MappedColumn(
            (
                "времяожидания",
                "ожидание",
                "дозвон",
                "длительностьожидания",
                "wait",
                "waittime",
                "ringtime",
                "ringduration",
                "ringingduration",
                "ringing",
            ),
            "length",
        ),
        "talk": MappedColumn(
            (
                *("длительностьразговора", "времяразговора", "продолжительностьразговора", "разговор", "talktime"),
                *("talkduration", "billsec", "talk", "talking", "billedduration", "conversation", "разговорсек"),
            ),
            "length",
        ),
        "duration": MappedColumn(
            (
                *("длительность", "продолжительность", "длительностьзвонка", "общаядлительность", "длит", "duration"),
                *("длительностьсек", "длительностьс", "callduration", "durationsec", "durationseconds", "length"),
                *("totalduration", "calllength", "durationsecs", "secdur"),
            ),
            "length",
        ),
        "direction": MappedColumn(
            (
                *("направление", "направлениезвонка", "типзвонка", "тип", "видзвонка", "direction", "calldirection"),
                *("calltype", "type"),
            )
        ),
        "status": MappedColumn(
            (
                *("статус", "статусзвонка", "результат", "результатзвонка", "итог", "состояние", "disposition"),
                *("callstatus", "status", "actionresult", "result", "outcome", "calloutcome", "answered", "отвечен"),
            )
        ),
        "contact": MappedColumn(
            (
                *("номерклиента", "телефонклиента", "клиент", "номерабонента", "абонент", "внешнийномер", "телефон"),
                *(
                    "номертелефона",
                    "номер",
                    "client",
                    "clientnumber",
                    "customernumber",
                    "customerphone",
                    "contactphone",
                ),
                *("phonenumber", "phone", "externalnumber", "externalparty", "contact", "contactnumber", "number"),
            ),
            "phone",
        ),
        "extension": MappedColumn(
            (
                *("внутреннийномер", "внутренний", "добавочный", "сотрудник", "менеджер", "оператор", "ответственный"),
                *("ктоответил", "extension", "ext", "agent", "agentname", "employee", "user", "operator", "manager"),
                *("activityassignedto", "assignedto", "email", "useremail"),
            )
        ),
        "from": MappedColumn(
            (
                *("кто", "ктозвонил", "откуда", "звонящий", "вызывающий", "номеразвонившего", "ктозвонит", "номера"),
                *("исходящийномер", "from", "fromnumber", "caller", "callernumber", "callerid", "source", "src"),
                *("sourcenumber", "callingnumber", "callingnum", "anumber", "callfrom"),
            )
        ),
        "to": MappedColumn(
            (
                *("кому", "куда", "комузвонил", "комузвонили", "вызываемый", "номерб", "набранныйномер", "to"),
                *("tonumber", "callee", "called", "callednumber", "calleenumber", "destination", "dst"),
                *("destinationnumber", "dialednumber", "dialednum", "dialled", "bnumber", "callto"),
            )
        ),
        "did": MappedColumn(
            ("линия", "номерлинии", "виртуальныйномер", "нашномер", "did", "line", "destinationdid", "linenumber")
        ),
        "queue": MappedColumn(("очередь", "группа", "queue", "ringgroup", "queuename")),
        "recording": MappedColumn(
            ("запись", "ссылканазапись", "recording", "record", "recordingurl", "recordingfile"), "link"
        ),
        "call_id": MappedColumn(("идентификаторзвонка", "linkedid", "sessionid", "callsession", "entryid")),
        "id": MappedColumn(
            (
                "id",
                "idзвонка",
                "idзаписи",
                "uid",
                "callid",
                "uniqueid",
                "номерзаписи",
                "recordid",
                "cdrid",
                "uuid",
                "guid",
                "код",
            )
        ),
    },
    _needed("start", "contact|from", "contact|to", "talk|duration|end|status"),
)
ORGANISATIONS = TableKind(
    {
        "id": MappedColumn(
            (
                *("idкомпании", "companyid", "associatedcompanyids", "recordid", "hsobjectid", "кодконтрагента"),
                *(*_NAMES, "наименование", "наименованиевпрограмме", "название", "name", "title"),
                *("инн", "accountid", "idконтакта", "id", "код"),
            )
        ),
        "name": MappedColumn(
            (*_NAMES, "наименование", "наименованиевпрограмме", "название", "name", "title", "полноенаименование")
        ),
        "phones": MappedColumn(
            (
                *("телефоны", "телефон", "рабочийтелефон", "рабочийтел", "рабтел", "рабочийпрямойтелефон"),
                *("мобильныйтелефон", "мобтелефон", "мобильный", "домашнийтелефон", "другойтелефон", "номертелефона"),
                *("контактныйтелефон", "телефонконтрагента", "phones", "phone", "phonenumber", "workphone"),
                *("mobilephone", "mobilephonenumber", "mobile", "otherphone", "companyphone", "phonework"),
                *("tel", "рабочийтелефонконтакт", "телефондлясвязи"),
            ),
            "phone",
            takes_all=True,
        ),
        "manager_id": MappedColumn((*_OWNER, "основнойменеджер")),
        "status": MappedColumn(("статускомпании", "статусорганизации", "companystatus", "accountstatus")),
        "merged_into": MappedColumn(("объединенас", "объединенав", "mergedinto", "mergedto", "duplicateof")),
    },
    _needed("id", "phones"),
    organisations.TABLE,
)
STAGES = TableKind(
    {
        "organisation_id": MappedColumn(_COMPANY),
        "stage": MappedColumn(
            (
                *("этапсделки", "этап", "стадиясделки", "стадия", "статуссделки", "статус", "dealstage", "stage"),
                *("lifecyclestage", "pipelinestage", "leadstatus", "status", "stageid"),
                *("stagename", "этапворонки", "состояние"),
            )
        ),
        "changed_at": MappedColumn(
            (
                *(
                    "датаизменениястадии",
                    "датасменыэтапа",
                    "датасменыстадии",
                    "датаизменения",
                    "датапоследнегоизменения",
                ),
                *("датаредактирования", "изменен", "когдаизменена", "измененавмомент", "movedtime"),
                *("datemodify", "stagechangedat", "dateenteredstage", "lastmodifieddate", "lastmodified", "updatedat"),
                *("hslastmodifieddate", "modified", "датазакрытия", "датасоздания"),
                *("дата", "changedat", "createdate", "date"),
            ),
            "time",
        ),
        "manager_id": MappedColumn(_OWNER),
    },
    _needed("organisation_id", "stage", "changed_at"),
    stages.TABLE,
)
PROPOSALS = TableKind(
    {
        "proposal_id": MappedColumn(
            (
                *("номерпредложения", "номеркп", "номердокумента", "номер", "idсделки", "dealid", "quoteid"),
                *("quotenumber", "recordid", "proposalid", "hsobjectid", "id", "number", "код"),
                *("сделка", "предложение"),
            )
        ),
        "organisation_id": MappedColumn(_COMPANY),
        "manager_id": MappedColumn(_OWNER),
        "kind": MappedColumn(("видпредложения", "типпредложения", "вид", "тип", "kind", "proposaltype", "quotetype")),
        "sent_at": MappedColumn(
            (
                *("датаотправки", "отправлено", "датадокумента", "датасоздания", "датасозданиясделки", "дата"),
                *("создан", "создано", "когдасоздана", "sentat", "datesent", "createdate", "createddate", "datecreate"),
                *("createdat", "created", "date"),
            ),
            "time",
        ),
        "amount": MappedColumn(
            (
                *("сумма", "суммасделки", "бюджет", "бюджетсделки", "суммадокумента", "amount", "dealamount", "price"),
                *("opportunity", "total", "value", "sum", "стоимость"),
            )
        ),
        "currency": MappedColumn(("валюта", "валютадокумента", "currency", "currencyid", "dealcurrencycode")),
        "revision": MappedColumn(("редакция", "версия", "revision", "version")),
        "status": MappedColumn(("статуспредложения", "статускп", "proposalstatus", "quotestatus")),
    },
    _needed("proposal_id", "organisation_id", "manager_id", "kind", "sent_at"),
    proposals.TABLE,
)
MANAGERS = TableKind(
    {
        "id": MappedColumn(
            (
                *("табельныйномер", "idсотрудника", "idпользователя", "userid", "ownerid", "managerid", "employeeid"),
                *("id", "код", "логин", "login", "email", "почта", "сотрудник", "фио", "имя", "name"),
            )
        ),
        "name": MappedColumn(
            ("фио", "сотрудник", "имя", "менеджер", "пользователь", "fullname", "name", "user", "owner")
        ),
        "team": MappedColumn(("отдел", "подразделение", "группа", "команда", "team", "department", "group")),
        "extensions": MappedColumn(
            (
                *("внутренниеномера", "внутреннийномер", "внутренний", "добавочный", "внутреннийтелефон", "extensions"),
                *("extension", "ext", "internalnumber", "ufphoneinner", "номер"),
            )
        ),
        "valid_from": MappedColumn(("действуетс", "работаетс", "датаприема", "validfrom", "since"), "time"),
        "valid_to": MappedColumn(("действуетпо", "датаувольнения", "уволен", "validto", "until"), "time"),
    },
    _needed("id", "extensions"),
    managers.TABLE,
)
KINDS: dict[str, TableKind] = {
    "calls": CALLS,
    "organisations": ORGANISATIONS,
    "stages": STAGES,
    "proposals": PROPOSALS,
    "managers": MANAGERS,
}
TIMES = frozenset({"changed_at", "sent_at", "valid_from", "valid_to"})
"""Columns of the tables that are read as times here, so that any spelling of one will do."""


def bare(header: str) -> str:
    """A header without its case, spaces and marks, as `keywords` above are."""
    return "".join(char for char in header.casefold() if char.isalnum()).replace("ё", "е")


def spellings(header: str) -> set[str]:
    """What a header may be known by: itself, and the last key of HubSpot's `properties.phone`."""
    first, _, rest = header.partition(".")
    return {bare(header), bare(rest)} if first == "properties" else {bare(header)}
