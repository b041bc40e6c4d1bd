"""HubSpot's CRM API: owners, companies, contacts, deals with their histories, quotes, calls. Pure.

Objects that changed are searched for by the time of their last change, in order of their ids, page after page behind
the last id: the search gives no more than 10,000 rows of one question, and pages by number shift. It lags behind by
seconds or minutes, and knows no history and no associations: those are read by ids. Source: HubSpot's documentation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import msgspec

from connectors.api.adapter import (
    Account,
    AccountLimits,
    ApiConnector,
    ApiRequest,
    ApiResponse,
    FreshContext,
    Order,
    PulledPage,
    PulledRow,
    PullOptions,
    PullStream,
    PullWindow,
    Reader,
    Verdict,
    VerdictKind,
    chunks,
)
from connectors.api.answers import decoded_like
from connectors.api.credential import address_and_key
from connectors.api.people import managers_page
from connectors.api.tokens import Refreshing
from connectors.api.verdicts import by_status, slow_down
from connectors.hubspot.crm import (
    CALL,
    COMPANY,
    CONTACT,
    KIND,
    QUOTE,
    Fields,
    call,
    gone,
    merged,
    number,
    organisation,
    properties,
    quote,
    rejected,
    rows_of,
    time_of,
    user,
)
from connectors.hubspot.deals import DEAL, HISTORIES, OwnedDeals, deal_rows
from connectors.hubspot.survey import get, next_of, owners_of, pipelines_of, survey
from connectors.reading.rejects import Misread
from schemas.records import Record

PAGE = 100
WITH_HISTORY = 50
_BATCH = 100
_HOST = "https://api.hubapi.com"
_KEY = re.compile(r"\S{16,}")
_HOLDS = "the access token of a private app: pat-..."
_Made = Generator[ApiRequest, Any, tuple[PulledRow, ...]]
_Rows = Callable[[Sequence[Fields], FreshContext], _Made]
_HOUR = timedelta(hours=1)


def _post(path: str, body: object, group: str = "crm") -> ApiRequest:
    return ApiRequest(f"/crm/{path}", group, body=body)


class HubspotAdapter:
    """A hundred requests in ten seconds of a private app, of which five searches a second."""

    limits = AccountLimits(per_s=8.0, burst=10.0, per_day=240_000, groups=MappingProxyType({"search": 3.5}))

    def __init__(self, options: PullOptions) -> None:
        self._options = options

    def account(self, secret: str) -> Account:
        address, token = address_and_key(secret, _HOST, _KEY, _HOLDS)
        return Account(address, {"Authorization": f"Bearer {token}"})

    def refreshing(self, secret: str) -> Refreshing | None:
        return None

    def streams(self) -> tuple[PullStream, ...]:
        options = self._options

        def changed(name: str, shown: Sequence[str], rows: _Rows, *, whole: bool = True) -> PullStream:
            def read(window: PullWindow, cursor: str, fresh: FreshContext) -> Reader:
                return _searched(name, shown, window, cursor, fresh, rows)

            late = timedelta(minutes=10)  # the search lags behind
            is_mapped = name != "calls"
            return PullStream(name, Order.BY_TIME, read, overlap=late, from_beginning=whole, is_mapped=is_mapped)

        found = [
            PullStream("users", Order.WHOLE, self._users, every=_HOUR),
            changed("companies", COMPANY, self._companies),
            changed("contacts", CONTACT, self._contacts),
            changed("deals", ("hs_lastmodifieddate",), self._deals),
        ]
        if "quotes" in options.proposals:
            found.append(changed("quotes", QUOTE, self._quotes, whole=False))
        if options.copies != "skip":
            found.append(changed("calls", CALL, self._calls, whole=False))
        found.append(PullStream("deleted", Order.WHOLE, self._deleted, every=_HOUR, is_mapped=False))
        return tuple(found)

    def classify(self, response: ApiResponse, now: datetime) -> Verdict:
        return classify(response)

    def _users(self, window: PullWindow, cursor: str, fresh: FreshContext) -> Reader:
        owners = yield from owners_of()
        yield managers_page([user(owner) for owner in owners], KIND, fresh(), self._options)

    def _companies(self, found: Sequence[Fields], fresh: FreshContext) -> _Made:
        contacts = yield from _contacts_of([number(row) for row in found])
        context, options = fresh(), self._options

        def made(row: Fields) -> tuple[Record, ...]:
            known = organisation(f"CO_{number(row)}", row, contacts.get(number(row), ()), context, options)
            return (known, *merged(row, "CO", context))

        return tuple(PulledRow(number(row), time_of(row, "hs_lastmodifieddate"), made(row)) for row in found)

    def _contacts(self, found: Sequence[Fields], fresh: FreshContext) -> _Made:
        """Contacts that changed: those of a company are read with all of it, since it has their numbers."""
        owners = sorted({_company_of(row) for row in found} - {0})
        companies = yield from _read("companies", COMPANY, owners)
        contacts = yield from _contacts_of(owners)
        context, options = fresh(), self._options

        def made(row: Fields) -> tuple[Record, ...]:
            owner = _company_of(row)
            if not owner:
                known = organisation(f"C_{number(row)}", row, (), context, options)
            elif owner in companies:
                known = organisation(f"CO_{owner}", companies[owner], contacts.get(owner, ()), context, options)
            else:
                return ()
            return (known, *merged(row, "C", context))

        return tuple(PulledRow(number(row), time_of(row, "lastmodifieddate"), made(row)) for row in found)

    def _deals(self, found: Sequence[Fields], fresh: FreshContext) -> _Made:
        """Deals that changed; where the rule wants it, with every other deal of their organisations."""
        options = self._options
        account = yield from pipelines_of()
        ids = [number(row) for row in found]
        owners = yield from _organisations_of("deals", ids)
        if options.deals == "furthest" or (options.before is not None and options.before.deals == "furthest"):
            more = yield from _deals_of(set(owners.values()))
            others = sorted(more - set(ids))
            owners |= yield from _organisations_of("deals", others)
            ids += others
        by_id = yield from _read("deals", DEAL, ids, HISTORIES)
        answer = yield get("/account-info/v3/details", optional=True)
        currency = str(answer.get("companyCurrency") or "") if isinstance(answer, dict) else ""
        return deal_rows(found, OwnedDeals(by_id, owners), account, currency, fresh(), options)

    def _quotes(self, found: Sequence[Fields], fresh: FreshContext) -> _Made:
        owners = yield from _organisations_of("quotes", [number(row) for row in found])
        context, options = fresh(), self._options

        def made(row: Fields) -> PulledRow:
            key, at = number(row), time_of(row, "hs_lastmodifieddate")
            try:
                known = quote(row, owners.get(key, ""), context, options)
            except Misread as misread:
                return PulledRow(key, at, (rejected(misread.bad, row, "quote", context),))
            return PulledRow(key, at, () if known is None else (known,))

        return tuple(map(made, found))

    def _calls(self, found: Sequence[Fields], fresh: FreshContext) -> _Made:
        yield from ()
        context = fresh()
        return tuple(call(row, context) for row in found)

    def _deleted(self, window: PullWindow, cursor: str, fresh: FreshContext) -> Reader:
        """Companies and contacts in the bin, for ninety days."""
        rows: list[PulledRow] = []
        for kind, short in (("companies", "CO"), ("contacts", "C")):
            answer, behind = None, ""
            while answer is None or behind:
                query = (("archived", "true"), ("limit", str(PAGE)), ("properties", "name"))
                answer = yield get(f"/crm/v3/objects/{kind}", *query, *((("after", behind),) if behind else ()))
                context = fresh()
                for row in rows_of(answer):
                    name = f"{short}_{number(row)}"
                    rows.append(PulledRow(0, None, (gone(name, "deleted", context),), name))
                behind = next_of(answer)
        yield PulledPage(tuple(rows), "", True)


def _searched(
    kind: str, shown: Sequence[str], window: PullWindow, cursor: str, fresh: FreshContext, rows: _Rows
) -> Reader:
    """What changed in a window, behind the cursor's id. What has changed again since belongs to a later window."""
    field = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
    after, is_last = int(cursor or 0), False
    while not is_last:
        filters = [_filter(field, "GTE", _ms(window.since)), _filter("hs_object_id", "GT", str(after))]
        if window.until is not None:
            filters.append(_filter(field, "LT", _ms(window.until)))
        sorts = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
        body = {"filterGroups": [{"filters": filters}], "sorts": sorts, "properties": list(shown), "limit": PAGE}
        found = rows_of((yield _post(f"v3/objects/{kind}/search", body, "search")))
        is_last = len(found) < PAGE
        if found:
            after = number(found[-1])
        there = [row for row in found if window.until is None or (time_of(row, field) or window.since) < window.until]
        made = yield from rows(there, fresh)
        yield PulledPage(made, str(after), is_last)


def _filter(field: str, operator: str, value: str) -> dict[str, str]:
    return {"propertyName": field, "operator": operator, "value": value}


def _ms(at: datetime) -> str:
    return str(int(at.timestamp() * 1000))


def _company_of(contact: Fields) -> int:
    """A contact's primary company; 0 for none."""
    return number(properties(contact), "associatedcompanyid")


def _read(
    kind: str, shown: Sequence[str], ids: Sequence[int], histories: Sequence[str] = ()
) -> Generator[ApiRequest, Any, dict[int, Fields]]:
    """Objects by their ids; those that cannot be read are not in it."""
    found: dict[int, Fields] = {}
    for some in chunks(ids, WITH_HISTORY if histories else _BATCH):
        body = {"inputs": [{"id": str(one)} for one in some], "properties": list(shown)}
        body |= {"propertiesWithHistory": list(histories)} if histories else {}
        answer = yield _post(f"v3/objects/{kind}/batch/read", body)
        found |= {number(row): row for row in rows_of(answer)}
    return found


def _contacts_of(companies: Sequence[int]) -> Generator[ApiRequest, Any, dict[int, list[Fields]]]:
    """Company -> the contacts whose primary company it is."""
    linked = yield from _linked("companies", "contacts", companies)
    ids = sorted({one for some in linked.values() for one in some})
    contacts = yield from _read("contacts", CONTACT, ids)
    return {
        owner: [contacts[one] for one in some if one in contacts and _company_of(contacts[one]) == owner]
        for owner, some in linked.items()
    }


def _organisations_of(kind: str, ids: Sequence[int]) -> Generator[ApiRequest, Any, dict[int, str]]:
    """Object -> its company, that of its first contact, or that contact; "" where it names nobody."""
    companies = yield from _linked(kind, "companies", ids)
    alone = [one for one in ids if not companies.get(one)]
    people = yield from _linked(kind, "contacts", alone)
    first = {one: some[0] for one, some in people.items() if some}
    contacts = yield from _read("contacts", CONTACT, sorted(set(first.values())))
    found = {one: f"CO_{companies[one][0]}" if companies.get(one) else "" for one in ids}
    for one, contact in first.items():
        owner = _company_of(contacts[contact]) if contact in contacts else 0
        found[one] = f"CO_{owner}" if owner else f"C_{contact}"
    return found


def _deals_of(organisations: set[str]) -> Generator[ApiRequest, Any, set[int]]:
    """Every deal of these organisations, and of the contacts of the companies among them."""
    companies = sorted(int(one.removeprefix("CO_")) for one in organisations if one.startswith("CO_"))
    contacts = {int(one.removeprefix("C_")) for one in organisations if one.startswith("C_")}
    of_companies = yield from _linked("companies", "deals", companies)
    people = yield from _linked("companies", "contacts", companies)
    contacts |= {one for some in people.values() for one in some}
    of_contacts = yield from _linked("contacts", "deals", sorted(contacts))
    return {one for linked in (of_companies, of_contacts) for some in linked.values() for one in some}


def _linked(kind: str, to: str, ids: Sequence[int]) -> Generator[ApiRequest, Any, dict[int, list[int]]]:
    """Object -> the objects of another kind that it is associated with, in order of their ids."""
    found: dict[int, list[int]] = {}
    for some in chunks(ids, _BATCH):
        answer = yield _post(f"v4/associations/{kind}/{to}/batch/read", {"inputs": [{"id": str(one)} for one in some]})
        for row in rows_of(answer):
            begins = row.get("from")
            ends = row.get("to")
            if isinstance(begins, dict) and isinstance(ends, list):
                linked = {number(one, "toObjectId") for one in ends if isinstance(one, dict)}
                found[number(begins)] = sorted(linked - {0})
    return found


class _HubspotError(msgspec.Struct):
    message: str = ""
    category: str = ""
    errorType: str = ""  # theirs
    policyName: str = ""


def classify(response: ApiResponse) -> Verdict:
    """By the status; 207 is a batch some of whose objects are not there, 477 an account that is moved."""
    status = response.status
    if status == 207:
        return Verdict(VerdictKind.OK)
    error = decoded_like(_HubspotError(), response.body)
    message = f"status {status} {error.category or error.errorType} {error.policyName}".strip()
    if status == 401:
        return Verdict(VerdictKind.AUTH, f"the token is not taken: copy it anew from the private app ({message})")
    if status == 403:
        return Verdict(VerdictKind.FORBIDDEN, f"the private app lacks a scope to this ({message})")
    if status == 429:
        if error.policyName == "DAILY":
            return slow_down(response, f"the day's requests are used up ({message})", 3_600.0)
        return slow_down(response, message, 1.0 if error.policyName == "SECONDLY" else 10.0)
    if status in (423, 477):
        return slow_down(response, message, 10.0)
    return by_status(response, "make a private app under Settings -> Integrations")


API = ApiConnector(
    kind=KIND,
    title="HubSpot",
    secret=_HOLDS,
    variable="CALLFUNNEL_HUBSPOT",
    adapter=HubspotAdapter,
    survey=survey,
    reads="owners, companies, contacts, deals with every move, amounts with every change as proposals, quotes, calls,"
    " deleted and merged companies and contacts",
    ids="call `hs_call_external_id`, else its id; `CO_n` a company, `C_n` a contact without one; `Q_n` a quote, `D_n` a"
    " deal's amount",
    rights="a private app with the scopes crm.objects.owners, .companies, .contacts, .deals and .quotes to read",
    counterpart="a server made from the vendor's documentation",
    documented="search, its 10,000 rows and five a second, batches, histories, associations, limits, archived objects",
    seen="histories are the newest first; of two at one time the first is the newer; the search gives no history",
    unconfirmed="how many old values a history keeps; whether a new contact of a company changes the contact; whether a"
    " search may give a row that has changed since; `hs_call_external_id` of every integration",
)
