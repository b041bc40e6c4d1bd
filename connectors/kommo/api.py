"""Kommo and amoCRM, API v4: users, companies, contacts, leads with their moves, calls out of notes. Pure.

Pages by number shift while rows come and go, so a window is read whole: where it does not fit into one page it is
halved, down to a minute, and only within that are pages followed. Source: the vendors' documentation of API v4.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Sequence
from datetime import datetime, timedelta
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
from connectors.api.tokens import Refreshing
from connectors.api.verdicts import slow_down
from connectors.kommo.crm import Fields, call, deleted, linked, manager, number, organisation, rows_of, time_of
from connectors.kommo.moves import Leads, leads_rows
from connectors.kommo.prices import CHANGED
from connectors.kommo.survey import survey
from schemas.errors import Terminal
from schemas.records import Record

PAGE = 250
EVENTS = 100
"""Of one page; the document says more, and clients got no more."""
_IDS = 10
"""Objects that one request may ask the events of."""
_OVERLAP = timedelta(minutes=5)
_WHOLE_BELOW = timedelta(minutes=2)
_ADDRESS = re.compile(r"https?://[^/\s]+/?")
_SHORTEST_TOKEN = 20
_GONE = "company_deleted,contact_deleted,entity_merged"
_Read = Callable[[PullWindow, str, FreshContext], Reader]
_Query = tuple[tuple[str, str], ...]
_Rows = Callable[[Sequence[Fields]], Generator[ApiRequest, Any, tuple[PulledRow, ...]]]


def _parts(secret: str) -> list[str]:
    """The address, and a token or what renews one. Raises Terminal."""
    parts = secret.split()
    if len(parts) not in (2, 5) or not _ADDRESS.fullmatch(parts[0]) or len(parts[-1]) < _SHORTEST_TOKEN:
        raise Terminal(
            "it must hold the account's address and a long-lived token of a private integration, with a space between:"
            " https://NAME.amocrm.ru TOKEN; or, of OAuth, ADDRESS CLIENT_ID CLIENT_SECRET REDIRECT_URI REFRESH_TOKEN"
        )
    return [parts[0].rstrip("/"), *parts[1:]]


def get(path: str, *query: tuple[str, str], optional: bool = False) -> ApiRequest:
    """One limit for everything."""
    return ApiRequest(f"/api/v4/{path}", "v4", "GET", query, optional=optional)


def within(field: str, window: PullWindow) -> _Query:
    """The filter of a window, both ends of which are included there."""
    found = [(f"filter[{field}][from]", str(int(window.since.timestamp())))]
    if window.until is not None:
        found.append((f"filter[{field}][to]", str(int(window.until.timestamp()) - 1)))
    return tuple(found)


class KommoAdapter:
    """Seven requests within any second are allowed; who goes on beyond is blocked by address."""

    limits = AccountLimits(per_s=4.0, burst=3.0)

    def __init__(self, options: PullOptions) -> None:
        self._options = options

    def account(self, secret: str) -> Account:
        address, *parts = _parts(secret)
        return Account(address, {"Authorization": f"Bearer {parts[0]}"} if len(parts) == 1 else {})

    def refreshing(self, secret: str) -> Refreshing | None:
        address, *parts = _parts(secret)
        if len(parts) == 1:
            return None
        client_id, client_secret, redirect_uri, seed = parts

        def request(refresh_token: str) -> ApiRequest:
            body = {
                "client_id": client_id,
                "client_secret": client_secret,
                "grant_type": "refresh_token",
                "refresh_token": refresh_token,
                "redirect_uri": redirect_uri,
            }
            return ApiRequest("/oauth2/access_token", "oauth", body=body)

        def account(access: str) -> Account:
            return Account(address, {"Authorization": f"Bearer {access}"})

        return Refreshing(seed, Account(address), request, account)

    def streams(self) -> tuple[PullStream, ...]:
        def changed(name: str, read: _Read) -> PullStream:
            return PullStream(name, Order.BY_TIME, read, overlap=_OVERLAP, from_beginning=True)

        def notes(entity: str) -> PullStream:
            read: _Read = lambda window, cursor, fresh: self._calls(entity, window, cursor, fresh)  # noqa: E731
            return PullStream(f"calls-{entity}", Order.BY_TIME, read, overlap=_OVERLAP, is_mapped=False)

        return (
            PullStream("users", Order.WHOLE, self._users, every=timedelta(hours=1)),
            changed("companies", self._companies),
            changed("contacts", self._contacts),
            changed("leads", self._leads),
            *(notes(one) for one in ("contacts", "companies", "leads") if self._options.copies != "skip"),
            PullStream(
                "deleted",
                Order.BY_TIME,
                self._deleted,
                overlap=timedelta(minutes=30),
                step=timedelta(days=30),
                is_mapped=False,
            ),
        )

    def classify(self, response: ApiResponse, now: datetime) -> Verdict:
        return classify(response)

    def _users(self, window: PullWindow, cursor: str, fresh: FreshContext) -> Reader:
        found: list[Fields] = []
        page, more = 1, True
        while more:
            answer = yield get("users", ("limit", str(PAGE)), ("page", str(page)))
            found += rows_of(answer, "users")
            page, more = page + 1, _has_next(answer)
        context = fresh()
        rows = (manager(one, self._options, context) for one in found)
        yield PulledPage(tuple(row for row in rows if row.items), "", True)

    def _companies(self, window: PullWindow, cursor: str, fresh: FreshContext) -> Reader:
        options = self._options

        def rows(found: Sequence[Fields]) -> Generator[ApiRequest, Any, tuple[PulledRow, ...]]:
            made = yield from _companies_with_contacts(found, fresh, options)
            return tuple(
                PulledRow(number(one), time_of(one, "updated_at"), (record,))
                for one, record in zip(found, made, strict=True)
            )

        return _windowed("companies", window, cursor, rows, ("with", "contacts"))

    def _contacts(self, window: PullWindow, cursor: str, fresh: FreshContext) -> Reader:
        """Contacts that changed: those of a company are read with all of it, since it has their numbers."""
        options = self._options

        def rows(found: Sequence[Fields]) -> Generator[ApiRequest, Any, tuple[PulledRow, ...]]:
            owners = sorted({one for contact in found for one in linked(contact, "companies")})
            companies = yield from _by_id("companies", owners, ("with", "contacts"))
            made = yield from _companies_with_contacts(companies, fresh, options)
            by_id = {number(one): record for one, record in zip(companies, made, strict=True)}
            context = fresh()

            def of(contact: Fields) -> tuple[Record, ...]:
                if not (owners := linked(contact, "companies")):
                    return (organisation(f"C_{number(contact)}", contact, (), context, options),)
                return tuple(by_id[one] for one in owners if one in by_id)

            return tuple(PulledRow(number(one), time_of(one, "updated_at"), of(one)) for one in found)

        return _windowed("contacts", window, cursor, rows)

    def _leads(self, window: PullWindow, cursor: str, fresh: FreshContext) -> Reader:
        options = self._options

        def rows(found: Sequence[Fields]) -> Generator[ApiRequest, Any, tuple[PulledRow, ...]]:
            leads = yield from _with_others(found, options)
            answer = yield get("account", optional=True)
            currency = str((answer or {}).get("currency") or "")
            return leads_rows(found, leads, currency, fresh(), options)

        return _windowed("leads", window, cursor, rows, ("with", "contacts"))

    def _deleted(self, window: PullWindow, cursor: str, fresh: FreshContext) -> Reader:
        """Companies and contacts that were deleted or merged, and cannot be read any more, are taken back.

        Which one has the numbers of a merged one is not told: it changes, and so is read again with them.
        """
        page, is_last, path = int(cursor or 1), False, {"company": "companies", "contact": "contacts"}
        wanted = (("filter[type]", _GONE), *within("created_at", window), ("limit", str(EVENTS)))
        while not is_last:
            answer = yield get("events", *wanted, ("page", str(page)))
            found = rows_of(answer, "events")
            is_last = not _has_next(answer)
            if not is_last and not _is_short(window):
                yield PulledPage((), "", is_cut=True)
                return
            rows: list[PulledRow] = []
            for entity, list_name in path.items():
                events = {number(one, "entity_id"): one for one in found if one.get("entity_type") == entity}
                there = yield from _by_id(list_name, sorted(events))
                gone = events.keys() - {number(one) for one in there}
                context = fresh()
                rows += [deleted(events[one], context) for one in sorted(gone)]
            page += 1
            yield PulledPage(tuple(rows), str(page), is_last)

    def _calls(self, entity: str, window: PullWindow, cursor: str, fresh: FreshContext) -> Reader:
        def rows(found: Sequence[Fields]) -> Generator[ApiRequest, Any, tuple[PulledRow, ...]]:
            yield from ()
            context = fresh()
            return tuple(call(note, context) for note in found)

        kinds = (("filter[note_type][]", "call_in"), ("filter[note_type][]", "call_out"))
        return _windowed(f"{entity}/notes", window, cursor, rows, *kinds)


def _windowed(path: str, window: PullWindow, cursor: str, rows: _Rows, *query: tuple[str, str]) -> Reader:
    """What changed in a window: in one page, or it is cut; within two minutes page after page."""
    pages = _is_short(window)
    page, is_last = int(cursor or 1), False
    while not is_last:
        # Two pages of one moment keep their order by id, which nothing changes.
        wanted = (
            *query,
            *within("updated_at", window),
            ("order[id]", "asc"),
            ("limit", str(PAGE)),
            ("page", str(page)),
        )
        answer = yield get(path, *wanted)
        found = sorted(rows_of(answer, path.rpartition("/")[2]), key=number)
        is_last = not _has_next(answer)
        if not is_last and not pages:
            yield PulledPage((), "", is_cut=True)
            return
        made = yield from rows(found)
        page += 1
        yield PulledPage(made, str(page), is_last)


def _is_short(window: PullWindow) -> bool:
    """It is read page after page."""
    return window.until is not None and window.until - window.since <= _WHOLE_BELOW


def _by_id(path: str, ids: Sequence[int], *query: tuple[str, str]) -> Generator[ApiRequest, Any, list[Fields]]:
    """Objects by their ids; those that cannot be read are not among them."""
    found: list[Fields] = []
    for some in chunks(ids, 100):
        ids_of = tuple(("filter[id][]", str(one)) for one in some)
        answer = yield get(path, *query, *ids_of, ("limit", str(PAGE)))
        found += rows_of(answer, path)
    return found


def _companies_with_contacts(
    companies: Sequence[Fields], fresh: FreshContext, options: PullOptions
) -> Generator[ApiRequest, Any, list[Record]]:
    ids = sorted({one for company in companies for one in linked(company, "contacts")})
    contacts = yield from _by_id("contacts", ids)
    by_id, context = {number(one): one for one in contacts}, fresh()
    return [
        organisation(
            f"CO_{number(one)}", one, [by_id[c] for c in linked(one, "contacts") if c in by_id], context, options
        )
        for one in companies
    ]


def _with_others(found: Sequence[Fields], options: PullOptions) -> Generator[ApiRequest, Any, Leads]:
    """These leads with their moves; where the rule wants it, with every other lead of their organisations."""
    by_id = {number(lead): lead for lead in found}
    companies = {one for lead in found for one in linked(lead, "companies")}
    contacts = {one for lead in found if not linked(lead, "companies") for one in linked(lead, "contacts")}
    people = yield from _by_id("contacts", sorted(contacts), ("with", "leads"))
    companies_of = {number(one): owner for one in people for owner in linked(one, "companies")[:1]}
    if options.deals == "furthest" or (options.before is not None and options.before.deals == "furthest"):
        owners = yield from _by_id(
            "companies", sorted(companies | set(companies_of.values())), ("with", "contacts,leads")
        )
        more = {one for owner in owners for one in linked(owner, "contacts")} - contacts
        people += yield from _by_id("contacts", sorted(more), ("with", "leads"))
        companies_of = {number(one): owner for one in people for owner in linked(one, "companies")[:1]}
        others = {one for thing in (*owners, *people) for one in linked(thing, "leads")} - set(by_id)
        leads = yield from _by_id("leads", sorted(others), ("with", "contacts"))
        by_id |= {number(lead): lead for lead in leads}
    kinds = "lead_status_changed" + (f",{CHANGED}" if "deals" in options.proposals else "")
    events = yield from _events_of(sorted(by_id), kinds)
    return Leads(by_id, companies_of, events)


def _events_of(leads: Sequence[int], kinds: str) -> Generator[ApiRequest, Any, dict[int, list[Fields]]]:
    """Lead -> every event of these kinds, as the account has kept them."""
    found: dict[int, list[Fields]] = {}
    for some in chunks(leads, _IDS):
        of = (("filter[entity]", "lead"), *(("filter[entity_id][]", str(one)) for one in some))
        page, more = 1, True
        while more:
            wanted = (("filter[type]", kinds), *of, ("limit", str(EVENTS)), ("page", str(page)))
            answer = yield get("events", *wanted)
            for event in rows_of(answer, "events"):
                found.setdefault(number(event, "entity_id"), []).append(event)
            page, more = page + 1, _has_next(answer)
    return found


def _has_next(answer: Any) -> bool:
    return bool(answer) and bool(answer.get("_links", {}).get("next"))


class _Problem(msgspec.Struct):
    title: str = ""
    detail: str = ""


def classify(response: ApiResponse) -> Verdict:
    """By the status; the body is `application/problem+json`."""
    status = response.status
    if status == 204:
        return Verdict(VerdictKind.EMPTY)
    if status in (200, 202):
        return Verdict(VerdictKind.OK)
    problem = decoded_like(_Problem(), response.body)
    message = f"status {status} {problem.detail or problem.title}".strip()[:200]
    if status == 401:
        return Verdict(VerdictKind.EXPIRED, f"the token is wrong, over or revoked: make a new one ({message})")
    if status == 402:
        return Verdict(VerdictKind.PLAN, f"the account is not paid ({message})")
    if status == 403:
        detail = "the token's user may not read this, or this machine's address is blocked for too many requests"
        return Verdict(VerdictKind.FORBIDDEN, f"{detail} ({message})")
    if status == 429:
        return slow_down(response, message, 2.0)
    return Verdict(VerdictKind.RETRY if status >= 500 else VerdictKind.FATAL, message)


API = ApiConnector(
    kind="kommo",
    title="Kommo, amoCRM",
    secret="the account's address and a long-lived token: https://NAME.amocrm.ru TOKEN",  # noqa: S106  # in words
    variable="CALLFUNNEL_KOMMO",
    adapter=KommoAdapter,
    survey=survey,
    reads="users, companies, contacts, leads with every move, prices with every change as proposals, calls out of"
    " notes, deleted and merged companies and contacts",
    ids="call `params.uniq`, leg the note; `CO_n` a company, `C_n` a contact without one, `n` a lead; `D_n` its price",
    rights="a private integration's long-lived token of an administrator",
    counterpart="a server made from the vendors' documentation",
    documented="objects, events of moves with their author, 142 and 143, filters, 7 requests a second, refresh tokens",
    seen="204 for nothing, 100 events of a page, calls as notes with `params.uniq`",
    unconfirmed="which object an event of a merge names; whether a note's time is the call's start; notes by id;"
    " how many ids one request may ask",
)
