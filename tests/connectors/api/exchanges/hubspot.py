"""An account of HubSpot as its documentation says: search by properties (ten thousand rows of one question at most,
five a second, an index that lags behind), batches by ids (fifty with a history), associations, opaque pages, properties
as texts, histories the newest first, a hundred requests in ten seconds; archived objects, merges.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from department.calls import CallOutcome, SimulatedCall, Way
from tests.connectors.api.exchanges.vendor import Answer, Vendor

TOKEN = "pat-eu1-0123456789abcdef"
STAGES = (
    ("appointment", "Встреча", "0.2"),
    ("offer", "КП", "0.4"),
    ("won", "Продажа", "1.0"),
    ("lost", "Отказ", "0.0"),
)
_Row = dict[str, Any]


class HubspotAccount(Vendor):
    """Owners are the staff's phones, where a department is played; else those that a test puts in."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(clock)
        self.objects: dict[str, dict[int, _Row]] = defaultdict(dict)
        self.archived: dict[str, dict[int, _Row]] = defaultdict(dict)
        self.links: dict[tuple[str, str], dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        self.owners: list[_Row] = []
        self.scopes = {"companies", "contacts", "deals", "quotes", "calls"}
        self.index_lags = timedelta(0)
        self.most_found = 10_000
        self._number = 1_000

    # What happens in it.

    def happens(self, call: SimulatedCall) -> None:
        owner = next((f"9{user}" for user, extension, _ in self.users() if extension == call.extension), "")
        out = call.way is Way.OUT
        status = "COMPLETED" if call.picked else "BUSY" if call.outcome is CallOutcome.BUSY else "NO_ANSWER"
        row = self.add(
            "calls", hs_timestamp=_time(datetime.fromtimestamp(call.start, UTC)), hubspot_owner_id=owner or None,
            hs_call_direction="OUTBOUND" if out else "INBOUND", hs_call_duration=str(call.talk_s * 1000),
            hs_call_to_number=call.contact if out else "+74950001122", hs_call_status=status,
            hs_call_from_number="+74950001122" if out else call.contact, hs_call_external_id=None,
        )  # fmt: skip
        call.id = str(row["id"])

    def add(self, kind: str, /, **fields: str | None) -> _Row:
        self._number += 1
        row: _Row = {"id": str(self._number), "properties": {}, "propertiesWithHistory": defaultdict(list)}
        self.objects[kind][self._number] = row
        self.change(kind, row, 0, createdate=_time(self.clock()), **fields)
        return row

    def change(self, kind: str, row: _Row, by: int = 0, /, **fields: str | None) -> None:
        now = _time(self.clock())
        for name, value in fields.items():
            entry = {"value": value or "", "timestamp": now, "sourceType": "CRM_UI" if by else "INTEGRATION"}
            row["propertiesWithHistory"][name].insert(0, entry | ({"updatedByUserId": by} if by else {}))
        modified = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
        row["properties"] |= fields | {modified: now, "hs_object_id": row["id"]}

    def link(self, kind: str, row: _Row, to: str, other: _Row) -> None:
        for one, first, two, second in ((kind, row, to, other), (to, other, kind, row)):
            self.links[one, two][int(first["id"])].append(int(second["id"]))

    def company(self, name: str, phone: str = "", **fields: str) -> _Row:
        return self.add("companies", name=name, phone=phone or None, hubspot_owner_id="7", **fields)

    def contact(self, name: str, phone: str, company: _Row | None = None) -> _Row:
        row = self.add("contacts", firstname=name, lastname="", mobilephone=phone, hubspot_owner_id="7",
                       associatedcompanyid=company["id"] if company else None)  # fmt: skip
        if company:
            self.link("contacts", row, "companies", company)
        return row

    def deal(
        self, stage: str, *, company: _Row | None = None, contact: _Row | None = None, amount: str | None = None
    ) -> _Row:
        row = self.add("deals", dealstage=stage, pipeline="default", amount=amount, hubspot_owner_id="7",
                       deal_currency_code="EUR")  # fmt: skip
        for kind, other in (("companies", company), ("contacts", contact)):
            if other:
                self.link("deals", row, kind, other)
        return row

    def quote(self, company: _Row, amount: str, status: str = "APPROVAL_NOT_NEEDED") -> _Row:
        row = self.add("quotes", hs_quote_amount=amount, hs_currency="EUR", hs_status=status, hubspot_owner_id="7",
                       hs_createdate=_time(self.clock()))  # fmt: skip
        self.link("quotes", row, "companies", company)
        return row

    def archive(self, kind: str, row: _Row) -> None:
        self.archived[kind][int(row["id"])] = self.objects[kind].pop(int(row["id"]))

    def merge(self, kind: str, loser: _Row, winner: _Row) -> None:
        """The loser is gone without a word; the winner says so, and has its contacts."""
        del self.objects[kind][int(loser["id"])]
        for (one, to), linked in list(self.links.items()):
            if one == kind:
                linked[int(winner["id"])] += linked.pop(int(loser["id"]), [])
            if to == kind:
                for others in linked.values():
                    others[:] = [int(winner["id"]) if other == int(loser["id"]) else other for other in others]
        for contact in self.objects["contacts"].values():
            if contact["properties"].get("associatedcompanyid") == loser["id"]:
                contact["properties"]["associatedcompanyid"] = winner["id"]
        before = winner["properties"].get("hs_merged_object_ids")
        self.change(kind, winner, hs_merged_object_ids=";".join(filter(None, (before, loser["id"]))))

    # How it answers.

    def respond(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Answer:
        self.asked.append((path, query or body.decode()))
        if headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"status": "error", "category": "INVALID_AUTHENTICATION", "message": "expired"}
        if self.is_too_fast("all", 100, timedelta(seconds=10)):
            return _limited("TEN_SECONDLY_ROLLING")
        if path.endswith("/search") and self.is_too_fast("search", 5, timedelta(seconds=1)):
            return _limited("SECONDLY")
        asked = dict(parse_qsl(query))
        parts = path.strip("/").split("/")
        if path == "/crm/v3/owners":
            return 200, self._paged([] if asked["archived"] == "true" else self._owners(), asked)
        if path == "/crm/v3/pipelines/deals":
            stages = [{"id": stage, "label": label, "displayOrder": order,
                       "metadata": {"isClosed": str(probability in ("0.0", "1.0")).lower(), "probability": probability}}
                      for order, (stage, label, probability) in enumerate(STAGES)]  # fmt: skip
            return 200, {"results": [{"id": "default", "label": "Продажи", "displayOrder": 0, "stages": stages}]}
        if path == "/account-info/v3/details":
            return 200, {"portalId": 1, "companyCurrency": "EUR"}
        if parts[2] == "objects" and parts[3] not in self.scopes:
            return 403, {"status": "error", "category": "MISSING_SCOPES"}
        if path.endswith("/search"):
            return self._search(parts[3], json.loads(body))
        if path.endswith("/batch/read") and parts[2] == "objects":
            return self._batch(parts[3], json.loads(body))
        if path.endswith("/batch/read"):
            return self._associations(parts[3], parts[4], json.loads(body))
        assert asked["archived"] == "true"
        return 200, self._paged([_shown(row, []) for row in self.archived[parts[3]].values()], asked)

    def _owners(self) -> list[_Row]:
        if not self.staff:
            return self.owners
        found = []
        for user, _, _ in self.users():
            last, _, first = self.name_of(user).partition(" ")
            found.append({"id": f"9{user}", "userId": int(user), "firstName": first, "lastName": last, "teams": []})
        return found

    def _paged(self, rows: list[_Row], asked: dict[str, str]) -> _Row:
        """Pages are named by words that mean nothing to others."""
        first, size = int(asked.get("after", "p0")[1:]), min(int(asked["limit"]), 100)
        rest = {"paging": {"next": {"after": f"p{first + size}"}}} if first + size < len(rows) else {}
        return {"results": rows[first : first + size], **rest}

    def _search(self, kind: str, asked: _Row) -> Answer:
        modified = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
        assert asked["limit"] <= 200
        indexed = _time(self.clock() - self.index_lags)
        assert asked.get("sorts", []) in ([], [{"propertyName": "hs_object_id", "direction": "ASCENDING"}])
        (filters,) = [group["filters"] for group in asked["filterGroups"]] or [[]]
        assert len(filters) <= 6
        behind = max((int(one["value"]) for one in filters if one["operator"] == "GT"), default=0)
        limit = min(asked["limit"], self.most_found)
        ids = sorted(self.objects[kind])
        found: list[_Row] = []
        for number in ids[bisect_right(ids, behind) :]:
            row = self.objects[kind][number]
            if row["properties"][modified] <= indexed and all(_fits(row, one) for one in filters):
                found.append(row)
                if len(found) == limit and filters:
                    break
        total = len(found)  # of a question with filters nobody asks for it
        return 200, {"total": total, "results": [_shown(row, asked["properties"]) for row in found[:limit]]}

    def _batch(self, kind: str, asked: _Row) -> Answer:
        ids, histories = [int(one["id"]) for one in asked["inputs"]], asked.get("propertiesWithHistory", [])
        if len(ids) > (50 if histories else 100) or not ids:
            return 400, {"status": "error", "category": "VALIDATION_ERROR"}
        rows = []
        for one in (one for one in ids if one in self.objects[kind]):
            row = self.objects[kind][one]
            history = {name: row["propertiesWithHistory"].get(name, []) for name in histories}
            rows.append(_shown(row, asked["properties"]) | ({"propertiesWithHistory": history} if histories else {}))
        return (200 if len(rows) == len(ids) else 207), {"status": "COMPLETE", "results": rows}

    def _associations(self, kind: str, to: str, asked: _Row) -> Answer:
        ids = [int(one["id"]) for one in asked["inputs"]]
        linked = self.links[kind, to]
        rows = [
            {"from": {"id": str(one)}, "to": [{"toObjectId": other, "associationTypes": []} for other in linked[one]]}
            for one in ids
            if linked.get(one)
        ]
        return (200 if len(rows) == len(ids) else 207), {"status": "COMPLETE", "results": rows}


def _fits(row: _Row, one: dict[str, str]) -> bool:
    name, operator, value = one["propertyName"], one["operator"], int(one["value"])
    text = row["properties"][name]
    known = int(text) if name == "hs_object_id" else int(datetime.fromisoformat(text).timestamp() * 1000)
    return {"GTE": known >= value, "GT": known > value, "LT": known < value}[operator]


def _shown(row: _Row, names: list[str]) -> _Row:
    return {"id": row["id"], "properties": {name: row["properties"].get(name) for name in names}, "archived": False}


def _limited(policy: str) -> Answer:
    return 429, {"status": "error", "errorType": "RATE_LIMIT", "policyName": policy, "message": "limit"}


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
