"""Bitrix24's REST: calls, users, companies, contacts, stages of deals, quotes and deals as proposals. Pure.

Lists have pages of 50. They are read in order of their ids, each page by a filter `>ID` of the last one: pages by
number shift while rows come, and count the total each time. `voximplant.statistic.get` wants its parameters in upper
case; in lower case they are ignored, and the whole history comes. Source: github.com/bitrix-tools/b24-rest-docs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping, Sequence
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
from connectors.api.tokens import Refreshing
from connectors.bitrix24.crm import Fields, call, company, managers, number, person, proposal, pulled, rows_of
from connectors.bitrix24.moves import KnownDeals, moved
from connectors.bitrix24.survey import survey
from connectors.reading.rejects import Misread
from connectors.reading.source import Context
from schemas.errors import Terminal
from schemas.records import Reason, Record

PAGE = 50
DEAL = 2
_ADDRESS = re.compile(r"(https?://[^/\s]+/rest/\d+/[^/\s]+)/?")
_BUSY_S = 400.0
"""Of 480 s of a method's own time in ten minutes: from there on it waits for the oldest minute to fall out."""
_COMPANY = ("ID", "TITLE", "PHONE", "ASSIGNED_BY_ID", "DATE_MODIFY")
_CONTACT = ("ID", "NAME", "LAST_NAME", "PHONE", "COMPANY_ID", "ASSIGNED_BY_ID", "DATE_MODIFY")
_OWNED = ("ID", "COMPANY_ID", "CONTACT_ID", "ASSIGNED_BY_ID")
_DEAL = (*_OWNED, "OPPORTUNITY", "CURRENCY_ID", "DATE_CREATE", "DATE_MODIFY")
_QUOTE = (*_DEAL, "STATUS_ID")
_Lookup = Generator[ApiRequest, Any, dict[int, Any]]
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def ask(method: str, *, optional: bool = False, **body: object) -> ApiRequest:
    """A request of a method, which is its own group of limits."""
    return ApiRequest(f"/{method}.json", method, body=body, optional=optional)


def listed(method: str, select: Sequence[str], filters: Mapping[str, object], after: int = 0) -> ApiRequest:
    """A page of a list of the CRM behind an id, without the count of the whole."""
    return ask(method, order={"ID": "ASC"}, filter={**filters, ">ID": after}, select=list(select), start=-1)


def history_page(filters: Mapping[str, object]) -> ApiRequest:
    """A page of the stage history of deals."""
    return ask("crm.stagehistory.list", entityTypeId=DEAL, order={"ID": "ASC"}, filter=dict(filters), start=-1)


def within(field: str, window: PullWindow) -> dict[str, object]:
    """The filter of a window. Times say their offset: without one they are the portal's."""
    filters: dict[str, object] = {f">={field}": window.since.isoformat(timespec="seconds")}
    if window.until is not None:
        filters[f"<{field}"] = window.until.isoformat(timespec="seconds")
    return filters


class Bitrix24Adapter:
    """Limits are those of the cloud; a box has none of its own, and is not asked faster."""

    limits = AccountLimits(per_s=2.0, burst=40.0)

    def __init__(self, options: PullOptions) -> None:
        self._options = options

    def account(self, secret: str) -> Account:
        found = _ADDRESS.fullmatch(secret.strip())
        if found is None:
            raise Terminal(
                "this is not the address of an inbound webhook: https://PORTAL/rest/USER/SECRET/, from the portal's"
                " Developer resources -> Other -> Inbound webhook"
            )
        return Account(found[1])

    def refreshing(self, secret: str) -> Refreshing | None:
        return None

    def streams(self) -> tuple[PullStream, ...]:
        def changed(
            name: str, read: Callable[[PullWindow, str, FreshContext], Reader], *, from_beginning: bool = False
        ) -> PullStream:
            overlap = timedelta(minutes=10)
            return PullStream(name, Order.BY_TIME, read, overlap=overlap, from_beginning=from_beginning)

        kinds = {"quotes": self._quotes, "deals": self._deals}
        return (
            PullStream("users", Order.WHOLE, self._users, every=_HOUR),
            # A row comes at the end of a call; its recording and its contact come later.
            PullStream("calls", Order.BY_ID, self._calls, overlap=2 * _HOUR, settle=2 * _DAY, is_mapped=False),
            changed("companies", self._companies, from_beginning=True),
            changed("contacts", self._contacts, from_beginning=True),
            PullStream("stages", Order.BY_ID, self._stages, overlap=_HOUR, from_beginning=True),
            *(changed(name, read) for name, read in kinds.items() if name in self._options.proposals),
        )

    def classify(self, response: ApiResponse, now: datetime) -> Verdict:
        return classify(response, now)

    def _calls(self, window: PullWindow, cursor: str, fresh: FreshContext) -> Reader:
        options = self._options

        def page(after: int) -> ApiRequest:
            filters = {**within("CALL_START_DATE", window), ">ID": after}
            return ask("voximplant.statistic.get", FILTER=filters, SORT="ID", ORDER="ASC", start=0)

        def rows(found: Sequence[Fields]) -> Generator[ApiRequest, Any, tuple[PulledRow, ...]]:
            yield from ()
            context = fresh()
            return tuple(call(row, context, options) for row in found)

        return _pages(cursor, page, rows)

    def _users(self, window: PullWindow, cursor: str, fresh: FreshContext) -> Reader:
        answer = yield ask("department.get", optional=True, sort="ID", order="ASC")
        teams = {} if answer is None else {number(row): str(row.get("NAME") or "") for row in rows_of(answer)}
        users: list[dict[str, Any]] = []
        start: object = 0
        while isinstance(start, int):
            answer = yield ask("user.get", sort="ID", order="ASC", start=start)
            users += rows_of(answer)
            start = answer.get("next")
        found, notes = managers(users, teams, self._options, fresh())
        yield PulledPage(found, "", True, notes=notes)

    def _companies(self, window: PullWindow, cursor: str, fresh: FreshContext) -> Reader:
        options = self._options

        def rows(found: Sequence[Fields]) -> Generator[ApiRequest, Any, tuple[PulledRow, ...]]:
            contacts = yield from _contacts_of([number(row) for row in found])
            context = fresh()

            def make(row: Fields, context: Context, origin: str) -> Record:
                return company(row, contacts.get(number(row), ()), context, origin, options)

            return tuple(pulled(row, context, "company", "DATE_MODIFY", make) for row in found)

        return _pages(
            cursor, lambda after: listed("crm.company.list", _COMPANY, within("DATE_MODIFY", window), after), rows
        )

    def _contacts(self, window: PullWindow, cursor: str, fresh: FreshContext) -> Reader:
        """Contacts that changed: those of a company are read with all of it, since it has their numbers."""
        options = self._options

        def rows(found: Sequence[Fields]) -> Generator[ApiRequest, Any, tuple[PulledRow, ...]]:
            owners = sorted({number(row, "COMPANY_ID") for row in found} - {0})
            companies = yield from _by_id("crm.company.list", _COMPANY, owners)
            contacts = yield from _contacts_of(owners)
            context = fresh()

            def make(row: Fields, context: Context, origin: str) -> Record | None:
                owner = number(row, "COMPANY_ID")
                if not owner:
                    return person(row, context, origin, options)
                known = companies.get(owner)
                return None if known is None else company(known, contacts.get(owner, ()), context, origin, options)

            return tuple(pulled(row, context, "contact", "DATE_MODIFY", make) for row in found)

        return _pages(
            cursor, lambda after: listed("crm.contact.list", _CONTACT, within("DATE_MODIFY", window), after), rows
        )

    def _stages(self, window: PullWindow, cursor: str, fresh: FreshContext) -> Reader:
        options = self._options

        def page(after: int) -> ApiRequest:
            return history_page({**within("CREATED_TIME", window), ">ID": after})

        def rows(found: Sequence[Fields]) -> Generator[ApiRequest, Any, tuple[PulledRow, ...]]:
            owners = sorted({number(row, "OWNER_ID") for row in found} - {0})
            deals = yield from _by_id("crm.deal.list", _OWNED, owners)
            companies_of = yield from _companies_of(list(deals.values()))
            known = KnownDeals(deals, companies_of, found)
            if options.deals == "furthest" or (options.before is not None and options.before.deals == "furthest"):
                known = yield from _all_deals(deals, companies_of)
            return moved(found, known, fresh(), options)

        return _pages(cursor, page, rows, "items")

    def _quotes(self, window: PullWindow, cursor: str, fresh: FreshContext) -> Reader:
        return self._proposals("crm.quote.list", _QUOTE, "Q", window, cursor, fresh)

    def _deals(self, window: PullWindow, cursor: str, fresh: FreshContext) -> Reader:
        return self._proposals("crm.deal.list", _DEAL, "D", window, cursor, fresh)

    def _proposals(
        self, method: str, select: Sequence[str], short: str, window: PullWindow, cursor: str, fresh: FreshContext
    ) -> Reader:
        options = self._options

        def rows(found: Sequence[Fields]) -> Generator[ApiRequest, Any, tuple[PulledRow, ...]]:
            companies_of = yield from _companies_of(found)
            context = fresh()

            def make(row: Fields, context: Context, origin: str) -> Record | None:
                return proposal(row, short, companies_of, context, origin, options)

            return tuple(pulled(row, context, method, "DATE_MODIFY", make) for row in found)

        return _pages(cursor, lambda after: listed(method, select, within("DATE_MODIFY", window), after), rows)


def _pages(
    cursor: str,
    page: Callable[[int], ApiRequest],
    rows: Callable[[Sequence[Fields]], Generator[ApiRequest, Any, tuple[PulledRow, ...]]],
    *under: str,
) -> Reader:
    """Pages of a list behind the cursor's id, each with what else its rows need, to the first one that is not full."""
    after, is_last = int(cursor or 0), False
    while not is_last:
        found = rows_of((yield page(after)), *under)
        made = yield from rows(found)
        before, is_last = after, len(found) < PAGE
        after = max((row.key for row in made), default=after)
        if after == before and not is_last:
            raise Misread(Reason.MISSING_FIELD, "ID", "a full page without an ID to read on from")
        yield PulledPage(made, str(after), is_last)


def _all(method: str, select: Sequence[str], filters: Mapping[str, object]) -> Generator[ApiRequest, Any, list[Fields]]:
    """Every row of a filter, page by page."""
    found: list[Fields] = []
    after, is_last = 0, False
    while not is_last:
        some = rows_of((yield listed(method, select, filters, after)))
        found += some
        is_last = len(some) < PAGE or number(some[-1]) <= after
        after = number(some[-1]) if some else after
    return found


def _by_id(method: str, select: Sequence[str], ids: Sequence[int]) -> _Lookup:
    """Rows by their ids, asked for in pages; those that cannot be read are not in it."""
    found: dict[int, Any] = {}
    for some in chunks(ids, PAGE):
        rows = yield from _all(method, select, {"@ID": list(some)})
        _check_filter("ID", rows, some)
        found |= {number(row): row for row in rows}
    return found


def _contacts_of(companies: Sequence[int]) -> _Lookup:
    """Company -> its contacts."""
    found: dict[int, Any] = {}
    for some in chunks(companies, PAGE):
        rows = yield from _all("crm.contact.list", _CONTACT, {"@COMPANY_ID": list(some)})
        _check_filter("COMPANY_ID", rows, some)
        for row in rows:
            found.setdefault(number(row, "COMPANY_ID"), []).append(row)
    return found


def _all_deals(some: dict[int, Any], companies_of: dict[int, int]) -> Generator[ApiRequest, Any, KnownDeals]:
    """Every deal of the organisations of these ones, with every move."""
    companies = {number(deal, "COMPANY_ID") for deal in some.values()} | set(companies_of.values())
    contacts = {number(deal, "CONTACT_ID") for deal in some.values() if not number(deal, "COMPANY_ID")}
    people = yield from _contacts_of(sorted(companies - {0}))
    contacts |= {number(person) for found in people.values() for person in found}
    deals = dict(some)
    for field, values in (("COMPANY_ID", companies), ("CONTACT_ID", contacts)):
        for chunk in chunks(sorted(values - {0}), PAGE):
            rows = yield from _all("crm.deal.list", _OWNED, {f"@{field}": list(chunk)})
            _check_filter(field, rows, chunk)
            deals |= {number(row): row for row in rows}
    others = yield from _companies_of(list(deals.values()))
    history: list[Fields] = []
    for chunk in chunks(sorted(deals), PAGE):
        after, is_last = 0, False
        while not is_last:
            moves = rows_of((yield history_page({"@OWNER_ID": list(chunk), ">ID": after})), "items")
            _check_filter("OWNER_ID", moves, chunk)
            history += moves
            is_last = len(moves) < PAGE or number(moves[-1]) <= after
            after = number(moves[-1]) if moves else after
    return KnownDeals(deals, others, history)


def _companies_of(owned: Sequence[Fields]) -> _Lookup:
    """Contact -> its company, for what names a contact and no company."""
    contacts = sorted({number(row, "CONTACT_ID") for row in owned if not number(row, "COMPANY_ID")} - {0})
    rows = yield from _by_id("crm.contact.list", ("ID", "COMPANY_ID"), contacts)
    return {contact: number(row, "COMPANY_ID") for contact, row in rows.items()}


def _check_filter(field: str, rows: Sequence[Fields], values: Sequence[int]) -> None:
    """Raises Misread when rows came that were not asked for: a filter that is ignored gives everything."""
    if any(number(row, field) not in values for row in rows):
        raise Misread(
            Reason.UNKNOWN_LAYOUT, field, f"rows came that were not asked for: the filter by {field} is ignored"
        )


class _Time(msgspec.Struct):
    operating: float = 0.0
    operating_reset_at: float = 0.0


class _Envelope(msgspec.Struct):
    """What every answer has, beside its result."""

    error: str | int | None = None
    error_description: str = ""
    time: _Time | None = None


_WEBHOOK = "make an inbound webhook and put its address into the variable"
_ERRORS = {
    "QUERY_LIMIT_EXCEEDED": Verdict(VerdictKind.SLOW_DOWN, "too many requests"),
    "OPERATION_TIME_LIMIT": Verdict(VerdictKind.SLOW_DOWN, "the method has used its time", 600.0),
    "OVERLOAD_LIMIT": Verdict(VerdictKind.PLAN, "the portal's REST is blocked for overload: ask Bitrix24's support"),
    "NO_AUTH_FOUND": Verdict(VerdictKind.AUTH, f"the webhook is wrong or was deleted: {_WEBHOOK}"),
    "INVALID_CREDENTIALS": Verdict(VerdictKind.FORBIDDEN, "the webhook's user lacks the right to it"),
    "expired_token": Verdict(VerdictKind.EXPIRED, f"the access token has expired: {_WEBHOOK}"),
    "insufficient_scope": Verdict(
        VerdictKind.FORBIDDEN, "the webhook lacks a right: tick CRM (crm), Users (user) and Telephony (telephony)"
    ),
    "ACCESS_DENIED": Verdict(VerdictKind.PLAN, "the portal's plan has no REST: it is for commercial plans"),
    "user_access_error": Verdict(VerdictKind.AUTH, "the user may not use the application"),
    "PORTAL_DELETED": Verdict(VerdictKind.PLAN, "the portal is closed"),
    "ERROR_METHOD_NOT_FOUND": Verdict(VerdictKind.FORBIDDEN, "the portal does not know the method"),
}


def classify(response: ApiResponse, now: datetime) -> Verdict:
    """By the code in the body: one status has several meanings here, and errors may come within 200."""
    try:
        envelope = msgspec.json.decode(response.body, type=_Envelope)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        if response.status >= 500 or response.status == 200:
            return Verdict(VerdictKind.RETRY, f"status {response.status} and no answer in JSON")
        return Verdict(VerdictKind.FATAL, f"status {response.status} and no answer in JSON: is this the portal?")
    if envelope.error is not None:
        return _of_error(str(envelope.error), envelope, response.status)
    if response.status >= 400:
        return Verdict(VerdictKind.RETRY if response.status >= 500 else VerdictKind.FATAL, f"status {response.status}")
    held = 0.0
    if (time := envelope.time) is not None and time.operating >= _BUSY_S:
        held = max(1.0, time.operating_reset_at - now.timestamp())
    return Verdict(VerdictKind.OK, hold_s=held)


def _of_error(code: str, envelope: _Envelope, status: int) -> Verdict:
    description = envelope.error_description[:200]
    if (known := _ERRORS.get(code)) is not None:
        return known._replace(detail=f"{known.detail} ({code})")
    if "access denied" in description.casefold():
        return Verdict(VerdictKind.FORBIDDEN, f"the webhook's user may not read this ({description})")
    if status >= 500 or code in ("INTERNAL_SERVER_ERROR", "ERROR_UNEXPECTED_ANSWER"):
        return Verdict(VerdictKind.RETRY, f"status {status} {code} {description}".strip())
    return Verdict(VerdictKind.FATAL, f"status {status} {code}: {description}")


API = ApiConnector(
    kind="bitrix24",
    title="Bitrix24",
    secret="the address of an inbound webhook, https://PORTAL/rest/USER/SECRET/",  # noqa: S106  # in words
    variable="CALLFUNNEL_BITRIX24",
    has_extensions=True,
    adapter=Bitrix24Adapter,
    survey=survey,
    reads="calls, users, companies, contacts, stage history of deals, quotes, deals",
    ids="call `CALL_ID`, leg `ID`; `CO_n` a company, `C_n` a contact without one; `Q_n` a quote, `D_n` a deal",
    rights="crm, user, telephony (department for teams); the webhook's user must see everybody's deals and calls",
    counterpart="a server made from the vendor's REST documentation",
    documented="methods, fields, pages by id, scopes, both limits with their refusals, times with an offset",
    seen="recordings and contacts of a call come later; a page of the statistics may come out of order",
    unconfirmed="whether `SORT` by ID always holds (a page out of order ends the stream, with words); a box edition",
)
